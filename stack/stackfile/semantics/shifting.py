"""Rules for services whose traffic ECS shifts: strategies other than `rolling`.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stack.stackfile.elb_fields import Elb
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.places import Path
from stack.stackfile.semantics.balancers import with_raw
from stack.stackfile.semantics.rules import Finding, Subject, rule

# Strategies that need traffic to shift; `blue_green` without any replaces all tasks at once.
_IN_STEPS = ('linear', 'canary')
_OF_GROUPS = ('alternate_target_group', 'production_rule')


def _shifts(settings: ServiceSettings) -> bool:
    return settings.type == 'service' and not settings.deployment.is_rolling


@rule('deployment', 'elb', 'type')
def traffic_is_shifted_with_a_role(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if _shifts(settings) and settings.elb and settings.deployment.role_arn is None:
        yield (
            ('deployment', 'role_arn'),
            'is missing: expected the role with which ECS shifts the traffic of the load balancer',
        )


@rule('deployment', 'elb', 'type', 'network_mode', 'launch_type', 'capacity_providers', 'dns_discovery')
def shifted_targets_are_addresses(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if _shifts(settings) and settings.elb and settings.task_network != 'awsvpc':
        message = 'with a load balancer needs network_mode: awsvpc, since ECS shifts traffic between targets of type ip'
        yield ('deployment', 'strategy'), f'{settings.deployment.strategy} {message}; found {settings.task_network}'


@rule('deployment', 'elb', 'service_connect', 'ecs', 'type')
def steps_have_traffic(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if not _shifts(settings) or settings.deployment.strategy not in _IN_STEPS:
        return
    passed = settings.ecs.service if settings.ecs else {}
    connected = settings.service_connect and settings.service_connect.services
    if not (settings.elb or connected or passed.get('loadBalancers') or passed.get('serviceConnectConfiguration')):
        message = 'needs traffic to shift: elb, or an endpoint of service_connect'
        yield ('deployment', 'strategy'), f'{settings.deployment.strategy} {message}'


@rule('deployment', 'elb', 'type')
def balancers_can_shift(subject: Subject) -> Iterator[Finding]:
    for path, elb, stated in with_raw(subject):
        yield from _of_balancer(subject.settings, path, elb, stated)


def _of_balancer(settings: ServiceSettings, path: Path, elb: Elb, stated: Mapping[str, Any]) -> Iterator[Finding]:
    shifts = _shifts(settings)
    if elb.target_group:
        for name in _OF_GROUPS if shifts else ():
            if getattr(elb, name) is None:
                what = 'the other target group' if name == _OF_GROUPS[0] else 'the rule or listener that leads to both'
                yield (*path, name), f'is missing: {settings.deployment.strategy} needs {what}'
        for name in (*_OF_GROUPS, 'test_rule') if not shifts else ():
            if name in stated:
                yield (*path, name), 'needs a deployment.strategy other than rolling'
        if elb.alternate_target_group == elb.target_group:
            yield (*path, 'alternate_target_group'), 'is target_group: expected another one'
    if elb.is_own and elb.ports.test is not None:
        if not shifts:
            yield (*path, 'ports', 'test'), 'needs a deployment.strategy other than rolling'
        if elb.ports.test == elb.ports.public:
            yield (*path, 'ports', 'test'), 'is ports.public: expected another port'
    if shifts and len(elb.rules) > 1:
        message = f'{settings.deployment.strategy} shifts the traffic of one rule; found {len(elb.rules)}'
        yield (*path, 'rules'), message


RULES = (
    traffic_is_shifted_with_a_role,
    shifted_targets_are_addresses,
    steps_have_traffic,
    balancers_can_shift,
)
