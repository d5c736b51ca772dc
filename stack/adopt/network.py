"""The VPC that the services of a cluster share, put together from where each of them lies."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from stack.adopt.balancer import Way
from stack.reconcile.observed import Service
from stack.reconcile.wanted import Wanted

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


def moved(service: Service, wanted: Wanted) -> str | None:
    """Why the service's tasks cannot stay in the network that they are in, as a clause; None where they can."""
    if service.network is None:
        return None
    if wanted.network is None:
        return (
            'its tasks on EC2 have addresses of their own (network mode awsvpc), which a stackfile has only with '
            'dns_discovery'
        )
    now, then = (each.get('assignPublicIp') or 'DISABLED' for each in (service.network, wanted.network))
    if now == then:
        return None
    if now == 'ENABLED':
        return 'its tasks have public addresses, and a stackfile has all tasks in private subnets where there are any'
    return 'its tasks have no public addresses, and would get them'


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


def elsewhere(place: Place, chosen: dict[str, Any]) -> list[str]:
    """How a place differs from what was chosen for all, each as a sentence."""
    said = []
    if place.vpc and place.vpc != chosen.get('id'):
        said.append(f'Its {place.what} lies in {place.vpc}: a stackfile has one VPC, {chosen.get("id")}.')
    for key, own in (('subnets', place.subnets), ('security_groups', place.groups)):
        common = chosen.get(key, {}).get(place.side, [])
        if own and sorted(own) != common:
            words = key.replace('_', ' ')
            said.append(
                f'The {words} of its {place.what} would become {", ".join(common)} (now {", ".join(sorted(own))}): '
                f'a stackfile has one list of {place.side} {words}.'
            )
    return said
