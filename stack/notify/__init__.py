"""Announcements of changes on SQS: notifier, outbox, ledger, sweeper.

What schedulers do with them is in stack/scheduler/.
"""
