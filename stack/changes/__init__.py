"""Making a change: plan, guards, rollback, promotion, adopting, audit.

How it is stored is in stack/state/, how it is carried out in stack/scheduler/.
"""
