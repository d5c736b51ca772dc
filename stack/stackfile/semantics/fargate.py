"""Rules for Fargate: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""

from collections.abc import Callable, Iterator
from typing import Any

from stack.stackfile.images import ImageReference
from stack.stackfile.semantics.containers import containers
from stack.stackfile.semantics.rules import Finding, Rule, Subject, rule

GIB = 1024
# CPU units, and the memory in MiB that may go with them:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
SIZES: dict[int, tuple[int, ...]] = {
    256: (512, 1 * GIB, 2 * GIB),
    512: tuple(range(1 * GIB, 4 * GIB + 1, GIB)),
    1024: tuple(range(2 * GIB, 8 * GIB + 1, GIB)),
    2048: tuple(range(4 * GIB, 16 * GIB + 1, GIB)),
    4096: tuple(range(8 * GIB, 30 * GIB + 1, GIB)),
    8192: tuple(range(16 * GIB, 60 * GIB + 1, 4 * GIB)),
    16384: tuple(range(32 * GIB, 120 * GIB + 1, 8 * GIB)),
    32768: (60 * GIB, 120 * GIB, 244 * GIB),
}
LOG_DRIVERS = ('awsfirelens', 'awslogs', 'splunk')

PLACEMENT = ('launch_type', 'capacity_providers')


@rule(*PLACEMENT, 'cpu', 'memory', 'task')
def size_is_offered(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if not settings.on_fargate:
        return
    size, path = (settings.task, ('task',)) if settings.task else (settings, ())
    if size.cpu not in SIZES:
        what = 'FARGATE needs cpu' if size.cpu is None else f'FARGATE has no cpu of {size.cpu}'
        yield (*path, 'cpu'), f'{what}: one of {", ".join(map(str, SIZES))}'
    elif size.memory not in SIZES[size.cpu]:
        allowed = SIZES[size.cpu]
        step = allowed[1] - allowed[0] if len(allowed) > 3 else None
        which = f'{allowed[0]} to {allowed[-1]} in steps of {step}' if step else ', '.join(map(str, allowed))
        what = 'FARGATE needs memory' if size.memory is None else f'FARGATE has no memory of {size.memory}'
        yield (*path, 'memory'), f'{what} with cpu {size.cpu}: {which}'


@rule(*PLACEMENT, 'logging', 'containers')
def log_driver_is_offered(subject: Subject) -> Iterator[Finding]:
    if not subject.settings.on_fargate:
        return
    for path, _, container in containers(subject):
        logging = container.logging
        if logging.log_driver is not None and logging.log_driver not in LOG_DRIVERS:
            found = f'FARGATE has no log driver {logging.log_driver}: one of {", ".join(LOG_DRIVERS)}'
            yield (*path, 'logging'), found
        if logging.log_driver == 'awslogs' and 'awslogs-stream-prefix' not in logging.options:
            yield (*path, 'logging'), 'FARGATE needs the option awslogs-stream-prefix'


@rule(*PLACEMENT, 'image', 'logging', 'containers', 'task_execution_role_arn')
def agent_has_a_role(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if not settings.on_fargate or settings.task_execution_role_arn is not None:
        return
    every = [container for _, _, container in containers(subject)]
    if any(c.logging.log_driver == 'awslogs' or ImageReference.split(c.image or '').ecr for c in every):
        yield ('launch_type',), 'FARGATE needs task_execution_role_arn for images in ECR and for awslogs'


@rule(*PLACEMENT, 'scheduling_strategy')
def no_daemons(subject: Subject) -> Iterator[Finding]:
    if subject.settings.on_fargate and subject.settings.scheduling_strategy == 'DAEMON':
        yield ('scheduling_strategy',), 'FARGATE has no instances to run a DAEMON on'


@rule(*PLACEMENT, 'volumes')
def volumes_are_offered(subject: Subject) -> Iterator[Finding]:
    if subject.settings.on_fargate:
        for i, volume in enumerate(subject.settings.volumes):
            if volume.host is not None:
                yield ('volumes', i), 'FARGATE has no directories of an instance'
            if volume.docker is not None:
                yield ('volumes', i), 'FARGATE has no Docker volumes'


@rule(*PLACEMENT, 'capabilities', 'containers')
def capabilities_are_offered(subject: Subject) -> Iterator[Finding]:
    if subject.settings.on_fargate:
        for path, _, container in containers(subject):
            for i, added in enumerate(container.capabilities.add if container.capabilities else ()):
                if added != 'SYS_PTRACE':
                    yield (*path, 'capabilities', 'add', i), 'FARGATE adds no capability but SYS_PTRACE'


@rule(*PLACEMENT, 'stop_timeout', 'start_timeout', 'containers')
def timeouts_are_offered(subject: Subject) -> Iterator[Finding]:
    if subject.settings.on_fargate:
        for path, _, container in containers(subject):
            for field in ('stop_timeout', 'start_timeout'):
                seconds = getattr(container, field)
                if seconds is not None and not 2 <= seconds <= 120:
                    yield (*path, field), f'FARGATE accepts from 2 to 120 seconds; found {seconds}'


def _not_on_fargate(field: str, what: str, of: Callable[[Subject], Iterator[Any]] = containers) -> Rule:
    """A rule for a field that Fargate refuses on any container."""

    @rule(*PLACEMENT, field, 'containers')
    def refuse(subject: Subject) -> Iterator[Finding]:
        if subject.settings.on_fargate:
            for path, _, container in of(subject):
                if getattr(container, field):
                    yield (*path, field), f'FARGATE has no {what}'

    return refuse


def _service_alone(subject: Subject) -> Iterator[Any]:
    yield (), '', subject.settings


RULES = (
    size_is_offered,
    log_driver_is_offered,
    agent_has_a_role,
    no_daemons,
    volumes_are_offered,
    capabilities_are_offered,
    timeouts_are_offered,
    _not_on_fargate('privileged', 'privileged containers'),
    _not_on_fargate('gpus', 'GPUs'),
    _not_on_fargate('links', 'links'),
    _not_on_fargate('shared_memory', 'shared_memory'),
    _not_on_fargate('extra_hosts', 'extra_hosts'),
    _not_on_fargate('hostname', 'hostname'),
    _not_on_fargate('placement_constraints', 'instances to place tasks on', _service_alone),
    _not_on_fargate('placement_strategy', 'instances to place tasks on', _service_alone),
)
