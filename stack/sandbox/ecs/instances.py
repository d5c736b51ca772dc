"""Container instances: registered by the sandbox instead of agents, described, listed and deregistered."""

from typing import Any

from stack.sandbox.ecs import lifecycle
from stack.sandbox.ecs.errors import invalid
from stack.sandbox.ecs.expressions import compiled
from stack.sandbox.ecs.model import Cluster, Instance, Task, Wire
from stack.sandbox.ecs.paging import page
from stack.sandbox.ecs.placement import attributes
from stack.sandbox.ecs.views import given, tag_list
from stack.sandbox.ecs.world import LIVE, World, short

# What the agent of an ECS-optimised machine keeps for itself: SSH, Docker and its own two.
RESERVED_PORTS = ('22/tcp', '2375/tcp', '2376/tcp', '51678/tcp', '51679/tcp')
_MOST_DESCRIBED = 100


def register(
    world: World, cluster: Cluster, ec2_id: str | None, address: str | None, zone: str | None, **sizes: Any
) -> Instance:
    """Register a container instance and wake the services that wait for room, and the DAEMON services."""
    instance = Instance(
        id=world.dice.hexadecimal(32),
        ec2_id=ec2_id or f'i-{world.dice.hexadecimal(17)}',
        address=address or world.address(),
        zone=zone or world.region.name + 'abc'[len(cluster.instances) % 3],
        registered_at=world.now,
        reserved_ports=list(RESERVED_PORTS),
        **sizes,
    )
    cluster.instances[instance.id] = instance
    _wake_services(world, cluster)
    return instance


def terminate(world: World, cluster: Cluster, instance: Instance, code: str, reason: str) -> None:
    """The machine is gone, and every task on it with it."""
    for task in list(cluster.tasks.values()):
        if task.instance == instance.id and task.desired == 'RUNNING':
            lifecycle.stop(world, task, code, reason)
    del cluster.instances[instance.id]
    _wake_services(world, cluster)


def _wake_services(world: World, cluster: Cluster) -> None:
    for service in cluster.services.values():
        if service.status == 'ACTIVE':
            world.wake(service)


def deregister(world: World, params: Wire) -> Wire:
    cluster = world.cluster(params.get('cluster'))
    instance = _found(cluster, params['containerInstance'])
    if any(task.status in LIVE for task in _on(cluster, instance)) and not params.get('force'):
        raise invalid('Found running tasks on the instance.')
    shown = {**_view(world, cluster, instance, False), 'status': 'INACTIVE'}
    terminate(world, cluster, instance, 'UserInitiated', 'Container instance deregistration forced by user')
    return {'containerInstance': shown}


def describe(world: World, params: Wire) -> Wire:
    cluster = world.cluster(params.get('cluster'))
    names = params['containerInstances']
    if not names:
        raise invalid('Container Instances cannot be empty.')
    if len(names) > _MOST_DESCRIBED:
        raise invalid(f'containerInstances can have at most {_MOST_DESCRIBED} items.')
    found, failures = [], []
    for name in dict.fromkeys(names):
        instance = cluster.instances.get(short(name))
        if instance is None:
            arn = world.arn('container-instance', cluster.name, short(name))
            failures.append({'arn': arn, 'reason': 'MISSING'})
        else:
            found.append(_view(world, cluster, instance, 'TAGS' in params.get('include', [])))
    return {'containerInstances': found, 'failures': failures}


def list_(world: World, params: Wire) -> Wire:
    cluster = world.cluster(params.get('cluster'))
    status = params.get('status')
    test = compiled(params['filter']) if params.get('filter') else None
    arns = sorted(
        world.arn('container-instance', cluster.name, instance.id)
        for instance in cluster.instances.values()
        if status in (None, instance.status) and (test is None or test(attributes(instance)))
    )
    got, rest = page(arns, params)
    return {'containerInstanceArns': got, **rest}


def put_attributes(world: World, params: Wire) -> Wire:
    cluster = world.cluster(params.get('cluster'))
    for given_attribute in params['attributes']:
        instance = _found(cluster, given_attribute.get('targetId', ''))
        instance.attributes[given_attribute['name']] = given_attribute.get('value', '')
    _wake_services(world, cluster)
    return {'attributes': params['attributes']}


def list_attributes(world: World, params: Wire) -> Wire:
    cluster = world.cluster(params.get('cluster'))
    name, value = params.get('attributeName'), params.get('attributeValue')
    return {
        'attributes': [
            {'name': key, 'value': its, 'targetId': world.arn('container-instance', cluster.name, instance.id)}
            for instance in cluster.instances.values()
            for key, its in attributes(instance).items()
            if name in (None, key) and value in (None, its)
        ]
    }


def _found(cluster: Cluster, name: str) -> Instance:
    instance = cluster.instances.get(short(name))
    if instance is None:
        raise invalid('Referenced container instance not found.')
    return instance


def _on(cluster: Cluster, instance: Instance) -> list[Task]:
    return [task for task in cluster.tasks.values() if task.instance == instance.id]


def _view(world: World, cluster: Cluster, instance: Instance, with_tags: bool) -> Wire:
    tasks = _on(cluster, instance)
    ports = [port.partition('/')[0] for port in instance.ports if port.endswith('/tcp')]
    reserved = [port.partition('/')[0] for port in instance.reserved_ports]
    return given(
        containerInstanceArn=world.arn('container-instance', cluster.name, instance.id),
        ec2InstanceId=instance.ec2_id,
        version=instance.version,
        versionInfo={'agentVersion': '1.98.0', 'agentHash': '0a1b2c3d', 'dockerVersion': 'DockerVersion: 25.0.8'},
        registeredResources=_resources(instance.cpu, instance.memory, reserved),
        remainingResources=_resources(
            instance.cpu - instance.used_cpu, instance.memory - instance.used_memory, [*reserved, *ports]
        ),
        status=instance.status,
        agentConnected=True,
        runningTasksCount=sum(task.status == 'RUNNING' for task in tasks),
        pendingTasksCount=sum(task.status in LIVE and task.status != 'RUNNING' for task in tasks),
        attributes=[{'name': name, 'value': value} for name, value in attributes(instance).items()],
        attachments=[],
        registeredAt=instance.registered_at,
        tags=tag_list(instance.tags) if with_tags else None,
    )


def _resources(cpu: int, memory: int, ports: list[str]) -> list[Wire]:
    empty = {'doubleValue': 0.0, 'longValue': 0, 'integerValue': 0}
    return [
        {'name': 'CPU', 'type': 'INTEGER', **empty, 'integerValue': cpu},
        {'name': 'MEMORY', 'type': 'INTEGER', **empty, 'integerValue': memory},
        {'name': 'PORTS', 'type': 'STRINGSET', **empty, 'stringSetValue': ports},
        {'name': 'PORTS_UDP', 'type': 'STRINGSET', **empty, 'stringSetValue': []},
    ]
