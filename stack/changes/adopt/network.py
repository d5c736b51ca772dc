"""Derivation of the common `vpc` from the networks of all services."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stack.reconcile.observed import Service
from stack.reconcile.observed_balancers import LoadBalancer
from stack.stackfile.network_fields import NETWORKS, Vpc

Side = Literal['public', 'private']


@dataclass(frozen=True)
class Place:
    """The network of a load balancer or of the tasks of a service, and its side of the VPC: public or private."""

    what: str
    side: Side
    subnets: frozenset[str]
    groups: frozenset[str]
    vpc: str | None = None


def places(service: Service, balancers: Iterable[LoadBalancer]) -> tuple[Place, ...]:
    """The networks of the parts of one service, with its load balancers."""
    found = [of_balancer(balancer) for balancer in balancers]
    if service.network:
        side: Side = 'public' if service.network.get('assignPublicIp') == 'ENABLED' else 'private'
        subnets, groups = service.network.get('subnets') or (), service.network.get('securityGroups') or ()
        found.append(Place('tasks', side, frozenset(subnets), frozenset(groups)))
    return tuple(found)


def of_balancer(balancer: LoadBalancer) -> Place:
    side: Side = 'public' if balancer.scheme == 'internet-facing' else 'private'
    return Place('load balancer', side, balancer.subnets, balancer.security_groups, balancer.vpc)


def vpc(known: Iterable[Place]) -> dict[str, Any] | None:
    """The value of `vpc`: the commonest subnets and groups of both sides; None where no service has a network."""
    known = list(known)
    found: dict[str, Any] = {}
    if name := _most([place.vpc for place in known if place.vpc]):
        found['id'] = name
    for key, of in (('subnets', 'subnets'), ('security_groups', 'groups')):
        sides = {
            side: sorted(most)
            for side in ('public', 'private')
            if (most := _most([getattr(place, of) for place in known if place.side == side and getattr(place, of)]))
        }
        if sides:
            found[key] = sides
    return found or None


def _most(values: list[Any]) -> Any:
    """The commonest value; among several, the first in order."""
    counted = Counter(values)
    return min(counted, key=lambda value: (-counted[value], sorted(value))) if counted else None


def stated_network(now: Mapping[str, Any], derived: Mapping[str, Any] | None, vpc: Vpc) -> dict[str, Any]:
    """The value of `network` for tasks that run in the awsvpcConfiguration `now`; {} where `vpc` implies it.

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
