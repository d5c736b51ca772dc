"""The value of `elb`: one for each target group that a service is attached to.

Where `elb` describes exactly what leads to a target group, it is the service's own; otherwise it is one that others
made, and stays as it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from stack.changes.adopt.balancer import Way, elb_settings, is_described, others_settings, way_in
from stack.changes.adopt.routes import Route, is_routed_exactly, route_in, route_settings
from stack.changes.adopt.shifted import own_entrance, stated_pair
from stack.reconcile.names import Owner
from stack.reconcile.observed import Observed, Service
from stack.reconcile.shifting import ADVANCED, without_shift
from stack.reconcile.wanted import Wanted
from stack.reconcile.wanted_balancers import key_at
from stack.reconcile.wanted_shared import Shared
from stack.stackfile.elb_fields import Elb
from stack.stackfile.naming import load_balancer_name
from stack.stackfile.semantics.balancers import unfit_name

# What leads to a target group; None where only the target group itself is described.
Entrance = Way | Route | None


def entrances(service: Service, main: str, observed: Observed) -> tuple[Entrance, ...]:
    """What leads to each target group of the service."""
    return tuple(_entrance(service, attachment, main, observed) for attachment in service.load_balancers)


def _entrance(service: Service, attachment: Mapping[str, Any], main: str, observed: Observed) -> Entrance:
    if attachment.get(ADVANCED):
        return own_entrance(service, attachment, main, observed)
    return way_in(attachment, main, observed) or route_in(attachment, main, observed)


def elb_value(
    service: Service, found: Sequence[Entrance], body: Mapping[str, Any], main: str, observed: Observed
) -> tuple[Any, tuple[Entrance, ...]]:
    """The value of `elb`, None where it describes not all attachments; and the entrances that it describes."""
    owner = Owner(observed.cluster, service.name)
    taken: set[str] = set()
    values: list[dict[str, Any]] = []
    described: list[Entrance] = []
    for attachment, entrance in zip(service.load_balancers, found, strict=True):
        value = _value(owner, entrance, taken, observed)
        described.append(entrance if value else None)
        value = value or _of_others(service, attachment, body, main, observed)
        if value is None:
            return None, (None,) * len(found)
        values.append(value)
    return (values[0] if len(values) == 1 else values or None), tuple(described)


def _of_others(
    service: Service, attachment: Mapping[str, Any], body: Mapping[str, Any], main: str, observed: Observed
) -> dict[str, Any] | None:
    pair = stated_pair(service, attachment)
    value = others_settings(without_shift(attachment), body, main, observed)
    return None if pair is None or value is None else {**value, **pair}


def _value(owner: Owner, entrance: Entrance, taken: set[str], observed: Observed) -> dict[str, Any] | None:
    """The settings of one entrance, under a name that no other one has (`taken`)."""
    if entrance is None:
        return None
    if isinstance(entrance, Way):
        return elb_settings(owner, entrance, observed)
    settings = route_settings(owner, entrance, observed)
    if settings is None:
        return None
    names = (settings.pop('name', ''), '', *(str(number) for number in range(2, 10)))
    service = owner.service or ''
    for name in names:
        whole = load_balancer_name(owner.cluster, service, Elb(name=name))
        if whole not in taken and not any(unfit_name(whole, owner.cluster)):
            taken.add(whole)
            return {**({'name': name} if name else {}), **settings}
    return None


def undescribed(
    found: Sequence[Entrance],
    wanted: Wanted,
    shared: tuple[Shared, ...],
    observed: Observed,
    beyond: Mapping[str, Sequence[str]],
) -> int | None:
    """The position of an entrance that `elb` describes not exactly; None where there is none.

    `beyond`: what `elb` has no field for, by the ARN of a target group.
    """
    owner = Owner(observed.cluster, wanted.service)
    own = {balancer.key: balancer for balancer in wanted.balancers.own}
    routed = {one.key: one for one in wanted.balancers.routed}
    for place, entrance in enumerate(found):
        key = key_at(place)
        if isinstance(entrance, Way):
            more = beyond.get(entrance.group.arn, ())
            if not is_described(entrance, own.get(key), owner, observed, more):
                return place
        elif isinstance(entrance, Route) and (
            key not in routed or not is_routed_exactly(entrance, wanted, routed[key], shared, observed)
        ):
            return place
    return None
