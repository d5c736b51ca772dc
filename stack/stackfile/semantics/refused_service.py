"""Rules on the rendered service: what CreateService refuses.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stack.stackfile.semantics.deployment import percents_place
from stack.stackfile.semantics.rendered import Member, Refusal, Rendered


def network_fits(rendered: Rendered) -> Iterator[Refusal]:
    network = rendered.service.get('networkConfiguration')
    if network is not None and rendered.network_mode != 'awsvpc':
        yield _of('networkConfiguration'), f'tasks in network mode {rendered.network_mode} have no own network'
    stated = rendered.settings.network
    if stated and stated.subnets is not None and not stated.subnets and rendered.network_mode == 'awsvpc':
        yield Member('', ('network', 'subnets')), 'expected at least one subnet'


def launch_is_stated_once(rendered: Rendered) -> Iterator[Refusal]:
    if rendered.service.get('capacityProviderStrategy') and not rendered.settings.capacity_providers:
        yield _of('capacityProviderStrategy'), 'use the field capacity_providers, which replaces launch_type'


def daemon_has_no_strategy(rendered: Rendered) -> Iterator[Refusal]:
    if _is_daemon(rendered) and rendered.service.get('placementStrategy'):
        yield _of('placementStrategy'), 'a DAEMON runs a task on every instance: it has no placement strategy'


def zones_can_be_balanced(rendered: Rendered) -> Iterator[Refusal]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html"""
    if rendered.service.get('availabilityZoneRebalancing') != 'ENABLED':
        return
    where = _of('availabilityZoneRebalancing')
    strategy = rendered.service.get('placementStrategy') or [{}]
    if _is_daemon(rendered):
        yield where, 'a DAEMON has no availability zone rebalancing'
    if _percents(rendered)[1] <= 100:
        yield where, 'availability zone rebalancing needs a maximum_percent above 100'
    if strategy != [{}] and strategy[0].get('field') != 'attribute:ecs.availability-zone':
        yield where, 'the first placement strategy must spread tasks over attribute:ecs.availability-zone'


def percents_leave_room(rendered: Rendered) -> Iterator[Refusal]:
    low, high = _percents(rendered)
    passed = rendered.settings.ecs and 'deploymentConfiguration' in rendered.settings.ecs.service
    where = _of('deploymentConfiguration') if passed else Member('', percents_place(rendered.settings))
    if low < 0 or high < 0:
        yield where, 'expected percentages from 0'
    elif high == 0 or low > high or low == high == 100:
        yield where, f'maximum_percent {high} and minimum_healthy_percent {low} leave a rollout no room to move'
    elif _is_daemon(rendered) and low > 100:
        yield where, f'a DAEMON has a minimum_healthy_percent from 0 to 100; found {low}'


def attachments_reach_a_port(rendered: Rendered) -> Iterator[Refusal]:
    for i, attachment in enumerate(rendered.service.get('loadBalancers') or ()):
        where = _of('loadBalancers', i)
        yield from _port(rendered, attachment, where)
        if not attachment.get('targetGroupArn') and not attachment.get('loadBalancerName'):
            yield where, 'needs targetGroupArn or loadBalancerName'


def registries_are_complete(rendered: Rendered) -> Iterator[Refusal]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRegistry.html"""
    for i, registry in enumerate(rendered.service.get('serviceRegistries') or ()):
        where = _of('serviceRegistries', i)
        if not registry.get('registryArn'):
            yield where, 'needs registryArn'
        if 'containerName' in registry:
            yield from _port(rendered, registry, where)
        elif rendered.network_mode != 'awsvpc':
            yield where, f'needs containerName and containerPort in network mode {rendered.network_mode}'


def connect_has_its_ports(rendered: Rendered) -> Iterator[Refusal]:
    connect = rendered.service.get('serviceConnectConfiguration') or {}
    named = {port.get('name') for container in rendered.containers for port in container.get('portMappings') or ()}
    for i, service in enumerate(connect.get('services') or () if connect.get('enabled') else ()):
        if service.get('portName') not in named:
            where = _of('serviceConnectConfiguration', 'services', i)
            yield where, f'no port of the task is named {service.get("portName")}'


def grace_period_has_a_balancer(rendered: Rendered) -> Iterator[Refusal]:
    if rendered.service.get('healthCheckGracePeriodSeconds') and not _is_balanced(rendered):
        yield _of('healthCheckGracePeriodSeconds'), 'needs a load balancer'


def _is_balanced(rendered: Rendered) -> bool:
    return bool(rendered.settings.elb or rendered.service.get('loadBalancers'))


def _port(rendered: Rendered, attachment: Mapping[str, Any], where: Member) -> Iterator[Refusal]:
    name, number = attachment.get('containerName'), attachment.get('containerPort')
    container = next((known for known in rendered.containers if known.get('name') == name), None)
    if container is None:
        yield where, f'the task has no container {name or ""}'
    elif number not in {port.get('containerPort') for port in container.get('portMappings') or ()}:
        yield where, f'the container {name} has no port {number}'


def _percents(rendered: Rendered) -> tuple[int, int]:
    deployment = rendered.service.get('deploymentConfiguration') or {}
    low, high = (0, 100) if _is_daemon(rendered) else (100, 200)
    return deployment.get('minimumHealthyPercent', low), deployment.get('maximumPercent', high)


def _is_daemon(rendered: Rendered) -> bool:
    return rendered.settings.scheduling_strategy == 'DAEMON'


def _of(*path: str | int) -> Member:
    return Member('service', path)


RULES = (
    network_fits,
    launch_is_stated_once,
    daemon_has_no_strategy,
    zones_can_be_balanced,
    percents_leave_room,
    attachments_reach_a_port,
    registries_are_complete,
    connect_has_its_ports,
    grace_period_has_a_balancer,
)
