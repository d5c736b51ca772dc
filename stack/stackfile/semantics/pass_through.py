"""Rules for the pass-through (`ecs`): it must not repeat a member that a field renders."""

from collections.abc import Iterator, Mapping
from typing import Any

from stack.stackfile.container_fields import Sidecar
from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.places import Path
from stack.stackfile.rendering import Context, place_of
from stack.stackfile.semantics.rules import Finding, Subject, rule
from stack.stackfile.task_definition import rendered_members

_TABLE_PLACE = {'task_definition': 'task', 'container': 'container', 'service': 'service'}
_DERIVED = {'networkMode': 'network_mode', 'requiresCompatibilities': 'compatibilities'}


@rule('ecs', 'containers')
def fields_are_not_repeated(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if settings.ecs:
        rendered = rendered_members(settings)
        for place in _TABLE_PLACE:
            passed = getattr(settings.ecs, place)
            for path in _conflicts(passed, rendered[place]):
                yield ('ecs', place, *path), f'is set by the field {field_of(place, path)} already'
    for i, sidecar in enumerate(settings.containers):
        if isinstance(sidecar, Sidecar) and sidecar.ecs:
            own = place_of(sidecar, 'container', Context('', settings, container=sidecar))
            for path in _conflicts(sidecar.ecs.container, own):
                where = ('containers', i, sidecar.name, 'ecs', 'container', *path)
                yield where, f'is set by the field {field_of("container", path)} already'


def _conflicts(passed: Mapping[str, Any], rendered: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    for name, value in passed.items():
        if name not in rendered:
            continue
        if isinstance(value, Mapping) and isinstance(rendered[name], Mapping):
            yield from _conflicts(value, rendered[name], (*path, name))
        else:
            yield (*path, name)


def field_of(place: str, path: Path) -> str:
    """The field that renders a member of an ECS structure."""
    dotted = '.'.join(map(str, path))
    nearest = ''
    for entry in entries(ServiceSettings):
        for target in entry.ecs:
            if target.place == _TABLE_PLACE.get(place) and (dotted + '.').startswith(target.key + '.'):
                nearest = nearest or entry.name
    return nearest or _DERIVED.get(str(path[0]), str(path[0]))


RULES = (fields_are_not_repeated,)
