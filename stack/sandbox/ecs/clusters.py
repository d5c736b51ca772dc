"""Clusters: created, described, listed, updated and deleted; and their capacity providers."""

import re
from typing import Any

from stack.sandbox.ecs import tagging
from stack.sandbox.ecs.errors import EcsError, invalid
from stack.sandbox.ecs.model import Cluster, Wire
from stack.sandbox.ecs.paging import page
from stack.sandbox.ecs.views import given, tag_list
from stack.sandbox.ecs.world import LIVE, World, short

_NAME = re.compile(r'[a-zA-Z0-9\-_]{1,255}')
_KEPT = ('settings', 'configuration', 'capacityProviders', 'defaultCapacityProviderStrategy', 'serviceConnectDefaults')
_MOST_DESCRIBED = 100
_FARGATE = ('FARGATE', 'FARGATE_SPOT')


def create(world: World, params: Wire) -> Wire:
    """Creates a cluster, or returns the ACTIVE one of that name, as AWS does."""
    name = params.get('clusterName', 'default')
    if not _NAME.fullmatch(name):
        raise invalid(f'Cluster must match ^{_NAME.pattern}$, but was {name}')
    tags = tagging.read(params.get('tags', []))
    cluster = world.region.clusters.get(name)
    if cluster is None or cluster.status != 'ACTIVE':
        spec: Wire = {
            'settings': [{'name': 'containerInsights', 'value': 'disabled'}],
            'capacityProviders': [],
            'defaultCapacityProviderStrategy': [],
        }
        cluster = Cluster(name, spec | {key: params[key] for key in _KEPT if key in params}, tags=tags)
        world.region.clusters[name] = cluster
    return {'cluster': _view(world, cluster, ['TAGS', 'SETTINGS', 'CONFIGURATIONS'])}


def describe(world: World, params: Wire) -> Wire:
    names = params.get('clusters') or ['default']
    if len(names) > _MOST_DESCRIBED:
        raise invalid(f'cluster names can have at most {_MOST_DESCRIBED} items.')
    clusters, failures = [], []
    for name in dict.fromkeys(names):
        cluster = world.region.clusters.get(short(name))
        if cluster is None:
            failures.append({'arn': world.arn('cluster', short(name)), 'reason': 'MISSING'})
        else:
            clusters.append(_view(world, cluster, params.get('include', [])))
    return {'clusters': clusters, 'failures': failures}


def list_(world: World, params: Wire) -> Wire:
    arns = sorted(world.arn('cluster', c.name) for c in world.region.clusters.values() if c.status == 'ACTIVE')
    got, rest = page(arns, params)
    return {'clusterArns': got, **rest}


def update(world: World, params: Wire) -> Wire:
    cluster = world.cluster(params['cluster'])
    cluster.spec = cluster.spec | {key: params[key] for key in _KEPT if key in params}
    return {'cluster': _view(world, cluster, ['SETTINGS', 'CONFIGURATIONS'])}


def put_capacity_providers(world: World, params: Wire) -> Wire:
    cluster = world.cluster(params['cluster'])
    providers = params['capacityProviders']
    for item in params['defaultCapacityProviderStrategy']:
        if item['capacityProvider'] not in providers:
            raise invalid(f'The capacity provider {item["capacityProvider"]} is not associated with the cluster.')
    cluster.spec = cluster.spec | {k: params[k] for k in ('capacityProviders', 'defaultCapacityProviderStrategy')}
    return {'cluster': _view(world, cluster, [])}


def describe_capacity_providers(world: World, params: Wire) -> Wire:
    names = params.get('capacityProviders') or list(_FARGATE)
    found = [short(name) for name in names if short(name) in _FARGATE]
    missing = [name for name in names if short(name) not in _FARGATE]
    return {
        'capacityProviders': [
            {'capacityProviderArn': world.arn('capacity-provider', name), 'name': name, 'status': 'ACTIVE'}
            for name in found
        ],
        'failures': [{'arn': name, 'reason': 'MISSING'} for name in missing],
    }


def delete(world: World, params: Wire) -> Wire:
    """Makes an empty cluster INACTIVE; it can still be described."""
    cluster = world.cluster(params['cluster'])
    if any(service.status == 'ACTIVE' for service in cluster.services.values()):
        raise EcsError('ClusterContainsServicesException', 'The Cluster cannot be deleted while Services are active.')
    if cluster.instances:
        raise EcsError(
            'ClusterContainsContainerInstancesException',
            'The Cluster cannot be deleted while Container Instances are active or draining.',
        )
    if any(task.status in LIVE for task in cluster.tasks.values()):
        raise EcsError('ClusterContainsTasksException', 'The Cluster cannot be deleted while Tasks are active.')
    cluster.status = 'INACTIVE'
    return {'cluster': _view(world, cluster, [])}


def _view(world: World, cluster: Cluster, include: list[str]) -> Wire:
    spec = cluster.spec
    running = [task for task in cluster.tasks.values() if task.status == 'RUNNING']
    pending = [task for task in cluster.tasks.values() if task.status in LIVE and task.status != 'RUNNING']
    optional: dict[str, Any] = {}
    if 'SETTINGS' in include:
        optional['settings'] = spec['settings']
    if 'CONFIGURATIONS' in include:
        optional['configuration'] = spec.get('configuration')
    if 'TAGS' in include:
        optional['tags'] = tag_list(cluster.tags)
    if 'STATISTICS' in include:
        optional['statistics'] = _statistics(cluster)
    return given(
        clusterArn=world.arn('cluster', cluster.name),
        clusterName=cluster.name,
        status=cluster.status,
        registeredContainerInstancesCount=len(cluster.instances),
        runningTasksCount=len(running),
        pendingTasksCount=len(pending),
        activeServicesCount=sum(service.status == 'ACTIVE' for service in cluster.services.values()),
        capacityProviders=spec['capacityProviders'],
        defaultCapacityProviderStrategy=spec['defaultCapacityProviderStrategy'],
        serviceConnectDefaults=spec.get('serviceConnectDefaults'),
        **optional,
    )


def _statistics(cluster: Cluster) -> list[Wire]:
    numbers: dict[str, int] = {}
    for kind, name in (('EC2', 'EC2'), ('FARGATE', 'Fargate')):
        tasks = [task for task in cluster.tasks.values() if task.launch_type == kind]
        services = [service for service in cluster.services.values() if service.spec['launchType'] == kind]
        numbers[f'running{name}TasksCount'] = sum(task.status == 'RUNNING' for task in tasks)
        numbers[f'pending{name}TasksCount'] = sum(t.status in LIVE and t.status != 'RUNNING' for t in tasks)
        numbers[f'active{name}ServiceCount'] = sum(service.status == 'ACTIVE' for service in services)
        numbers[f'draining{name}ServiceCount'] = sum(service.status == 'DRAINING' for service in services)
    return [{'name': name, 'value': str(value)} for name, value in numbers.items()]
