"""Paths of fields, as `ignore` has them, and the members of ECS structures that they stand for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from stack.stackfile.container_fields import Sidecar
from stack.stackfile.deployment_fields import Deployment
from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings

# The places of the pass-through, by the names of `Target.place`.
_PLACES = {'task_definition': 'task', 'container': 'container', 'service': 'service'}

# Fields that render members otherwise than by a target, or beside one.
_DERIVED: Mapping[str, tuple[tuple[str, str], ...]] = {
    'task': (('task', 'cpu'), ('task', 'memory')),
    'task.cpu': (('task', 'cpu'),),
    'task.memory': (('task', 'memory'),),
    'network_mode': (('task', 'networkMode'),),
    'compatibilities': (('task', 'requiresCompatibilities'),),
    'launch_type': (('task', 'requiresCompatibilities'), ('service', 'launchType')),
    'network': (('service', 'networkConfiguration'),),
}

# Fields with entries that a path can name one by one: a list of structures with a name, or a mapping.
_WITH_ENTRIES = ('environment', 'secrets', 'labels')

# The field whose parts can be named one by one.
_DEPLOYMENT = 'deployment'

# Fields that are settings of Nysa itself, or cannot be left to others.
_NEVER = frozenset({'type', 'autoscaled', 'ignore', 'undeclared', 'ecs', 'controller', 'scheduling_strategy'})


@dataclass(frozen=True)
class Part:
    """A member of an ECS structure: `key` is dotted, and empty for a whole container.

    `place` is 'task', 'container' or 'service'. `container` names a further container, '' the main one. `entry` is the
    name of one entry in the member, '' for all of it.
    """

    place: str
    key: str
    container: str = ''
    entry: str = ''


def parts_of(path: str) -> tuple[Part, ...]:
    """The members that a field's path stands for. Raises `ValueError` for a path that names no field."""
    parts = tuple(_parts(path))
    if not parts:
        raise ValueError(f'{path} names no field that can be left to others')
    return parts


def _parts(path: str) -> Iterator[Part]:
    head, _, rest = path.partition('.')
    if head == 'ecs':
        place, _, key = rest.partition('.')
        if place in _PLACES and key:
            yield Part(_PLACES[place], key)
    elif head == 'containers':
        yield from _of_sidecar(rest)
    elif head == _DEPLOYMENT and rest:
        yield from (Part('service', f'deploymentConfiguration.{key}') for _, key in _targets(Deployment).get(rest, ()))
    elif path in _DERIVED:
        yield from (Part(*member) for member in _DERIVED[path])
    elif head in _WITH_ENTRIES or not rest:
        yield from (Part(place, key, entry=rest) for place, key in _targets(ServiceSettings).get(head, ()))


def _of_sidecar(rest: str) -> Iterator[Part]:
    name, _, field = rest.partition('.')
    if not field:
        yield Part('container', '', name)
    elif field.startswith('ecs.container.'):
        yield Part('container', field.removeprefix('ecs.container.'), name)
    else:
        head, _, entry = field.partition('.')
        if head in _WITH_ENTRIES or not entry:
            yield from (
                Part(place, key, name, entry) for place, key in _targets(Sidecar).get(head, ()) if place == 'container'
            )


@cache
def _targets(table: type) -> dict[str, tuple[tuple[str, str], ...]]:
    return {
        field.name: tuple((target.place, target.key) for target in field.ecs)
        for field in entries(table)
        if field.name not in _NEVER
    }


def declared_paths(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The paths that a service's own settings declare; those of the pass-through one by one."""
    passed = raw.get('ecs')
    below = passed.items() if isinstance(passed, Mapping) else ()
    members = (
        f'ecs.{place}.{key}' for place, structure in below if isinstance(structure, Mapping) for key in structure
    )
    own = (name for name in raw if name not in _NEVER and not _is_order_alone(name, raw[name]))
    deployment = raw.get(_DEPLOYMENT)
    parts = [f'{_DEPLOYMENT}.{name}' for name in deployment] if isinstance(deployment, Mapping) else []
    return (*(name for name in own if name != _DEPLOYMENT), *parts, *members)


def _is_order_alone(name: str, value: Any) -> bool:
    """Whether a field declares the order of services and nothing of the task definition."""
    return name == 'depends_on' and isinstance(value, list) and not any(isinstance(item, dict) for item in value)
