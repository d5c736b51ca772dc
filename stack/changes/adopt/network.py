"""The VPC that the services of a cluster share, put together from where each of them lies."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stack.changes.adopt.balancer import Way
from stack.reconcile.observed import Service
from stack.stackfile.network_fields import NETWORKS, Vpc

Side = Literal['public', 'private']

BALANCER = 'load balancer'


@dataclass(frozen=True)
class Place:
    """Where a load balancer or the tasks of a service lie, and on which side of the VPC that belongs."""

    what: str
    side: Side
    subnets: frozenset[str]
    groups: frozenset[str]
    vpc: str | None = None


def places(service: Service, way: Way | None) -> tuple[Place, ...]:
    """Where the parts of one service lie."""
    found = []
    if way:
        balancer = way.balancer
        side: Side = 'public' if balancer.scheme == 'internet-facing' else 'private'
        found.append(Place(BALANCER, side, balancer.subnets, balancer.security_groups, balancer.vpc))
    if service.network:
        side = 'public' if service.network.get('assignPublicIp') == 'ENABLED' else 'private'
        subnets, groups = service.network.get('subnets') or (), service.network.get('securityGroups') or ()
        found.append(Place('tasks', side, frozenset(subnets), frozenset(groups)))
    return tuple(found)


def vpc(known: Iterable[Place]) -> dict[str, Any] | None:
    """The VPC as a stackfile has it: where most lie, each side for itself; None where nothing says."""
    known = list(known)
    found: dict[str, Any] = {}
    if name := _most([each.vpc for each in known if each.vpc]):
        found['id'] = name
    for key, of in (('subnets', 'subnets'), ('security_groups', 'groups')):
        sides = {
            side: sorted(most)
            for side in ('public', 'private')
            if (most := _most([getattr(each, of) for each in known if each.side == side and getattr(each, of)]))
        }
        if sides:
            found[key] = sides
    return found or None


def _most(values: list[Any]) -> Any:
    """The commonest value; of several, the one that sorts first."""
    counted = Counter(values)
    return min(counted, key=lambda each: (-counted[each], sorted(each))) if counted else None


def stated_network(now: Mapping[str, Any], derived: Mapping[str, Any] | None, vpc: Vpc) -> dict[str, Any]:
    """The value of `network` for tasks that run in the awsvpcConfiguration `now`: {} where it is derived from `vpc`.

    A list of the VPC is named `public` or `private`; any other is stated by its ids.
    """
    derived = derived or {}
    stated: dict[str, Any] = {}
    for field, member in (('subnets', 'subnets'), ('security_groups', 'securityGroups')):
        ids = list(now.get(member) or ())
        if sorted(ids) != sorted(derived.get(member) or ()):
            known = getattr(vpc, field)
            stated[field] = next(
                (side for side in NETWORKS if ids and sorted(getattr(known, side)) == sorted(ids)), ids
            )
    public = now.get('assignPublicIp') == 'ENABLED'
    # Stated subnets change what is derived for the public address.
    if public != (derived.get('assignPublicIp') == 'ENABLED') or ('subnets' in stated and public):
        stated['public_ip'] = public
    return stated
