"""Runs of tasks: by a schedule, once for a revision, or on request; kept in the bucket with exit code and last lines.

Not here: schedules as steps in AWS (`stack.reconcile.schedules`), and the loop that looks at tasks (`stack.watch`).
"""
