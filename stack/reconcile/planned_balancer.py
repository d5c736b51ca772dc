"""The load balancer that serves a service once a plan is done."""

from dataclasses import dataclass

from stack.reconcile.observed_balancers import LoadBalancer
from stack.reconcile.plan import ResultOf

Ref = str | ResultOf


@dataclass(frozen=True)
class PlannedBalancer:
    """ARN, DNS name and hosted zone of a load balancer; `there` is None where a step of the plan creates it.

    `name` is the one that it was planned under; a successor has another.
    """

    name: str
    arn: Ref
    dns: Ref
    zone: Ref
    there: LoadBalancer | None = None
    kind: str = 'application'
