"""Members that a stackfile leaves to other programs: they are carried over from what runs.

`ignore` leaves single fields as they run; with `undeclared: keep` everything that the service does not declare is left.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from stack.reconcile.names import MADE_FOR_TAG
from stack.reconcile.observed import Service, TaskDefinition
from stack.reconcile.wanted import Wanted
from stack.stackfile.aws_defaults import ADDED_BY_ECS
from stack.stackfile.field_paths import Part, parts_of
from stack.stackfile.main_container import main_container

Structure = dict[str, Any]

# Not settings of a service, or compared elsewhere.
_COUNT = 'desiredCount'
_NEVER_COPIED = frozenset({'schedulingStrategy', 'deploymentController', 'launchType'})


def with_kept(wanted: Wanted, service: Service | None, running: TaskDefinition | None) -> Wanted:
    """The service as it is wanted, with what is left to others as it runs. Unchanged where nothing runs."""
    if not wanted.leaves_something:
        return wanted
    if running is not None:
        wanted = replace(wanted, definition=kept_definition(wanted, running))
    return _with_members(wanted, service) if service is not None else wanted


def kept_definition(wanted: Wanted, running: TaskDefinition) -> Mapping[str, Any]:
    """The wanted task definition with the members that are left to others from another one."""
    definition = copy.deepcopy(dict(wanted.definition))
    body = copy.deepcopy({key: value for key, value in running.body.items() if key not in ADDED_BY_ECS})
    if wanted.declared is not None:
        declared = _in_own_family(copy.deepcopy(body), wanted, definition, running)
        _copy(declared, definition, _parts(wanted.declared), wanted.service)
        _share_restart(declared, definition, wanted)
        definition = declared
    _copy(definition, body, _parts(wanted.ignored), wanted.service)
    return definition


def _in_own_family(body: Structure, wanted: Wanted, definition: Structure, running: TaskDefinition) -> Structure:
    """The running definition under the wanted family, with the tags of both."""
    own = definition.get('tags', [])
    names = {tag['key'] for tag in own} | {MADE_FOR_TAG}
    tags = [{'key': key, 'value': value} for key, value in running.tags.items() if key not in names]
    return {**body, 'family': wanted.family, 'tags': [*own, *tags]}


def _share_restart(target: Structure, definition: Structure, wanted: Wanted) -> None:
    """The time of a restart is a label: declaring it leaves the other labels."""
    if wanted.declared is not None and 'restarted_at' in wanted.declared and 'labels' not in wanted.declared:
        container = _main(target, wanted.service)
        labels = (_main(definition, wanted.service) or {}).get('dockerLabels', {})
        if container is not None and labels:
            container['dockerLabels'] = {**container.get('dockerLabels', {}), **labels}


def _parts(paths: Iterable[str]) -> list[Part]:
    """The members of paths; of one that names no field there are none, which the check reports."""
    parts: list[Part] = []
    for path in paths:
        if path == 'restarted_at':
            continue
        try:
            parts += parts_of(path)
        except ValueError:
            continue
    return parts


def _copy(target: Structure, source: Structure, parts: Iterable[Part], service: str) -> None:
    """Give the target the source's members, or lack of them."""
    for part in parts:
        if part.place == 'task':
            _copy_member(target, source, part)
        elif part.place == 'container' and not part.key:
            _copy_containers(target, source, part.container, service)
        elif part.place == 'container' and part.key != 'name':
            one, other = _container(target, part.container, service), _container(source, part.container, service)
            if one is not None and other is not None:
                _copy_member(one, other, part)


def _copy_containers(target: Structure, source: Structure, name: str, service: str) -> None:
    """Replace one further container, or with an empty name all of them."""
    kept = [
        container
        for container in target['containerDefinitions']
        if container is _main(target, service) or (name and container.get('name') != name)
    ]
    added = [
        container
        for container in source['containerDefinitions']
        if container is not _main(source, service) and name in ('', container.get('name'))
    ]
    target['containerDefinitions'] = [*kept, *added]


def _copy_member(target: Structure, source: Structure, part: Part) -> None:
    *above, last = part.key.split('.')
    found: Any = source
    for name in above:
        found = found.get(name) or {}
    value = found.get(last)
    if part.entry:
        value = _with_entry(_at(target, above).get(last), value, part.entry)
    if value in (None, [], {}):
        if all_there := _at(target, above, make=False):
            all_there.pop(last, None)
    else:
        _at(target, above)[last] = value


def _at(structure: Structure, above: list[str], *, make: bool = True) -> Structure:
    for name in above:
        structure = structure.setdefault(name, {}) if make else structure.get(name) or {}
    return structure


def _with_entry(own: Any, other: Any, name: str) -> Any:
    """A mapping, or a list of structures with names, with one entry from another one."""
    if isinstance(own or other, Mapping):
        kept = {key: value for key, value in (own or {}).items() if key != name}
        return kept | ({name: other[name]} if name in (other or {}) else {})
    kept_items = [item for item in own or () if item.get('name') != name]
    return [*kept_items, *(item for item in other or () if item.get('name') == name)]


def _main(definition: Structure, service: str) -> Structure | None:
    main = main_container(definition, service)
    containers: list[Structure] = definition['containerDefinitions']
    return next((container for container in containers if container is main), None)


def _container(definition: Structure, name: str, service: str) -> Structure | None:
    if not name:
        return _main(definition, service)
    return next((container for container in definition['containerDefinitions'] if container.get('name') == name), None)


def _with_members(wanted: Wanted, service: Service) -> Wanted:
    """The members of the service that are left to others, as it has them, and its count."""
    live = copy.deepcopy(dict(service.members))
    members, ignored = copy.deepcopy(dict(wanted.members)), _parts(wanted.ignored)
    of_service = [part for part in ignored if part.place == 'service']
    counted = any(part.key == _COUNT for part in of_service)
    if wanted.declared is not None:
        declared = [part for part in _parts(wanted.declared) if part.place == 'service']
        counted = counted or all(part.key != _COUNT for part in declared)
        own = {name: members[name] for name in _NEVER_COPIED & members.keys()}
        members = {**copy.deepcopy(live), **own}
        _copy_service(members, dict(wanted.members), declared)
    _copy_service(members, live, of_service)
    return replace(wanted, members=members, autoscaled=wanted.autoscaled or counted)


def _copy_service(target: Structure, source: Structure, parts: Iterable[Part]) -> None:
    for part in parts:
        if part.key.partition('.')[0] not in _NEVER_COPIED | {_COUNT}:
            _copy_member(target, source, part)
