"""A task's place in the network: its address, its port bindings, its load balancer targets and its registry entry."""

from stack.sandbox.ecs.model import Instance, Task, TaskDefinition, Wire
from stack.sandbox.ecs.world import World

FIRST_EPHEMERAL = 32_768


def attach(world: World, task: Task, definition: TaskDefinition, instance: Instance | None) -> None:
    """Gives the task an elastic network interface in awsvpc mode, its machine's address otherwise."""
    if definition.spec.get('networkMode') == 'awsvpc':
        task.eni = world.dice.uuid()
        task.address = world.address()
    elif instance is not None:
        task.address = instance.address


def bindings(world: World, task: Task, definition: TaskDefinition, container: Wire) -> list[Wire]:
    """The container's network bindings; a host port of 0 in bridge mode becomes an ephemeral one."""
    if task.eni:
        return []
    bound = []
    for mapping in container.get('portMappings', []):
        host = mapping.get('hostPort') or FIRST_EPHEMERAL + int(world.dice.hexadecimal(4), 16) % 28_000
        bound.append(
            {
                'bindIP': '0.0.0.0',  # noqa: S104 (what Docker reports, not an address that we listen on)
                'containerPort': mapping['containerPort'],
                'hostPort': host,
                'protocol': mapping.get('protocol', 'tcp'),
            }
        )
    return bound


def has_traffic(task: Task) -> bool:
    """Whether the task is registered somewhere while it runs."""
    return bool(task.spec.get('loadBalancers') or task.spec.get('serviceRegistries'))


def targets(task: Task) -> list[tuple[str, str, int]]:
    """The task's load balancer targets: target group ARN, id (an address or an EC2 instance) and port."""
    found = []
    for balancer in task.spec.get('loadBalancers', []):
        if 'targetGroupArn' not in balancer:
            continue
        port = balancer['containerPort']
        if task.eni:
            found.append((balancer['targetGroupArn'], task.address or '', port))
            continue
        container = next(c for c in task.containers if c.name == balancer['containerName'])
        host = next((b['hostPort'] for b in container.bindings if b['containerPort'] == port), port)
        found.append((balancer['targetGroupArn'], task.ec2_id or '', host))
    return found


def enlist(world: World, task: Task) -> None:
    """Registers the task as a target and in Cloud Map."""
    for arn, target, port in targets(task):
        world.ports.targets.register(arn, target, port)
        world.ports.targets.health(arn, target, port, 'initial', 'Elb.RegistrationInProgress')
    for registry in task.spec.get('serviceRegistries', []):
        attributes = {
            'AWS_INSTANCE_IPV4': task.address or '',
            'AVAILABILITY_ZONE': task.zone,
            'REGION': world.region.name,
            'ECS_CLUSTER_NAME': task.cluster,
            'ECS_SERVICE_NAME': task.service or '',
            'ECS_TASK_DEFINITION_FAMILY': task.definition.rpartition('/')[2].partition(':')[0],
        }
        if registry.get('containerPort') or registry.get('port'):
            attributes['AWS_INSTANCE_PORT'] = str(registry.get('containerPort') or registry['port'])
        world.ports.registry.register(registry['registryArn'], task.id, attributes)


def drain(world: World, task: Task) -> None:
    for arn, target, port in targets(task):
        world.ports.targets.health(arn, target, port, 'draining', 'Target.DeregistrationInProgress')


def withdraw(world: World, task: Task) -> None:
    """Takes the task out of its target groups and out of Cloud Map, where it was in."""
    if 'startedAt' not in task.times and task.status != 'ACTIVATING':
        return
    for arn, target, port in targets(task):
        world.ports.targets.deregister(arn, target, port)
    for registry in task.spec.get('serviceRegistries', []):
        world.ports.registry.deregister(registry['registryArn'], task.id)
