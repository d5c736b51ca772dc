"""Validation of a service, and AWS's defaults for the fields that the caller leaves out.

Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

import re
from collections.abc import Callable

from stack.sandbox.ecs.connect import check_connect
from stack.sandbox.ecs.errors import client, invalid
from stack.sandbox.ecs.expressions import compiled
from stack.sandbox.ecs.model import Cluster, TaskDefinition, Wire
from stack.sandbox.ecs.strategies.configuration import defaults, merged
from stack.sandbox.ecs.strategies.rules import check_advanced, check_strategy
from stack.sandbox.ecs.world import World

NAME = re.compile(r'[A-Za-z0-9_-]{1,255}')
FARGATE_PROVIDERS = ('FARGATE', 'FARGATE_SPOT')


def check_name(name: str) -> None:
    if not name:
        raise invalid('Service name can not be blank.')
    if not NAME.fullmatch(name):
        raise invalid(f'Service name {name} must match {NAME.pattern}.')


def filled_in(spec: Wire, cluster: Cluster) -> Wire:
    """The service's `spec` with AWS's defaults."""
    spec = {'schedulingStrategy': 'REPLICA', 'deploymentController': {'type': 'ECS'}, **spec}
    daemon = spec['schedulingStrategy'] == 'DAEMON'
    if 'launchType' not in spec and 'capacityProviderStrategy' not in spec:
        default = cluster.spec.get('defaultCapacityProviderStrategy')
        spec |= {'capacityProviderStrategy': default} if default else {'launchType': 'EC2'}
    if not spec.get('capacityProviderStrategy'):
        spec.pop('capacityProviderStrategy', None)
    spec['launchType'] = launch_type(spec)
    spec['deploymentConfiguration'] = merged(defaults(daemon), spec.get('deploymentConfiguration', {}))
    for name in ('loadBalancers', 'serviceRegistries', 'placementConstraints', 'placementStrategy'):
        spec.setdefault(name, [])
    if spec['loadBalancers']:
        spec.setdefault('healthCheckGracePeriodSeconds', 0)
    spec.setdefault('enableECSManagedTags', False)
    spec.setdefault('enableExecuteCommand', False)
    spec.setdefault('propagateTags', 'NONE')
    spec.setdefault('availabilityZoneRebalancing', 'ENABLED' if _can_rebalance(spec) else 'DISABLED')
    if spec['launchType'] == 'FARGATE':
        spec.setdefault('platformVersion', 'LATEST')
    return spec


def launch_type(spec: Wire) -> str:
    """EC2 or FARGATE, by what is asked for or by the capacity providers."""
    providers = [p['capacityProvider'] for p in spec.get('capacityProviderStrategy') or []]
    if providers:
        return 'FARGATE' if providers[0] in FARGATE_PROVIDERS else 'EC2'
    return str(spec.get('launchType', 'EC2'))


def check(world: World, cluster: Cluster, definition: TaskDefinition, spec: Wire) -> None:
    """Check a service with its defaults; raises AWS's error for one that is invalid."""
    _check_placement(cluster, definition, spec)
    _check_deployment(spec['deploymentConfiguration'], spec['schedulingStrategy'] == 'DAEMON')
    _check_network(definition, spec)
    for balancer in spec['loadBalancers']:
        _check_balancer(world, definition, balancer)
        check_advanced(world, spec['deploymentConfiguration'], balancer)
    for registry in spec['serviceRegistries']:
        _check_registry(world, definition, registry)
    check_connect(world, definition, spec.get('serviceConnectConfiguration', {}))
    if spec.get('healthCheckGracePeriodSeconds'):
        _need(
            bool(spec['loadBalancers']),
            'Health check grace period is only valid for services configured to use load balancers',
        )


def check_constraints(constraints: list[Wire]) -> None:
    """Check the placement constraints of a service or of RunTask; raises AWS's error for an invalid one."""
    for constraint in constraints:
        _need('type' in constraint, 'Placement constraint type can not be blank.')
        if constraint['type'] == 'memberOf':
            compiled(constraint.get('expression', ''))


def _need(condition: bool, message: str, error: Callable[[str], Exception] = invalid) -> None:
    if not condition:
        raise error(message)


def _check_placement(cluster: Cluster, definition: TaskDefinition, spec: Wire) -> None:
    daemon, fargate = spec['schedulingStrategy'] == 'DAEMON', spec['launchType'] == 'FARGATE'
    _need(not (daemon and fargate), 'The DAEMON scheduling strategy is not supported on Fargate.')
    _need(
        not (daemon and spec['placementStrategy']),
        'The DAEMON scheduling strategy does not support placement strategies.',
    )
    _need(
        not (fargate and 'FARGATE' not in definition.spec['compatibilities']),
        'Task definition does not support launch_type FARGATE.',
    )
    wanted = definition.spec.get('requiresCompatibilities', [])
    launched = spec['launchType']
    _need(fargate or not wanted or launched in wanted, f'Task definition does not support launch_type {launched}.')
    _need(
        not (fargate and (spec['placementConstraints'] or spec['placementStrategy'])),
        'Placement constraints and strategies are not supported with Fargate launch type.',
        client,
    )
    check_constraints(spec['placementConstraints'])
    for provider in spec.get('capacityProviderStrategy', []):
        name = provider['capacityProvider']
        _need(
            name in cluster.spec.get('capacityProviders', []),
            f'The specified capacity provider {name} is not associated with the cluster.',
        )
    _need(
        spec['availabilityZoneRebalancing'] == 'DISABLED' or _can_rebalance(spec),
        'The service does not support Availability Zone rebalancing.',
    )


def _can_rebalance(spec: Wire) -> bool:
    strategy = spec['placementStrategy']
    return (
        spec['schedulingStrategy'] == 'REPLICA'
        and spec['deploymentConfiguration']['maximumPercent'] > 100
        and (not strategy or strategy[0].get('field') == 'attribute:ecs.availability-zone')
    )


def _check_deployment(configuration: Wire, daemon: bool) -> None:
    lowest, highest = configuration['minimumHealthyPercent'], configuration['maximumPercent']
    _need(0 <= lowest <= 100 or not daemon, 'minimumHealthyPercent of a DAEMON service must be between 0 and 100.')
    _need(lowest >= 0 and highest >= 0, 'deploymentConfiguration percentages must not be negative.')
    _need(
        highest > 0 and not (lowest == highest == 100),
        'Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.',
    )
    _need(lowest <= highest, 'maximumPercent must not be below minimumHealthyPercent.')
    check_strategy(configuration)


def _check_network(definition: TaskDefinition, spec: Wire) -> None:
    awsvpc = definition.spec.get('networkMode') == 'awsvpc'
    given = spec.get('networkConfiguration', {}).get('awsvpcConfiguration')
    _need(
        not awsvpc or given is not None,
        "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    )
    _need(
        awsvpc or given is None,
        'Network Configuration is not valid for the given networkMode of this task definition.',
    )
    _need(given is None or bool(given.get('subnets')), 'subnets can not be empty.')


def _check_balancer(world: World, definition: TaskDefinition, balancer: Wire) -> None:
    _check_port(definition, balancer.get('containerName', ''), balancer.get('containerPort', 0))
    arn = balancer.get('targetGroupArn')
    if arn is None:
        _need('loadBalancerName' in balancer, 'Load balancer name or target group ARN must be given.')
        return
    group = world.ports.targets.group(arn)
    _need(group is not None, f'The target group with targetGroupArn {arn} does not exist.')
    assert group is not None
    _need(group.attached, f'The target group with targetGroupArn {arn} does not have an associated load balancer.')
    awsvpc = definition.spec.get('networkMode') == 'awsvpc'
    _need(
        group.target_type == ('ip' if awsvpc else 'instance'),
        f'The provided target group {arn} has target type {group.target_type}, which is incompatible with the '
        f'{definition.spec.get("networkMode", "bridge")} network mode specified in the task definition.',
    )


def _check_port(definition: TaskDefinition, name: str, port: int) -> None:
    containers = {c['name']: c for c in definition.spec['containerDefinitions']}
    _need(name in containers, f'The container {name} does not exist in the task definition.')
    ports = [m['containerPort'] for m in containers[name].get('portMappings', []) if 'containerPort' in m]
    _need(port in ports, f'The container {name} did not have a container port {port} defined.')


def _check_registry(world: World, definition: TaskDefinition, registry: Wire) -> None:
    _need('registryArn' in registry, 'Registry ARN can not be blank.')
    arn = registry['registryArn']
    _need(world.ports.registry.has(arn), f'The service registry with registryArn {arn} does not exist.')
    if definition.spec.get('networkMode') != 'awsvpc':
        _need(
            'containerName' in registry and 'containerPort' in registry,
            "When specifying 'host' or 'bridge' for networkMode, values for 'containerName' and 'containerPort' must "
            'be specified from the task definition.',
        )
    if 'containerName' in registry:
        _check_port(definition, registry['containerName'], registry.get('containerPort', 0))
