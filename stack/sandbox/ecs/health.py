"""Duration and result of a task's health checks."""

from stack.sandbox.ecs.model import Task, Wire
from stack.sandbox.ecs.network import targets
from stack.sandbox.ecs.world import World


def first_verdict(world: World, task: Task) -> float | None:
    """In how many seconds a task that has just started RUNNING moves on: it exits, or its checks have ended."""
    if task.service is None:
        return world.lasts(world.timings.run)
    ill = _ill(task)
    ends = []
    for check in _container_checks(world, task):
        if ill:
            ends.append(check.get('startPeriod', 0) + check['interval'] * check['retries'])
        else:
            ends.append(check['interval'])
    if ill and ends:
        return world.scaled(min(ends))
    groups = [world.ports.targets.group(arn) for arn, _, _ in targets(task)]
    grace = task.spec.get('healthCheckGracePeriodSeconds', 0)
    for group in groups:
        if group is not None:
            failing = max(grace, group.interval * group.unhealthy_threshold)
            ends.append(failing if ill else group.interval * group.healthy_threshold)
    if not ends:
        return world.scaled(world.timings.settle)
    return world.scaled(min(ends) if ill else max(ends))


def checked(world: World, task: Task) -> str | None:
    """Notes how the checks ended; why the task has to stop, or None where it passed them all.

    An `unhealthy` image without any check keeps running.
    """
    ill = _ill(task)
    checks = _container_checks(world, task)
    if checks:
        _mark(world, task, 'UNHEALTHY' if ill else 'HEALTHY')
    if ill and checks:
        return 'Task failed container health checks'
    for arn, target, port in targets(task):
        state, reason = ('unhealthy', 'Target.FailedHealthChecks') if ill else ('healthy', '')
        world.ports.targets.health(arn, target, port, state, reason)
    groups = [arn for arn, _, _ in targets(task)]
    return f'Task failed ELB health checks in (target-group {groups[0]})' if ill and groups else None


def _ill(task: Task) -> bool:
    return any('unhealthy' in container.behaviour.split() for container in task.containers)


def _container_checks(world: World, task: Task) -> list[Wire]:
    definition = world.definition(task.definition)
    return [c['healthCheck'] for c in definition.spec['containerDefinitions'] if 'healthCheck' in c]


def _mark(world: World, task: Task, health: str) -> None:
    specs = world.definition(task.definition).spec['containerDefinitions']
    for container, spec in zip(task.containers, specs, strict=True):
        if 'healthCheck' in spec:
            container.health = health
