"""The containers of one task: start order, health checks, exits, restarts and the order at the stop.

Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (dependsOn,
restartPolicy, startTimeout, stopTimeout). AWS does not document its messages for dependencies that cannot be met: those
here are ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from stack.sandbox.ecs import container_logs, dependencies, failures, network
from stack.sandbox.ecs.failures import Exit
from stack.sandbox.ecs.model import Container, Task, Wire
from stack.sandbox.ecs.world import World

RESTART_PERIOD_SECONDS = 300
STOP_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Progress:
    """What became of the containers: whether all have started, whether an essential one has exited, and why one will
    never start (empty if none)."""

    started: bool
    essential_exited: bool
    blocked: str


def specs(world: World, task: Task) -> Iterator[tuple[Container, Wire]]:
    """Each container with its definition."""
    definitions = world.definition(task.definition).spec['containerDefinitions']
    return zip(task.containers, definitions, strict=True)


def advance(world: World, task: Task) -> Progress:
    """Carry out everything that is due: exits, health checks, restarts, and starts whose dependencies are met."""
    exited = False
    for container, spec in specs(world, task):
        exited |= _advance(world, task, container, spec)
    blocked = '' if exited else _start_ready(world, task)
    # A container that crashes at its start, or ends at once, may be another's dependency.
    while not (exited or blocked) and _crashing(world, task):
        for container, spec in _crashing(world, task):
            exited |= _exit(world, task, container, spec)
        blocked = '' if exited else _start_ready(world, task)
    return Progress(all(each.status != 'PENDING' for each in task.containers), exited, blocked)


def _crashing(world: World, task: Task) -> list[tuple[Container, Wire]]:
    return [
        (container, spec)
        for container, spec in specs(world, task)
        if container.status == 'RUNNING' and container.exits_at is not None and container.exits_at <= world.now
    ]


def _advance(world: World, task: Task, container: Container, spec: Wire) -> bool:
    """True if the container was essential and has exited."""
    if container.checked_at is not None and container.checked_at <= world.now:
        container.checked_at = None
        container.health = 'UNHEALTHY' if is_unhealthy(container) else 'HEALTHY'
    if container.status == 'RUNNING' and container.exits_at is not None and container.exits_at <= world.now:
        return _exit(world, task, container, spec)
    return False


def _start_ready(world: World, task: Task) -> str:
    """Start every container whose dependencies are met; why one never will be, or cannot be started."""
    waiting = True
    while waiting:
        waiting = False
        for container, spec in specs(world, task):
            if container.status != 'PENDING':
                continue
            met, blocked = dependencies.state(world, task, spec)
            if met and not blocked:
                ports = [mapping.get('hostPort', 0) for mapping in spec.get('portMappings', [])]
                blocked = failures.not_started(container.behaviour, ports) or ''
            if blocked:
                container.reason = blocked
                return blocked
            if met:
                _start(world, task, container, spec)
                waiting = True
    return ''


def _start(world: World, task: Task, container: Container, spec: Wire) -> None:
    container.status, container.health, container.exit_code = 'RUNNING', 'UNKNOWN', None
    container.started_at = world.now
    container.bindings = network.bindings(world, task, world.definition(task.definition), spec)
    lines = [f'{container.name} starting from {container.image}']
    lines += [f'listening on port {mapping["containerPort"]}' for mapping in spec.get('portMappings', [])]
    container_logs.write(world, task, container, spec, lines)
    container_logs.begin(world, task, container, spec, world.now)
    container.exits_at = _first_exit(world, task, container, spec)
    container.checked_at = _check_ends(world, container, spec)


def command(world: World, task: Task, container: Container) -> list[str]:
    """The command of a container: that of RunTask, else that of the task definition."""
    overrides: list[Wire] = task.spec.get('overrides', {}).get('containerOverrides', [])
    specs: list[Wire] = [*overrides, *world.definition(task.definition).spec['containerDefinitions']]
    found = (spec['command'] for spec in specs if spec.get('name') == container.name and spec.get('command'))
    return next(found, [])


def _first_exit(world: World, task: Task, container: Container, spec: Wire) -> float | None:
    """When a container that has just started exits by itself; None if it runs until it is stopped."""
    crashes = failures.crash(container.behaviour) is not None
    if task.service is not None and crashes:
        return world.now
    ends = dependencies.is_awaited_to_end(world, task, container.name)
    if ends or crashes or (task.service is None and spec.get('essential', True)):
        return world.after(world.lasts(world.timings.run))
    # Healthy before a restart, and as flaky after it.
    return world.after(world.lasts(world.timings.flake)) if container.restarts and is_flaky(container) else None


def _check_ends(world: World, container: Container, spec: Wire) -> float | None:
    check: Wire = spec.get('healthCheck', {})
    if not check:
        return None
    seconds = check['interval']
    if is_unhealthy(container):
        seconds = check.get('startPeriod', 0) + check['interval'] * check['retries']
    return world.after(world.scaled(seconds))


def _exit(world: World, task: Task, container: Container, spec: Wire) -> bool:
    """End a container by itself, or restart it; True if it was essential and stays down."""
    ended = failures.crash(container.behaviour)
    if ended is None:
        ended = failures.FLAKE if is_flaky(container) else Exit(0, None, ['done'])
    container_logs.write(world, task, container, spec, ended.last_lines)
    _mark_stopped(world, task, container, spec)
    container.exit_code, container.reason = ended.code, ended.reason
    if _may_restart(world, container, spec):
        container.restarts += 1
        _start(world, task, container, spec)
        return False
    return bool(spec.get('essential', True))


def _may_restart(world: World, container: Container, spec: Wire) -> bool:
    """A container restarts once it has run for the period, unless its exit code is ignored."""
    policy: Wire = spec.get('restartPolicy', {})
    if not policy.get('enabled') or container.exit_code in policy.get('ignoredExitCodes', []):
        return False
    period = world.scaled(policy.get('restartAttemptPeriod', RESTART_PERIOD_SECONDS))
    return world.now >= world.after(period, since=container.started_at)


def _mark_stopped(world: World, task: Task, container: Container, spec: Wire) -> None:
    container.status = 'STOPPED'
    container.exits_at = container.checked_at = None
    container_logs.end(world, task, container, spec)


def begin_stop(world: World, task: Task) -> None:
    """Stop the containers in the reverse of their start order: each when all that depend on it are down."""
    for container, spec in specs(world, task):
        container.checked_at = None
        if container.status == 'PENDING':
            container.status = 'STOPPED'
        container.exits_at = None if container.status == 'STOPPED' else world.now
        if container.status == 'RUNNING':
            container.exits_at = world.after(_stop_seconds(world, container, spec))
    ordered = dependencies.last_first(world, task)
    for container in ordered:
        if container.exits_at is None:
            continue
        dependents = dependencies.dependents(world, task, container.name)
        begin = max((each.exits_at for each in dependents if each.exits_at is not None), default=world.now)
        container.exits_at = world.after(container.exits_at - world.now, since=begin)


def _stop_seconds(world: World, container: Container, spec: Wire) -> float:
    if 'stubborn' in container.behaviour.split():
        return world.scaled(spec.get('stopTimeout', STOP_TIMEOUT_SECONDS))
    return world.lasts(world.timings.stop)


def continue_stop(world: World, task: Task) -> bool:
    """End the containers whose time has come; True once all are down."""
    for container, spec in specs(world, task):
        if container.exits_at is not None and container.exits_at <= world.now:
            killed = 'stubborn' in container.behaviour.split()
            _mark_stopped(world, task, container, spec)
            container.exit_code = failures.KILLED if killed else 0
    return all(container.status == 'STOPPED' for container in task.containers)


def next_due(task: Task) -> float | None:
    """When a container of the task moves on by itself."""
    times = [time for each in task.containers for time in (each.exits_at, each.checked_at) if time is not None]
    return min(times, default=None)


def begin_flakes(world: World, task: Task) -> None:
    """A task has become healthy: its flaky containers run for a while longer."""
    for container in task.containers:
        if is_flaky(container) and container.status == 'RUNNING':
            container.exits_at = world.after(world.lasts(world.timings.flake))


def health(world: World, task: Task) -> str:
    """The health of the essential containers that have checks: the worst of them."""
    seen = {
        container.health for container, spec in specs(world, task) if spec.get('essential', True) and _has_check(spec)
    }
    return next((state for state in ('UNHEALTHY', 'UNKNOWN', 'HEALTHY') if state in seen), 'UNKNOWN')


def has_checks(world: World, task: Task) -> bool:
    return any(spec.get('essential', True) and _has_check(spec) for _, spec in specs(world, task))


def _has_check(spec: Wire) -> bool:
    return bool(spec.get('healthCheck'))


def is_unhealthy(container: Container) -> bool:
    return 'unhealthy' in container.behaviour.split()


def is_flaky(container: Container) -> bool:
    return 'flaky' in container.behaviour.split()
