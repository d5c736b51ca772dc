"""The VPC of a service's parts: that of its subnets, whatever `vpc.id` states.

A load balancer is in the VPC of its subnets:
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
"""

from collections.abc import Collection
from dataclasses import replace

from stack.reconcile.draft import Blocked
from stack.reconcile.observed import Observed
from stack.reconcile.plan import Note
from stack.reconcile.wanted import Wanted


def in_own_vpc(wanted: Wanted, observed: Observed) -> Wanted:
    """The service with the VPC of its subnets. Raises `Blocked` where they do not exist, or are in several VPCs."""
    if observed.subnets is None:
        return wanted
    of_tasks = _vpc_of('tasks', (wanted.network or {}).get('subnets', ()), observed)
    registry = wanted.registry
    own = tuple(
        replace(balancer, vpc=_vpc_of('load balancer', balancer.subnets, observed) or balancer.vpc)
        for balancer in wanted.balancers.own
    )
    if registry and of_tasks:
        registry = replace(registry, vpc=of_tasks)
    return replace(wanted, balancers=replace(wanted.balancers, own=own), registry=registry)


def _vpc_of(part: str, subnets: Collection[str], observed: Observed) -> str | None:
    known = observed.subnets or {}
    if missing := sorted(set(subnets) - known.keys()):
        raise Blocked(f'EC2 has no subnet {", ".join(missing)}, which its {part} would be in.')
    found = sorted({known[subnet] for subnet in subnets})
    if len(found) > 1:
        raise Blocked(f'The subnets of its {part} are in several VPCs: {", ".join(found)}.')
    return found[0] if found else None


def misstated(stated: str | None, observed: Observed) -> tuple[Note, ...]:
    """A note where `vpc.id` differs from the VPC of the subnets."""
    found = sorted(set((observed.subnets or {}).values()))
    if not stated or not found or found == [stated]:
        return ()
    return (Note(None, f'vpc.id is {stated}, but the subnets are in {", ".join(found)}: the subnets decide.'),)
