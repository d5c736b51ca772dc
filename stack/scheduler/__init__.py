"""The process that carries plans out: queue, leases, passes, pacing.

What a plan is made of is in stack/reconcile/, which is pure.
"""
