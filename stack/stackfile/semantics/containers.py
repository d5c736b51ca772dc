"""Rules across the containers of a task: names, volumes, dependencies, sizes, log routers."""

from collections.abc import Iterator
from typing import Any

from stack.stackfile.container_fields import Sidecar
from stack.stackfile.places import Path
from stack.stackfile.semantics.rules import Finding, Subject, rule

MAIN: Path = ()


def containers(subject: Subject) -> Iterator[tuple[Path, str, Any]]:
    """The path of the fields, the name and the settings of every container, the main one first."""
    yield MAIN, subject.settings.main_container, subject.settings
    for i, sidecar in enumerate(subject.settings.containers):
        if isinstance(sidecar, Sidecar):
            yield ('containers', i, sidecar.name), sidecar.name, sidecar


@rule('containers', 'container_name')
def names_are_unique(subject: Subject) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, name, _ in containers(subject):
        if name in seen:
            yield path, f'another container of the task is named {name}'
        seen.add(name)


@rule('containers', 'container_name')
def bare_names_are_of_the_main_container(subject: Subject) -> Iterator[Finding]:
    names = [(i, container) for i, container in enumerate(subject.settings.containers) if isinstance(container, str)]
    for place, (i, name) in enumerate(names):
        if name != subject.settings.main_container:
            yield ('containers', i), f'{name} has no settings; only the main container may be a name alone'
        elif place:
            yield ('containers', i), f'{name} is above already'


@rule('containers', 'essential')
def one_is_essential(subject: Subject) -> Iterator[Finding]:
    if not any(container.essential for _, _, container in containers(subject)):
        yield ('essential',), 'at least one container of a task must be essential'


@rule('containers', 'container_name', 'depends_on', 'links', 'volumes_from')
def names_refer_to_containers(subject: Subject) -> Iterator[Finding]:
    known = {name for _, name, _ in containers(subject)}
    for path, name, container in containers(subject):
        others = known - {name}
        for other in container.depends_on.containers:
            if other not in others:
                yield (*path, 'depends_on', *container.depends_on.places[other]), _unknown(other, others)
        for i, link in enumerate(container.links):
            if link.partition(':')[0] not in others:
                yield (*path, 'links', i), _unknown(link.partition(':')[0], others)
        for i, source in enumerate(container.volumes_from):
            if source.container not in others:
                yield (*path, 'volumes_from', i), _unknown(source.container, others)


def _unknown(name: str, others: set[str]) -> str:
    return f'the task has no other container {name}' + (f': {", ".join(sorted(others))}' if others else '')


@rule('containers', 'container_name', 'depends_on', 'healthcheck', 'essential')
def dependencies_can_be_met(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html"""
    by_name = {name: container for _, name, container in containers(subject)}
    for path, name, container in containers(subject):
        for other, condition in container.depends_on.containers.items():
            target = by_name.get(other)
            where = (*path, 'depends_on', *container.depends_on.places[other])
            if target is None:
                continue
            if condition == 'healthy' and target.healthcheck is None and not _passes_through(target, 'healthCheck'):
                yield where, f'{other} has no healthcheck'
            if condition in ('complete', 'success') and target.essential:
                yield where, f'{other} is essential: the task ends with it'
            if _reaches(by_name, other, name):
                yield where, f'{other} depends on {name}'


def _passes_through(container: Any, member: str) -> bool:
    return bool(container.ecs) and member in container.ecs.container


def _reaches(by_name: dict[str, Any], start: str, goal: str) -> bool:
    waiting, seen = [start], set()
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in seen and name in by_name:
            seen.add(name)
            waiting += by_name[name].depends_on.containers
    return False


@rule('containers', 'volumes', 'mounts', 'ecs')
def mounts_have_volumes(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    known = {volume.name for volume in settings.volumes}
    if settings.ecs:
        passed = settings.ecs.task_definition.get('volumes')
        stated = (
            [volume.get('name') for volume in passed if isinstance(volume, dict)] if isinstance(passed, list) else []
        )
        known |= {name for name in stated if isinstance(name, str)}
    for path, _, container in containers(subject):
        for i, mount in enumerate(container.mounts):
            if mount.name not in known:
                names = f': {", ".join(sorted(known))}' if known else ''
                yield (*path, 'mounts', i), f'the task has no volume {mount.name}{names}'


@rule('volumes')
def volumes_are_complete(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-efs-config.html"""
    for i, volume in enumerate(subject.settings.volumes):
        efs = volume.efs
        if efs and efs.access_point and efs.root not in (None, '/'):
            yield ('volumes', i, 'efs', 'root'), 'an access point has its own root: leave root out'
        if efs and (efs.access_point or efs.iam) and not efs.encryption:
            yield ('volumes', i, 'efs'), 'access_point and iam need encryption: true'
    if sum(volume.ebs is not None for volume in subject.settings.volumes) > 1:
        yield ('volumes',), 'a task can have one EBS volume'


@rule('containers', 'logging', 'firelens', 'ecs')
def log_router_is_there(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html"""
    routers = [
        path
        for path, _, container in containers(subject)
        if container.firelens or _passes_through(container, 'firelensConfiguration')
    ]
    for path in routers[1:]:
        yield (*path, 'firelens'), 'a task can have one log router'
    for path, _, container in containers(subject):
        if container.logging.log_driver == 'awsfirelens' and not routers:
            yield (*path, 'logging'), 'the log driver awsfirelens needs a container with firelens'


@rule('containers', 'logging')
def logging_of_containers_is_complete(subject: Subject) -> Iterator[Finding]:
    for path, _, container in containers(subject):
        logging = container.logging
        if logging.log_driver is None and (logging.options or logging.secret_options):
            yield (*path, 'logging'), 'the options need a log_driver'
        if logging.log_driver == 'awslogs' and 'awslogs-group' not in logging.options:
            yield (*path, 'logging'), 'the log driver awslogs needs the option awslogs-group'


@rule('containers', 'ports', 'network_mode')
def ports_are_complete(subject: Subject) -> Iterator[Finding]:
    for path, _, container in containers(subject):
        protocols: dict[int, str] = {}
        for i, port in enumerate(container.ports):
            if (port.container is None) == (port.range is None):
                yield (*path, 'ports', i), 'expected container or range'
            if port.range and port.host:
                yield (*path, 'ports', i), 'a range has no host port'
            if port.container and protocols.setdefault(port.container, port.protocol) != port.protocol:
                yield (*path, 'ports', i), f'ECS accepts one protocol for port {port.container}'


@rule('containers', 'ports', 'network_mode', 'launch_type')
def ports_do_not_collide(subject: Subject) -> Iterator[Finding]:
    """In all network modes but bridge, the containers of a task share their ports."""
    if subject.settings.task_network in ('bridge', 'default'):
        return
    owners: dict[int, str] = {}
    for path, name, container in containers(subject):
        for i, port in enumerate(container.ports):
            if port.container and owners.setdefault(port.container, name) != name:
                yield (*path, 'ports', i), f'port {port.container} is used by the container {owners[port.container]}'


@rule('containers', 'memory', 'memory_reservation', 'task', 'cpu', 'launch_type')
def sizes_fit(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"""
    settings = subject.settings
    size = settings.task
    for path, name, container in containers(subject):
        if container.memory and container.memory_reservation and container.memory < container.memory_reservation:
            yield (*path, 'memory_reservation'), f'must be at most memory: {container.memory}'
        limited = container.memory or container.memory_reservation or (size and size.memory) or settings.on_fargate
        if not limited and not (_passes_through(container, 'memory') or _task_memory(settings)):
            yield path or ('memory',), f'{name} needs memory or memory_reservation, or the task its task.memory'
    for field in ('memory', 'cpu'):
        limit = getattr(size, field) if size else None
        used = sum(getattr(container, field) or 0 for _, _, container in containers(subject))
        if limit and used > limit:
            yield ('task', field), f'its containers take {used}, more than the {limit} of the task'


def _task_memory(settings: Any) -> bool:
    return bool(settings.ecs) and 'memory' in settings.ecs.task_definition


RULES = (
    names_are_unique,
    bare_names_are_of_the_main_container,
    one_is_essential,
    names_refer_to_containers,
    dependencies_can_be_met,
    mounts_have_volumes,
    volumes_are_complete,
    log_router_is_there,
    logging_of_containers_is_complete,
    ports_are_complete,
    ports_do_not_collide,
    sizes_fit,
)
