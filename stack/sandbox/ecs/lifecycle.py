"""State machine of one task, from PROVISIONING to its removal an hour after STOPPED.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
"""

from collections.abc import Callable
from typing import Any

from stack.sandbox.ecs import containers, dependencies, failures, health, network, preparation
from stack.sandbox.ecs.events import iso, send
from stack.sandbox.ecs.model import Cluster, Container, Instance, Service, Task, TaskDefinition
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
        _move_after(world, task, 'DEACTIVATING', world.lasts(world.timings.drain))
    else:
        network.withdraw(world, task)
        _begin_stopping(world, task)


def _end(world: World, task: Task, code: str, reason: str) -> None:
    task.desired = 'STOPPED'
    task.healthy = False
    task.stop_code = code
    task.stopped_reason = reason
    task.times['stoppingAt'] = world.now


def _move(world: World, task: Task, status: str) -> None:
    task.status = status
    task.version += 1
    world.index(task)
    _await(world, task)
    _announce(world, task)


def _move_after(world: World, task: Task, status: str, delay: float) -> None:
    """Change the status; the task moves on after the delay, whatever its containers do meanwhile."""
    _move(world, task, status)
    world.schedule(task, delay)


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
        if task.service is None:
            command = containers.command(world, task, container)
            container.behaviour = failures.behaviour_of_run(container.behaviour, command)
    reason = preparation.problem(world, definition)
    if reason:
        _never_started(world, task, reason)
        return
    task.times['pullStartedAt'] = world.now
    slow = any('slow' in container.behaviour.split() for container in task.containers)
    _move_after(world, task, 'PENDING', world.lasts(world.timings.slow_pull if slow else world.timings.pull))


def _pending(world: World, task: Task) -> None:
    """Pull the images, then start the containers in the order of their dependencies."""
    if 'pullStoppedAt' not in task.times:
        fargate = task.launch_type == 'FARGATE'
        for container in task.containers:
            reason = failures.not_pulled(container.behaviour, container.image, fargate)
            if reason is not None:
                container.reason = reason
                _never_started(world, task, _reason_in_task(task, reason))
                return
        task.times['pullStoppedAt'] = world.now
    if not _containers_advanced(world, task):
        return
    if any(container.status == 'PENDING' for container in task.containers):
        _await(world, task)
    elif network.has_traffic(task):
        network.enlist(world, task)
        task.timer = world.after(world.lasts(world.timings.activate))
        _move(world, task, 'ACTIVATING')
    else:
        _start_running(world, task)


def _containers_advanced(world: World, task: Task) -> bool:
    """Advance the containers; False if the task stops because of one."""
    progress = containers.advance(world, task)
    if progress.blocked:
        _never_started(world, task, _reason_in_task(task, progress.blocked))
    elif progress.essential_exited:
        _exited(world, task)
    return not (progress.blocked or progress.essential_exited)


def _await(world: World, task: Task) -> None:
    """Schedule the task for the next thing that happens to it or to one of its containers."""
    times = (task.timer, containers.next_due(task), dependencies.next_deadline(world, task))
    due = min((time for time in times if time is not None), default=None)
    world.schedule(task, None if due is None else max(0.0, due - world.now))


def _exited(world: World, task: Task) -> None:
    """An essential container has exited by itself: the rest of the task follows."""
    task.failed = task.service is not None and 'startedAt' not in task.times
    task.times['executionStoppedAt'] = world.now
    _end(world, task, 'EssentialContainerExited', failures.ESSENTIAL_EXITED)
    network.withdraw(world, task)
    _begin_stopping(world, task)


def _reason_in_task(task: Task, reason: str) -> str:
    """Fargate reports the reason of a container in the task as well, the EC2 agent in the container alone."""
    return reason if task.launch_type == 'FARGATE' else 'Task failed to start'


def _never_started(world: World, task: Task, stopped_reason: str) -> None:
    task.failed = True
    _end(world, task, 'TaskFailedToStart', stopped_reason)
    network.withdraw(world, task)
    _begin_stopping(world, task)


def _activating(world: World, task: Task) -> None:
    if not _containers_advanced(world, task):
        return
    if task.timer is None or world.now >= task.timer:
        _start_running(world, task)
    else:
        _await(world, task)


def _start_running(world: World, task: Task) -> None:
    task.times['startedAt'] = world.now
    task.timer = None if task.service is None else world.after(health.verdict_after(world, task))
    _move(world, task, 'RUNNING')


def _running(world: World, task: Task) -> None:
    """Advance a RUNNING task: its containers exit, or its health checks end."""
    if not _containers_advanced(world, task):
        return
    if task.service is not None and not _checks_passed(world, task):
        return
    _await(world, task)


def _checks_passed(world: World, task: Task) -> bool:
    """Take the results of health checks that have ended; False if the task stops because of one."""
    if not task.healthy and containers.health(world, task) == 'UNHEALTHY':
        return _failed_check(world, task, 'Task failed container health checks')
    if task.timer is not None and world.now >= task.timer:
        task.timer = None
        if task.healthy:
            stop(world, task, 'SpotInterruption', 'Your Spot Task was interrupted.')
            return False
        if reason := health.report(world, task):
            return _failed_check(world, task, reason)
    if not task.healthy and task.timer is None and _is_healthy(world, task):
        task.healthy = True
        task.version += 1
        containers.begin_flakes(world, task)
        if any('spot' in container.behaviour.split() for container in task.containers):
            task.timer = world.after(world.lasts(world.timings.flake))
        _announce(world, task)
    return True


def _is_healthy(world: World, task: Task) -> bool:
    return not containers.has_checks(world, task) or containers.health(world, task) == 'HEALTHY'


def _failed_check(world: World, task: Task, reason: str) -> bool:
    task.failed = True
    stop(world, task, 'ServiceSchedulerInitiated', reason)
    return False


def _deactivating(world: World, task: Task) -> None:
    network.withdraw(world, task)
    _begin_stopping(world, task)


def _begin_stopping(world: World, task: Task) -> None:
    containers.begin_stop(world, task)
    # The agent needs a moment also where no container runs.
    task.timer = world.after(world.lasts(world.timings.stop))
    _move(world, task, 'STOPPING')


def _stopping(world: World, task: Task) -> None:
    down = containers.continue_stop(world, task)
    if not down:
        task.timer = None
        _await(world, task)
        return
    if task.timer is not None and world.now < task.timer:
        _await(world, task)
        return
    task.times.setdefault('executionStoppedAt', world.now)
    if task.eni:
        _move_after(world, task, 'DEPROVISIONING', world.lasts(world.timings.deprovision))
    else:
        _stopped(world, task)


def _stopped(world: World, task: Task) -> None:
    cluster = world.region.clusters[task.cluster]
    instance = cluster.instances.get(task.instance or '')
    if instance is not None:
        release(instance, needs(world.definition(task.definition)), task.id)
    task.times['stoppedAt'] = world.now
    _move_after(world, task, 'STOPPED', FORGET_AFTER)
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
