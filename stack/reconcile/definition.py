"""Comparison of task definitions, with differences named by the fields of the stackfile."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from stack.reconcile.names import MADE_FOR_TAG, owner, token
from stack.reconcile.observed import TaskDefinition
from stack.reconcile.plan import Change, differences
from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.main_container import main_container
from stack.stackfile.normal_form import normalised
from stack.stackfile.restarts import LABEL, settled

Definition = Mapping[str, Any]


def same_definition(wanted: Definition, registered: Definition) -> bool:
    """Whether a registered task definition is what RegisterTaskDefinition would make of `wanted`.

    A later restart is no difference.
    """
    return normalised(wanted) == normalised(settled(registered, wanted))


def fingerprint(wanted: Definition) -> str:
    """The value of the tag `nysa:made-for` of a registered task definition."""
    return token(json.dumps(wanted, sort_keys=True))


def is_registered(wanted: Definition, registered: TaskDefinition) -> bool:
    """Whether registering `wanted` again would change nothing, even if ECS altered it on registration.

    Otherwise every pass would register and deploy such a definition.
    """
    # The tag first: it takes a tenth of the time of a comparison.
    return registered.tags.get(MADE_FOR_TAG) == fingerprint(wanted) or same_definition(wanted, registered.body)


def serves(wanted: Definition, registered: TaskDefinition) -> bool:
    """Whether a registered task definition is equal to `wanted`, or differs only in names that another program chose.

    Adopting a service therefore does not deploy it.
    """
    if is_registered(wanted, registered):
        return True
    if owner(registered.tags) is not None:
        return False
    return _nameless(normalised(wanted)) == _nameless(normalised(settled(registered.body, wanted)))


def _nameless(definition: Definition) -> dict[str, Any]:
    """A normalised definition without its family and the name of a single container."""
    containers = list(definition.get('containerDefinitions') or ())
    if len(containers) == 1:
        containers = [{**containers[0], 'name': ''}]
    return {**definition, 'family': '', 'containerDefinitions': containers}


def definition_changes(registered: Definition | None, wanted: Definition) -> list[Change]:
    """The differences of the wanted definition; only the image where there is no registered one."""
    name = main_container(wanted).get('name', '')
    after = _by_field(normalised(wanted), name)
    if registered is None:
        return [Change('image', None, after.get('image'))]
    before = normalised(settled(registered, wanted))
    return differences(_by_field(before, main_container(before, name).get('name', '')), after)


@cache
def _fields() -> dict[tuple[str, str], str]:
    """Place and key in a task definition → the stackfile's field that it comes from."""
    found = {
        (target.place, target.key): field.name
        for field in entries(ServiceSettings)
        for target in field.ecs
        if target.place in ('container', 'task')
    }
    return found | {('task', 'cpu'): 'task.cpu', ('task', 'memory'): 'task.memory'} | _DERIVED


# Members that a field determines without rendering them by itself.
_DERIVED = {
    ('task', 'networkMode'): 'network_mode',
    ('task', 'requiresCompatibilities'): 'compatibilities',
    ('task', 'family'): 'family',
    ('container', 'name'): 'container_name',
    ('container', 'linuxParameters.initProcessEnabled'): 'init',
    ('container', 'mountPoints'): 'mounts',
}


def _by_field(definition: Definition, main: str) -> dict[str, Any]:
    """A normalised definition as a flat mapping by field of the stackfile, or by AWS's name where there is no field."""
    found = _part('task', {key: value for key, value in definition.items() if key != 'containerDefinitions'})
    others: dict[str, Any] = {}
    for container in definition.get('containerDefinitions') or ():
        if container.get('name', '') == main:
            found |= _part('container', container)
        else:
            others[container['name']] = _part('container', container)
    return found | ({'containers': others} if others else {})


def _part(place: str, structure: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in _members(place, structure):
        if key == 'dockerLabels':
            found |= _labels(value)
        else:
            unnamed = f'ecs.{"container" if place == "container" else "task_definition"}.{key}'
            found[_fields().get((place, key), unnamed)] = _readable(value)
    return found


def _members(place: str, structure: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Members by key; dotted keys where fields render the members of a structure separately."""
    split = {key.partition('.')[0] for where, key in _fields() if where == place and '.' in key}
    for key, value in structure.items():
        if key in split and isinstance(value, Mapping):
            yield from ((f'{key}.{name}', part) for name, part in value.items())
        else:
            yield key, value


def _labels(labels: Mapping[str, Any]) -> dict[str, Any]:
    """Labels as fields: one of them is `restarted_at`."""
    others = {key: value for key, value in labels.items() if key != LABEL}
    own = {'restarted_at': labels[LABEL]} if LABEL in labels else {}
    return own | ({'labels': others} if others else {})


def _readable(value: Any) -> Any:
    """A list of names with values as a mapping; any other value unchanged."""
    if isinstance(value, list) and value and all(isinstance(item, Mapping) and 'name' in item for item in value):
        for held in ('value', 'valueFrom'):
            if all(item.keys() == {'name', held} for item in value):
                return {item['name']: item[held] for item in value}
    return value
