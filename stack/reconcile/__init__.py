"""Reconciliation: the plan from desired and observed state, with every decision of the scheduler.

Pure: no I/O. Applying a plan is in `stack.scheduler`, reading AWS in `stack.aws`.
"""
