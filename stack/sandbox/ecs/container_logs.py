"""Log lines of a task's containers, to CloudWatch Logs where the log driver is awslogs."""

from stack.sandbox.ecs.model import Container, Task, Wire
from stack.sandbox.ecs.world import World
from stack.sandbox.telemetry.log_lines import LogSource


def write(world: World, task: Task, container: Container, spec: Wire, lines: list[str]) -> None:
    """Store a container's own lines: of its start and of its end."""
    if lines and (place := _place(task, container, spec)):
        world.ports.logs.write(*place, world.now, lines)


def begin(world: World, task: Task, container: Container, spec: Wire, since: float) -> None:
    """Have the container's stream get the lines of a container that runs since then."""
    if place := _place(task, container, spec):
        owner = task.service or task.group.partition(':')[2]
        source = LogSource(
            key=f'{task.cluster}/{owner}',
            serves=bool(spec.get('portMappings')),
            unhealthy='unhealthy' in container.behaviour.split(),
            start=world.after(1, since=since),
        )
        world.ports.logs.begin(*place, source)


def end(world: World, task: Task, container: Container, spec: Wire) -> None:
    if place := _place(task, container, spec):
        world.ports.logs.end(*place, world.now)


def _place(task: Task, container: Container, spec: Wire) -> tuple[str, str] | tuple[()]:
    """The log group and the log stream; nothing for other log drivers."""
    logging: Wire = spec.get('logConfiguration', {})
    if logging.get('logDriver') != 'awslogs':
        return ()
    options = logging['options']
    prefix = options.get('awslogs-stream-prefix')
    return options['awslogs-group'], f'{prefix}/{container.name}/{task.id}' if prefix else container.runtime_id
