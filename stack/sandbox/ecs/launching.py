"""Starts and stops of a service's tasks: placement, the service events, and the pauses between tries."""

from stack.sandbox.ecs import failures, lifecycle, placement
from stack.sandbox.ecs.events import add_event, named
from stack.sandbox.ecs.model import Cluster, Deployment, Instance, Service, Task
from stack.sandbox.ecs.network import targets
from stack.sandbox.ecs.placement import Refusal
from stack.sandbox.ecs.preparation import refused_role
from stack.sandbox.ecs.strategies.traffic import balancers
from stack.sandbox.ecs.waiting import Obstacle, no_room, wait
from stack.sandbox.ecs.world import World


def surplus(tasks: list[Task], number: int, oldest_first: bool = False) -> list[Task]:
    """The tasks to stop first: those that are not healthy, then by age."""
    by_age = tasks if oldest_first else tasks[::-1]
    return sorted(by_age, key=lambda task: task.healthy)[:number]


def stop(world: World, service: Service, tasks: list[Task]) -> None:
    if not tasks:
        return
    deployment = service.deployments[0].id if service.deployments else ''
    running = [task for task in tasks if task.status == 'RUNNING']
    for task in tasks:
        lifecycle.stop(
            world, task, 'ServiceSchedulerInitiated', f'Scaling activity initiated by (deployment {deployment})'
        )
    if running:
        add_event(world, service, f'has stopped {len(running)} running tasks: {named(running)}.')
    if len(tasks) > len(running):
        add_event(world, service, f'stopped {len(tasks) - len(running)} pending tasks.')
    for arn in dict.fromkeys(arn for task in running for arn, _, _ in targets(task)):
        add_event(world, service, f'deregistered {len(running)} targets in (target-group {arn})')
        add_event(world, service, f'has begun draining connections on {len(running)} tasks.')


def start(world: World, service: Service, deployment: Deployment, number: int, there: list[Task]) -> None:
    """Start up to that number of tasks of a deployment, as far as there is room; `there` are those that it has."""
    cluster = world.region.clusters[service.cluster]
    role = refused_role(world, world.definition(deployment.definition))
    if role:
        text = f'failed to launch a task with (error {failures.role_refused(role)}).'
        wait(world, service, deployment, Obstacle(text, 'SERVICE_TASK_CONFIGURATION_FAILURE'))
        return
    started: list[Task] = []
    refusal: Refusal | None = None
    while len(started) < number and refusal is None:
        place = _place(world, cluster, service, deployment, [*there, *started])
        if isinstance(place, Refusal):
            refusal = place
        else:
            started.append(_launch(world, cluster, service, deployment, place))
    if started:
        add_event(world, service, f'has started {len(started)} tasks: {named(started)}.')
        service.waiting, service.refused, service.retry_at = False, 0, 0.0
        service.not_before = world.after(world.scaled(world.timings.between_passes))
    if refusal is not None:
        wait(world, service, deployment, no_room(refusal))


def _place(
    world: World, cluster: Cluster, service: Service, deployment: Deployment, there: list[Task]
) -> Instance | Refusal | None:
    """An instance with room, None for Fargate, or why there is no room."""
    if deployment.spec['launchType'] == 'FARGATE':
        return None
    definition = world.definition(deployment.definition)
    constraints = service.spec.get('placementConstraints', [])
    if service.spec['schedulingStrategy'] != 'DAEMON':
        group = [task for task in world.tasks_of(service) if task.desired == 'RUNNING']
        return placement.place(cluster, definition, constraints, service.spec.get('placementStrategy', []), group)
    taken = {task.instance for task in there}
    refusal = Refusal('RESOURCE:*', 'No Container Instances were found in your cluster.', None)
    for instance in cluster.instances.values():
        if instance.id not in taken and placement.eligible(instance, definition, constraints):
            found = placement.refusal_of(instance, definition)
            if found is None:
                return instance
            refusal = found
    return refusal


def _launch(
    world: World, cluster: Cluster, service: Service, deployment: Deployment, instance: Instance | None
) -> Task:
    definition = world.definition(deployment.definition)
    propagated = {'SERVICE': service.tags, 'TASK_DEFINITION': definition.tags}.get(service.spec['propagateTags'], {})
    managed = (
        {'aws:ecs:clusterName': cluster.name, 'aws:ecs:serviceName': service.name}
        if service.spec['enableECSManagedTags']
        else {}
    )
    taken_over = ('loadBalancers', 'serviceRegistries', 'networkConfiguration')
    spec = {name: deployment.spec[name] for name in taken_over if deployment.spec.get(name)}
    if 'loadBalancers' in spec:
        spec['loadBalancers'] = balancers(deployment)
    for name in ('healthCheckGracePeriodSeconds', 'enableExecuteCommand'):
        if name in service.spec:
            spec[name] = service.spec[name]
    return lifecycle.launch(
        world,
        cluster,
        definition,
        instance,
        service,
        group=f'service:{service.name}',
        started_by=deployment.id,
        deployment=deployment.id,
        launch_type=deployment.spec['launchType'],
        spec=spec,
        tags={**managed, **propagated},
    )
