"""State machine of one task, from PROVISIONING to its removal an hour after STOPPED.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
"""

from collections.abc import Callable
from typing import Any

from stack.sandbox.ecs import container_logs, failures, network
from stack.sandbox.ecs.events import iso, send
from stack.sandbox.ecs.health import checked, first_verdict
from stack.sandbox.ecs.model import Cluster, Container, Instance, Service, Task, TaskDefinition, Wire
from stack.sandbox.ecs.placement import needs, release, reserve
from stack.sandbox.ecs.views import definition_arn, task_arn, task_view
from stack.sandbox.ecs.world import FORGET_AFTER, World


def launch(
    world: World,
    cluster: Cluster,
    definition: TaskDefinition,
    instance: Instance | None,
    service: Service | None = None,
    **fields: Any,
) -> Task:
    """A new task, in PROVISIONING, on the instance that was found for it, or on Fargate."""
    task = Task(
        id=world.dice.hexadecimal(32),
        cluster=cluster.name,
        definition=definition_arn(world, definition),
        created_at=world.now,
        service=service.name if service else None,
        instance=instance.id if instance else None,
        ec2_id=instance.ec2_id if instance else None,
        zone=instance.zone if instance else f'{world.region.name}a',
        containers=[
            Container(c['name'], c['image'], world.dice.hexadecimal(64))
            for c in definition.spec['containerDefinitions']
        ],
        **fields,
    )
    network.attach(world, task, definition, instance)
    cluster.tasks[task.id] = task
    world.index(task)
    if instance is not None:
        reserve(instance, needs(definition), task.id)
    world.schedule(task, world.lasts(world.timings.provision) if task.eni else 0.0)
    _announce(world, task)
    return task


def step(world: World, task: Task) -> None:
    """Advance a task that is due; the caller then schedules its service."""
    _STEPS[task.status](world, task)


def stop(world: World, task: Task, code: str, reason: str) -> None:
    """Asks a task to stop: drained and deregistered first where it takes traffic, then SIGTERM. Once only."""
    if task.desired == 'STOPPED':
        return
    running = task.status == 'RUNNING'
    _end(world, task, code, reason)
    if running and network.has_traffic(task):
        network.drain(world, task)
        _move(world, task, 'DEACTIVATING', world.lasts(world.timings.drain))
    else:
        network.withdraw(world, task)
        _move(world, task, 'STOPPING', world.lasts(world.timings.stop))


def _end(world: World, task: Task, code: str, reason: str) -> None:
    task.desired = 'STOPPED'
    task.healthy = False
    task.stop_code = code
    task.stopped_reason = reason
    task.times['stoppingAt'] = world.now


def _move(world: World, task: Task, status: str, delay: float | None) -> None:
    task.status = status
    task.version += 1
    world.index(task)
    world.schedule(task, delay)
    _announce(world, task)


def _announce(world: World, task: Task) -> None:
    if world.outbox is None:
        return
    detail = {**task_view(world, task), 'updatedAt': world.now}
    times = {name: iso(value) for name, value in detail.items() if name.endswith('At')}
    send(world, 'ECS Task State Change', task_arn(world, task), {**detail, **times})


def _provisioning(world: World, task: Task) -> None:
    definition = world.definition(task.definition)
    task.times['connectivityAt'] = world.now
    for container in task.containers:
        found = world.ports.images.find(container.image)
        container.digest = found.digest if found else None
        container.behaviour = failures.behaviour(found.tags) if found else 'missing'
    reason = _uninitialised(world, definition)
    if reason is not None:
        _never_started(world, task, reason, in_task=True)
        return
    task.times['pullStartedAt'] = world.now
    slow = any('slow' in container.behaviour.split() for container in task.containers)
    _move(world, task, 'PENDING', world.lasts(world.timings.slow_pull if slow else world.timings.pull))


def _uninitialised(world: World, definition: TaskDefinition) -> str | None:
    """Why the agent cannot prepare the task: a secret or a log group that is not there."""
    for container in definition.spec['containerDefinitions']:
        logging: Wire = container.get('logConfiguration', {})
        for secret in [*container.get('secrets', []), *logging.get('secretOptions', [])]:
            if not world.ports.secrets.exists(secret['valueFrom']):
                return failures.secret_missing(secret['valueFrom'])
        options = logging.get('options', {})
        if (
            logging.get('logDriver') == 'awslogs'
            and options.get('awslogs-create-group') != 'true'
            and not world.ports.logs.has_group(options['awslogs-group'])
        ):
            return failures.log_group_missing()
    return None


def _pending(world: World, task: Task) -> None:
    definition = world.definition(task.definition)
    fargate = task.launch_type == 'FARGATE'
    for container in task.containers:
        reason = failures.not_pulled(container.behaviour, container.image, fargate)
        if reason is not None:
            container.reason = reason
            _never_started(world, task, reason, in_task=fargate)
            return
    task.times['pullStoppedAt'] = world.now
    for container, spec in zip(task.containers, definition.spec['containerDefinitions'], strict=True):
        ports = [mapping.get('hostPort', 0) for mapping in spec.get('portMappings', [])]
        reason = failures.not_started(container.behaviour, ports)
        if reason is not None:
            container.reason = reason
            _never_started(world, task, reason, in_task=fargate)
            return
    _containers_up(world, task, definition)
    if task.service is not None and _crashed(world, task, definition):
        return
    if network.has_traffic(task):
        network.enlist(world, task)
        _move(world, task, 'ACTIVATING', world.lasts(world.timings.activate))
    else:
        _activating(world, task)


def _containers_up(world: World, task: Task, definition: TaskDefinition) -> None:
    for container, spec in zip(task.containers, definition.spec['containerDefinitions'], strict=True):
        container.status = 'RUNNING'
        container.bindings = network.bindings(world, task, definition, spec)
        lines = [f'{container.name} starting from {container.image}']
        lines += [f'listening on port {mapping["containerPort"]}' for mapping in spec.get('portMappings', [])]
        container_logs.write(world, task, container, spec, lines)
        container_logs.begin(world, task, container, spec)


def _crashed(world: World, task: Task, definition: TaskDefinition) -> bool:
    """Lets the containers exit that do; True where an essential one did, and the task with it."""
    fatal = False
    for container, spec in zip(task.containers, definition.spec['containerDefinitions'], strict=True):
        exit_ = failures.crash(container.behaviour)
        if exit_ is None:
            continue
        container.status = 'STOPPED'
        container.exit_code, container.reason = exit_.code, exit_.reason
        container_logs.end(world, task, container, spec)
        container_logs.write(world, task, container, spec, exit_.last_lines)
        fatal = fatal or spec.get('essential', True)
    if fatal:
        _exited(world, task)
    return fatal


def _exited(world: World, task: Task) -> None:
    """An essential container has exited by itself: the rest of the task follows."""
    task.failed = task.service is not None and 'startedAt' not in task.times
    task.times['executionStoppedAt'] = world.now
    _end(world, task, 'EssentialContainerExited', failures.ESSENTIAL_EXITED)
    network.withdraw(world, task)
    _move(world, task, 'STOPPING', world.lasts(world.timings.stop))


def _never_started(world: World, task: Task, reason: str, in_task: bool) -> None:
    """Stop a task before its start; Fargate reports the reason in the task, the EC2 agent in the container."""
    task.failed = True
    _end(world, task, 'TaskFailedToStart', reason if in_task else 'Task failed to start')
    network.withdraw(world, task)
    _move(world, task, 'STOPPING', world.lasts(world.timings.stop))


def _activating(world: World, task: Task) -> None:
    task.times['startedAt'] = world.now
    _move(world, task, 'RUNNING', first_verdict(world, task))


def _running(world: World, task: Task) -> None:
    """Advance a RUNNING task: it exits, or its health checks end."""
    definition = world.definition(task.definition)
    if task.service is None:
        if not _crashed(world, task, definition):
            for container, spec in zip(task.containers, definition.spec['containerDefinitions'], strict=True):
                container.status, container.exit_code = 'STOPPED', 0
                container_logs.write(world, task, container, spec, ['done'])
            _exited(world, task)
        return
    words = {word for container in task.containers for word in container.behaviour.split()}
    if task.healthy and 'spot' in words:
        stop(world, task, 'SpotInterruption', 'Your Spot Task was interrupted.')
    elif task.healthy and 'flaky' in words:
        for container, spec in zip(task.containers, definition.spec['containerDefinitions'], strict=True):
            container.status, container.exit_code = 'STOPPED', 1
            container_logs.write(world, task, container, spec, ['connection lost, giving up'])
        _exited(world, task)
    else:
        reason = checked(world, task)
        if reason is not None:
            task.failed = True
            stop(world, task, 'ServiceSchedulerInitiated', reason)
        else:
            task.healthy = True
            task.version += 1
            world.schedule(task, world.lasts(world.timings.flake) if words & {'flaky', 'spot'} else None)
            _announce(world, task)


def _deactivating(world: World, task: Task) -> None:
    network.withdraw(world, task)
    _move(world, task, 'STOPPING', world.lasts(world.timings.stop))


def _stopping(world: World, task: Task) -> None:
    task.times.setdefault('executionStoppedAt', world.now)
    specs = world.definition(task.definition).spec['containerDefinitions']
    for container, spec in zip(task.containers, specs, strict=True):
        container_logs.end(world, task, container, spec)
        if container.status == 'RUNNING':
            container.exit_code = 0
        container.status = 'STOPPED'
    if task.eni:
        _move(world, task, 'DEPROVISIONING', world.lasts(world.timings.deprovision))
    else:
        _stopped(world, task)


def _stopped(world: World, task: Task) -> None:
    cluster = world.region.clusters[task.cluster]
    instance = cluster.instances.get(task.instance or '')
    if instance is not None:
        release(instance, needs(world.definition(task.definition)), task.id)
    task.times['stoppedAt'] = world.now
    _move(world, task, 'STOPPED', FORGET_AFTER)
    for service in cluster.services.values():
        if service.waiting:
            world.wake(service)


def _forget(world: World, task: Task) -> None:
    del world.region.clusters[task.cluster].tasks[task.id]


_STEPS: dict[str, Callable[[World, Task], None]] = {
    'PROVISIONING': _provisioning,
    'PENDING': _pending,
    'ACTIVATING': _activating,
    'RUNNING': _running,
    'DEACTIVATING': _deactivating,
    'STOPPING': _stopping,
    'DEPROVISIONING': _stopped,
    'STOPPED': _forget,
}
