"""Conversion of a service behind rules of a listener to `elb` with `listener`, where that can describe it exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.reconcile import names
from stack.reconcile.conditions import Conditions, in_fields, is_parked, read_conditions
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.group_attributes import attribute_settings
from stack.reconcile.listeners import find_listeners, plan_all_routed
from stack.reconcile.names import Owner
from stack.reconcile.observed import Observed, Service
from stack.reconcile.observed_balancers import Listener, LoadBalancer, Rule, TargetGroup
from stack.reconcile.wanted import Wanted


@dataclass(frozen=True)
class Route:
    """The rules of one listener that lead to the only target group of a service, and nothing else that does."""

    balancer: LoadBalancer
    listener: Listener
    rules: tuple[Rule, ...]
    group: TargetGroup


def route_in(service: Service, observed: Observed) -> Route | None:
    """The route that `elb` may describe; None where something leads to the service otherwise."""
    if len(service.load_balancers) != 1 or service.load_balancers[0].get('advancedConfiguration'):
        return None
    arn = service.load_balancers[0].get('targetGroupArn')
    group = next((known for known in observed.target_groups if known.arn == arn), None)
    ways = [
        (balancer, listener)
        for balancer in observed.load_balancers
        for listener in balancer.listeners
        if arn in listener.leads_to
    ]
    if group is None or len(ways) != 1 or group.protocol != 'HTTP' or ways[0][0].type != 'application':
        return None
    [(balancer, listener)] = ways
    rules = tuple(rule for rule in listener.rules if arn in rule.forwards)
    if arn in {listener.target_group, *listener.idle} or not all(_is_plain(rule) for rule in rules):
        return None
    return Route(balancer, listener, rules, group)


def _is_plain(rule: Rule) -> bool:
    return rule.plain and len(rule.forwards) == 1 and bool(_conditions(rule)) and not is_parked(rule.conditions)


def _conditions(rule: Rule) -> Conditions:
    return read_conditions(rule.conditions) or frozenset()


def route_settings(service: Service, route: Route, main: str, health: Mapping[str, Any]) -> dict[str, Any] | None:
    """The value of `elb`; None where an attribute of the target group has no field. `health`: its health check."""
    attributes = attribute_settings(route.group)
    if attributes is None:
        return None
    [attachment] = service.load_balancers
    container = attachment.get('containerName')
    rules = sorted(route.rules, key=lambda rule: rule.priority)
    found = {
        'listener': route.listener.arn,
        'rules': [{**in_fields(_conditions(rule)), 'priority': rule.priority} for rule in rules],
        'ports': {'container': attachment['containerPort']},
        'container': container if container != main else None,
        'healthcheck': {**health, **attributes.pop('healthcheck', {})},
        **attributes,
    }
    return {name: value for name, value in found.items() if value not in (None, {})}


def is_routed_exactly(route: Route, wanted: Wanted, observed: Observed) -> bool:
    """Whether a deployment would do no more than tag the rules and the target group, and belongs to this service."""
    owner = Owner(observed.cluster, wanted.service)
    tags = (route.group.tags, *(rule.tags for rule in route.rules))
    if any(names.owner(each) not in (None, owner) for each in tags) or not wanted.balancers.routed:
        return False
    draft = Draft(owner)
    try:
        listeners = find_listeners(draft, (), [wanted], observed)
        plan_all_routed(draft, wanted, listeners, observed, has_own=False)
    except Blocked:
        return False
    return all(step.id.endswith('/take-over') for step in draft.steps)
