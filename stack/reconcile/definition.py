"""Task definitions held against each other, and their differences in the words of the stackfile."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from stack.main_container import main_container, main_first
from stack.plan import Change, differences
from stack.reconcile.names import MADE_FOR_TAG, owner, token
from stack.reconcile.observed import TaskDefinition
from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.restarts import LABEL, settled
from stack.stackfile.task_definition import normalised

Definition = Mapping[str, Any]


def same_definition(wanted: Definition, registered: Definition) -> bool:
    """Whether a registered task definition is what RegisterTaskDefinition would make of `wanted`.

    One that was restarted later will do as well.
    """
    return normalised(wanted) == normalised(settled(registered, wanted))


def fingerprint(wanted: Definition) -> str:
    """What a task definition is registered with as its tag `nysa:made-for`."""
    return token(json.dumps(wanted, sort_keys=True))


def is_registered(wanted: Definition, registered: TaskDefinition) -> bool:
    """Whether to register `wanted` again would give the same: also where ECS changed what it was registered with.

    Otherwise such a definition would be registered and deployed at every pass.
    """
    return same_definition(wanted, registered.body) or registered.tags.get(MADE_FOR_TAG) == fingerprint(wanted)


def serves(wanted: Definition, registered: TaskDefinition) -> bool:
    """Whether a registered task definition will do: the same, or but for the names that another program gave it.

    So a service that Nysa did not make is not deployed again merely because it is taken over.
    """
    if is_registered(wanted, registered):
        return True
    if owner(registered.tags) is not None:
        return False
    return _nameless(normalised(wanted)) == _nameless(normalised(settled(registered.body, wanted)))


def _nameless(definition: Definition) -> dict[str, Any]:
    containers = [{**each, 'name': ''} for each in definition.get('containerDefinitions') or ()]
    return {**definition, 'family': '', 'containerDefinitions': containers}


def definition_changes(registered: Definition | None, wanted: Definition) -> list[Change]:
    """What sets the wanted definition apart; without a registered one, only that its image is new."""
    after = _by_field(normalised(wanted))
    if registered is None:
        return [Change('image', None, after.get('image'))]
    own = main_first(registered, main_container(wanted).get('name', ''))
    return differences(_by_field(normalised(settled(own, wanted))), after)


@cache
def _fields() -> dict[tuple[str, str], str]:
    """Place and key in a task definition → the stackfile's field that it comes from."""
    return {
        (target.place, target.key): field.name
        for field in entries(ServiceSettings)
        for target in field.ecs
        if target.place in ('container', 'task')
    }


def _by_field(definition: Definition) -> dict[str, Any]:
    """A normalised definition as a flat mapping of the stackfile's fields, AWS's own names for whatever has none."""
    found: dict[str, Any] = {}
    containers = definition.get('containerDefinitions') or [{}]
    for place, part in (('task', definition), ('container', containers[0])):
        for key, value in part.items():
            if key == 'dockerLabels':
                found |= _labels(value)
            elif key != 'containerDefinitions':
                found[_fields().get((place, key), key)] = _readable(value)
    if len(containers) > 1:
        found['containerDefinitions'] = [each.get('name') for each in containers]
    return found


def _labels(labels: Mapping[str, Any]) -> dict[str, Any]:
    """One of them is a field of the stackfile; the others are somebody else's."""
    others = {key: value for key, value in labels.items() if key != LABEL}
    own = {'restarted_at': labels[LABEL]} if LABEL in labels else {}
    return own | ({'dockerLabels': others} if others else {})


def _readable(value: Any) -> Any:
    """Lists of names with values as the mappings that they are."""
    if isinstance(value, list) and value and all(isinstance(each, Mapping) and 'name' in each for each in value):
        for held in ('value', 'valueFrom'):
            if all(each.keys() == {'name', held} for each in value):
                return {each['name']: each[held] for each in value}
    return value
