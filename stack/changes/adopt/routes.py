"""Conversion of rules of a listener that lead to a service to `elb`, where that can describe them exactly.

The listener is that of a load balancer which the cluster's services share, or one that others made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.changes.adopt.balancer import dns_settings, group_of, healthcheck, own_name, plain_records
from stack.changes.adopt.shared import key_of, needs_port
from stack.reconcile import names
from stack.reconcile.conditions import Conditions, in_fields, is_parked, read_conditions
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.group_attributes import attribute_settings
from stack.reconcile.listeners import find_listeners
from stack.reconcile.names import Owner
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import Listener, LoadBalancer, Rule, TargetGroup
from stack.reconcile.routed import plan_routed
from stack.reconcile.wanted import Wanted
from stack.reconcile.wanted_balancers import Routed
from stack.reconcile.wanted_shared import Shared


@dataclass(frozen=True)
class Route:
    """The rules of one listener that lead to a target group, where nothing else does; the container and its port.

    `container` is None for the main one.
    """

    balancer: LoadBalancer
    listener: Listener
    rules: tuple[Rule, ...]
    group: TargetGroup
    port: int
    container: str | None = None


def route_in(attachment: Mapping[str, Any], main: str, observed: Observed) -> Route | None:
    """The route that `elb` may describe; None where something leads to the target group otherwise."""
    group = group_of(attachment, observed)
    if group is None or group.protocol != 'HTTP':
        return None
    ways = [
        (balancer, listener)
        for balancer in observed.load_balancers
        for listener in balancer.listeners
        if group.arn in listener.leads_to
    ]
    if len(ways) != 1 or ways[0][0].type != 'application':
        return None
    [(balancer, listener)] = ways
    rules = tuple(rule for rule in listener.rules if group.arn in rule.forwards)
    if group.arn in {listener.target_group, *listener.idle} or not all(_is_plain(rule) for rule in rules):
        return None
    container = attachment.get('containerName')
    port = attachment['containerPort']
    return Route(balancer, listener, rules, group, port, container if container != main else None)


def _is_plain(rule: Rule) -> bool:
    return rule.plain and len(rule.forwards) == 1 and bool(_conditions(rule)) and not is_parked(rule.conditions)


def _conditions(rule: Rule) -> Conditions:
    return read_conditions(rule.conditions) or frozenset()


def route_settings(owner: Owner, route: Route, observed: Observed) -> dict[str, Any] | None:
    """The value of `elb`; None where an attribute of the target group has no field."""
    attributes = attribute_settings(route.group)
    if attributes is None:
        return None
    key = key_of(route.balancer, owner.cluster)
    rules = sorted(route.rules, key=lambda rule: rule.priority)
    tagged = names.tagged_records(route.group.tags.get(names.RECORD_TAG, ''))
    records = [place for place in plain_records(route.balancer, observed) if place in tagged]
    found = {
        'name': own_name(owner.cluster, owner.service or '', route.group.name),
        **({'load_balancer': key} if key else {'listener': route.listener.arn}),
        'port': route.listener.port if key and needs_port(route.balancer) else None,
        'rules': [{**in_fields(_conditions(rule)), 'priority': rule.priority} for rule in rules],
        'ports': {'container': route.port},
        'container': route.container,
        'dns': dns_settings(records),
        'healthcheck': {**healthcheck(route.group), **attributes.pop('healthcheck', {})},
        **attributes,
    }
    return {name: value for name, value in found.items() if value not in (None, {}, '')}


def is_routed_exactly(
    route: Route, wanted: Wanted, routed: Routed, shared: tuple[Shared, ...], observed: Observed
) -> bool:
    """Whether a deployment would do no more than tag the rules and the target group, and belongs to this service."""
    owner = Owner(observed.cluster, wanted.service)
    tags = (route.group.tags, *(rule.tags for rule in route.rules))
    if any(names.owner(each) not in (None, owner) for each in tags):
        return False
    draft, common = Draft(owner, frozenset(routed.records)), Draft(Owner(observed.cluster))
    try:
        listeners = find_listeners(common, shared, [wanted], observed)
        located, places = listeners.locate(routed), listeners.places_of(owner, routed)
        plan_routed(draft, routed, located, places, observed, runs=wanted.count > 0 or wanted.autoscaled)
    except Blocked:
        return False
    moved = any(step.kind == 'elbv2:SetRulePriorities' for step in common.steps)
    return not moved and all(step.id.endswith('/take-over') for step in draft.steps)
