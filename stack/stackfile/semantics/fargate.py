"""What Fargate does not do. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""

from collections.abc import Iterator

from stack.images import ImageReference
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
}
LOG_DRIVERS = ('awsfirelens', 'awslogs', 'splunk')


@rule('launch_type', 'cpu', 'memory')
def size_is_offered(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if settings.launch_type != 'FARGATE':
        return
    if settings.cpu not in SIZES:
        what = 'FARGATE needs cpu' if settings.cpu is None else f'FARGATE has no cpu of {settings.cpu}'
        yield ('cpu',), f'{what}: one of {", ".join(map(str, SIZES))}'
    elif settings.memory not in SIZES[settings.cpu]:
        allowed = SIZES[settings.cpu]
        step = allowed[1] - allowed[0] if len(allowed) > 3 else None
        which = f'{allowed[0]} to {allowed[-1]} in steps of {step}' if step else ', '.join(map(str, allowed))
        yield ('memory',), f'FARGATE has no memory of {settings.memory} with cpu {settings.cpu}: {which}'


@rule('launch_type', 'logging')
def log_driver_is_offered(subject: Subject) -> Iterator[Finding]:
    logging = subject.settings.logging
    if subject.settings.launch_type != 'FARGATE' or logging.log_driver is None:
        return
    if logging.log_driver not in LOG_DRIVERS:
        yield ('logging',), f'FARGATE has no log driver {logging.log_driver}: one of {", ".join(LOG_DRIVERS)}'
    if logging.log_driver == 'awslogs' and 'awslogs-stream-prefix' not in logging.options:
        yield ('logging',), 'FARGATE needs the option awslogs-stream-prefix'


@rule('launch_type', 'image', 'logging', 'task_execution_role_arn')
def agent_has_a_role(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if settings.launch_type != 'FARGATE' or settings.task_execution_role_arn is not None:
        return
    if settings.logging.log_driver == 'awslogs' or ImageReference.split(settings.image).ecr:
        yield ('launch_type',), 'FARGATE needs task_execution_role_arn for images in ECR and for awslogs'


def _not_on_fargate(field: str, what: str) -> Rule:
    @rule('launch_type', field)
    def refuse(subject: Subject) -> Iterator[Finding]:
        if subject.settings.launch_type == 'FARGATE' and getattr(subject.settings, field):
            yield (field,), f'FARGATE has no {what}'

    return refuse


@rule('launch_type', 'scheduling_strategy')
def no_daemons(subject: Subject) -> Iterator[Finding]:
    if subject.settings.launch_type == 'FARGATE' and subject.settings.scheduling_strategy == 'DAEMON':
        yield ('scheduling_strategy',), 'FARGATE has no instances to run a DAEMON on'


RULES = (
    size_is_offered,
    log_driver_is_offered,
    agent_has_a_role,
    no_daemons,
    _not_on_fargate('privileged', 'privileged containers'),
    _not_on_fargate('gpus', 'GPUs'),
    _not_on_fargate('volumes', 'directories of an instance'),
    _not_on_fargate('placement_constraints', 'instances to place tasks on'),
)
