"""Rules on the rendered task definition: what RegisterTaskDefinition refuses.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stack.stackfile.images import ImageReference
from stack.stackfile.main_container import is_essential
from stack.stackfile.query_language import is_expression
from stack.stackfile.semantics.fargate import SIZES
from stack.stackfile.semantics.rendered import Member, Refusal, Rendered
from stack.stackfile.task_sizes import SIZE, amount

_LEAST_MEMORY = 6
_MOST_CONTAINERS = 10
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
_HEALTH = {'interval': (5, 300), 'timeout': (2, 120), 'retries': (1, 10), 'startPeriod': (0, 300)}
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerRestartPolicy.html
_RESTART_PERIOD = (60, 1800)
_MOST_EXIT_CODES = 50
_FARGATE_TIMEOUT = (2, 120)
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html
_MOST_TAGS = 50
_LONGEST_TAG = 256
# Tags of Nysa itself: cluster, service, container, made-for.
_OWN_TAGS = 4


def size_is_readable(rendered: Rendered) -> Iterator[Refusal]:
    for member, unit in (('cpu', 'vCPU'), ('memory', 'GB')):
        size = str(rendered.definition.get(member, '1'))
        match = SIZE.fullmatch(size)
        if not match or (match[3] or unit).lower() != unit.lower():
            yield Member('task_definition', (member,)), f'expected a number, or a number of {unit}'


def containers_have_memory(rendered: Rendered) -> Iterator[Refusal]:
    for container in rendered.containers:
        hard, soft = container.get('memory'), container.get('memoryReservation')
        for member, size in (('memory', hard), ('memoryReservation', soft)):
            if size is not None and size < _LEAST_MEMORY:
                yield _of(container, member), f'expected at least {_LEAST_MEMORY} MiB; found {size}'
        if hard is None and soft is None and 'memory' not in rendered.definition:
            yield _of(container, 'memory'), 'a container needs memory or memory_reservation, or the task its memory'
        if hard is not None and soft is not None and soft > hard:
            yield _of(container, 'memoryReservation'), f'must be at most memory: {hard}'


def ports_are_possible(rendered: Rendered) -> Iterator[Refusal]:
    for container in rendered.containers:
        for i, port in enumerate(container.get('portMappings') or ()):
            inner, outer = port.get('containerPort'), port.get('hostPort')
            if any(number is not None and not 0 <= number <= 65_535 for number in (inner, outer)):
                yield _of(container, 'portMappings', i), 'expected ports from 0 to 65535'
            elif rendered.network_mode in ('awsvpc', 'host') and outer is not None and outer != inner:
                message = f'in network mode {rendered.network_mode} the host port is the container port: {inner}'
                yield _of(container, 'portMappings', i), message


def mounts_have_a_volume(rendered: Rendered) -> Iterator[Refusal]:
    known = {volume.get('name') for volume in rendered.definition.get('volumes') or ()}
    for container in rendered.containers:
        for i, mount in enumerate(container.get('mountPoints') or ()):
            if mount.get('sourceVolume') not in known:
                yield _of(container, 'mountPoints', i), f'the task has no volume {mount.get("sourceVolume") or ""}'


def constraints_are_readable(rendered: Rendered) -> Iterator[Refusal]:
    message = 'expected an expression of the cluster query language, such as attribute:zone == a'
    for i, own in enumerate(rendered.settings.placement_constraints):
        if own.type == 'memberOf' and not is_expression(own.expression or ''):
            yield Member('', ('placement_constraints', i)), message
    for place, structure in (('task_definition', rendered.definition), ('service', rendered.service)):
        for i, constraint in enumerate(structure.get('placementConstraints') or ()):
            if constraint.get('type') == 'distinctInstance' and place == 'service':
                continue
            if constraint.get('type') != 'memberOf' or not is_expression(constraint.get('expression') or ''):
                yield Member(place, ('placementConstraints', i)), message


def logging_is_complete(rendered: Rendered) -> Iterator[Refusal]:
    for container in rendered.containers:
        logging = container.get('logConfiguration') or {}
        if logging.get('logDriver') == 'awslogs' and not (logging.get('options') or {}).get('awslogs-group'):
            yield _of(container, 'logConfiguration'), 'the log driver awslogs needs the option awslogs-group'


def secrets_have_a_role(rendered: Rendered) -> Iterator[Refusal]:
    if not rendered.definition.get('executionRoleArn'):
        for container in rendered.containers:
            if container.get('secrets'):
                yield _of(container, 'secrets'), 'ECS needs task_execution_role_arn to read secrets'


def health_check_is_possible(rendered: Rendered) -> Iterator[Refusal]:
    for container in rendered.containers:
        check = container.get('healthCheck') or {}
        for member, (low, high) in _HEALTH.items():
            if member in check and not low <= check[member] <= high:
                yield _of(container, 'healthCheck', member), f'expected {low} to {high}; found {check[member]}'
        if check and not check.get('command'):
            yield _of(container, 'healthCheck'), 'a health check needs a command'


def definition_fits_fargate(rendered: Rendered) -> Iterator[Refusal]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""
    definition = rendered.definition
    compatibilities = definition.get('requiresCompatibilities') or ()
    where = Member('task_definition', ('requiresCompatibilities',))
    if compatibilities and rendered.launch_type not in compatibilities:
        yield where, f'the service needs {rendered.launch_type} among them'
    if not rendered.is_of_fargate:
        return
    if rendered.network_mode != 'awsvpc':
        yield where, 'FARGATE needs network_mode: awsvpc'
    cpu, memory = (amount(definition.get(name)) for name in ('cpu', 'memory'))
    if memory not in SIZES.get(cpu, ()):
        name = 'memory' if cpu in SIZES else 'cpu'
        size = Member('', ('task', name)) if rendered.settings.task else Member('task_definition', (name,))
        yield size, f'FARGATE has no task with cpu {cpu} and memory {memory}'
    for container in rendered.containers:
        if container.get('privileged'):
            yield _of(container, 'privileged'), 'FARGATE has no privileged containers'
    if not definition.get('executionRoleArn') and any(map(_needs_role, rendered.containers)):
        yield Member('', ('launch_type',)), 'FARGATE needs task_execution_role_arn for images in ECR and for awslogs'


def dependencies_are_possible(rendered: Rendered) -> Iterator[Refusal]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html"""
    by_name = {container.get('name'): container for container in rendered.containers}
    for container in rendered.containers:
        for i, dependency in enumerate(container.get('dependsOn') or ()):
            name, where = dependency['containerName'], _of(container, 'dependsOn', i)
            if name not in by_name or name == container.get('name'):
                yield where, f'the task has no other container {name}'
            elif dependency['condition'] == 'HEALTHY' and not by_name[name].get('healthCheck'):
                yield where, f'{name} has no healthcheck'
            elif dependency['condition'] in ('COMPLETE', 'SUCCESS') and is_essential(by_name[name]):
                yield where, f'{name} is essential: the task ends with it'


def restarts_and_timeouts_are_possible(rendered: Rendered) -> Iterator[Refusal]:
    for container in rendered.containers:
        policy = container.get('restartPolicy') or {}
        low, high = _RESTART_PERIOD
        if not low <= policy.get('restartAttemptPeriod', low) <= high:
            yield _of(container, 'restartPolicy', 'restartAttemptPeriod'), f'expected {low} to {high} seconds'
        if len(policy.get('ignoredExitCodes') or ()) > _MOST_EXIT_CODES:
            yield _of(container, 'restartPolicy', 'ignoredExitCodes'), f'expected at most {_MOST_EXIT_CODES}'
        for member in ('startTimeout', 'stopTimeout') if rendered.is_of_fargate else ():
            if not _FARGATE_TIMEOUT[0] <= container.get(member, 2) <= _FARGATE_TIMEOUT[1]:
                yield _of(container, member), 'FARGATE accepts from 2 to 120 seconds'


def tags_are_possible(rendered: Rendered) -> Iterator[Refusal]:
    settings = rendered.settings
    for field, tags in (('tags', settings.tags), ('task_definition_tags', settings.task_definition_tags or {})):
        if len(tags) > _MOST_TAGS - _OWN_TAGS:
            message = f'expected at most {_MOST_TAGS - _OWN_TAGS} tags beside those of Nysa; found {len(tags)}'
            yield Member('', (field,)), message
        for key, value in tags.items():
            if len(value) > _LONGEST_TAG:
                yield Member('', (field, key)), f'expected at most {_LONGEST_TAG} characters; found {len(value)}'


def containers_are_few(rendered: Rendered) -> Iterator[Refusal]:
    if (count := len(rendered.containers)) > _MOST_CONTAINERS:
        yield Member('', ('containers',)), f'a task has at most {_MOST_CONTAINERS} containers; found {count}'


def _needs_role(container: Mapping[str, Any]) -> bool:
    logs = (container.get('logConfiguration') or {}).get('logDriver') == 'awslogs'
    return logs or ImageReference.split(str(container.get('image') or '')).ecr is not None


def _of(container: Mapping[str, Any], *path: str | int) -> Member:
    return Member('container', path, str(container.get('name')))


RULES = (
    size_is_readable,
    containers_have_memory,
    ports_are_possible,
    mounts_have_a_volume,
    constraints_are_readable,
    logging_is_complete,
    secrets_have_a_role,
    health_check_is_possible,
    definition_fits_fargate,
    dependencies_are_possible,
    restarts_and_timeouts_are_possible,
    tags_are_possible,
    containers_are_few,
)
