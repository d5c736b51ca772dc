"""Attachments whose traffic ECS shifts between two target groups, as `elb` and `deployment.role_arn` describe them."""

from collections.abc import Mapping
from typing import Any

from stack.changes.adopt.balancer import Way
from stack.changes.adopt.routes import Route
from stack.reconcile import names
from stack.reconcile.names import Owner
from stack.reconcile.observed import Observed, Service
from stack.reconcile.observed_balancers import TargetGroup
from stack.reconcile.shifting import ADVANCED
from stack.reconcile.tested import for_requests


def shifting_role(service: Service) -> str | None:
    """The role with which ECS shifts the traffic of the service; None where it shifts none, or with several roles."""
    configuration = service.members.get('deploymentConfiguration') or {}
    roles = {(attachment.get(ADVANCED) or {}).get('roleArn') for attachment in service.load_balancers} - {None}
    is_rolling = configuration.get('strategy', 'ROLLING') == 'ROLLING'
    return None if is_rolling or len(roles) != 1 else str(roles.pop())


def own_entrance(service: Service, attachment: Mapping[str, Any], main: str, observed: Observed) -> Way | Route | None:
    """What leads to two target groups that Nysa created for the service."""
    owner = Owner(observed.cluster, service.name)
    advanced = attachment[ADVANCED]
    group = _own_group(attachment.get('targetGroupArn'), owner, observed)
    other = _own_group(advanced.get('alternateTargetGroupArn'), owner, observed)
    if group is None or other is None or shifting_role(service) is None:
        return None
    container = attachment.get('containerName')
    rest = group, attachment['containerPort'], container if container != main else None
    for balancer in observed.load_balancers:
        for listener in for_requests(balancer):
            if names.owner(balancer.tags) == owner and group.arn in listener.named:
                return Way(balancer, listener, *rest)
        for listener in balancer.listeners:
            rules = tuple(rule for rule in listener.rules if rule.arn == advanced.get('productionListenerRule'))
            if rules:
                return Route(balancer, listener, rules, *rest)
    return None


def _own_group(arn: str | None, owner: Owner, observed: Observed) -> TargetGroup | None:
    return next((one for one in observed.target_groups if one.arn == arn and names.owner(one.tags) == owner), None)


def stated_pair(service: Service, attachment: Mapping[str, Any]) -> dict[str, str] | None:
    """The fields of `elb` beside `target_group`; empty without a second target group, None where it has no fields."""
    advanced = attachment.get(ADVANCED) or {}
    if not advanced:
        return {} if shifting_role(service) is None else None
    stated = {
        'alternate_target_group': advanced.get('alternateTargetGroupArn'),
        'production_rule': advanced.get('productionListenerRule'),
        'test_rule': advanced.get('testListenerRule'),
    }
    if shifting_role(service) is None or not (stated['alternate_target_group'] and stated['production_rule']):
        return None
    return {name: value for name, value in stated.items() if value}
