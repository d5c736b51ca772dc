"""What the first deployment of an adopted desired state would change, in sentences."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from stack.adopt.found import Found
from stack.plan import Change, Note
from stack.reconcile.definition import definition_changes, serves
from stack.reconcile.observed import Observed
from stack.reconcile.wanted import Wanted
from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings

# What a value may take of a line; the plan has it in full.
LONGEST_VALUE = 80

_FIELDS = {each.name for each in entries(ServiceSettings)}


def remarks(found: Found, wanted: Wanted, observed: Observed) -> Iterator[Note]:
    """Everything in which the service that runs differs from what its settings in the document come to."""
    changes = definition_changes(found.body, wanted.definition)
    if _keeps_its_definition(wanted, observed):
        changes = []
    for change in changes:
        yield Note(found.name, _sentence(change, found.body))
    if not changes and not _keeps_its_definition(wanted, observed):
        yield Note(found.name, 'Its task definition differs otherwise from what a stackfile comes to.')


def _keeps_its_definition(wanted: Wanted, observed: Observed) -> bool:
    """Whether the first deployment would find nothing to register: names alone do not matter to it."""
    running = observed.definitions.get(observed.services[wanted.service].task_definition)
    return running is not None and serves(wanted.definition, running)


def _sentence(change: Change, body: Mapping[str, Any]) -> str:
    path, before, after = change.path, _shown(change.before), _shown(change.after)
    if path == 'containerDefinitions':
        main, *others = (each.get('name', '?') for each in body['containerDefinitions'])
        return (
            f'Beside {main} it runs {", ".join(others)}: a service of a stackfile has one container, '
            'and the first deployment would leave the others out.'
        )
    if path == 'family':
        return f'Its task definitions are called {before}: the first deployment would register one called {after}.'
    if path == 'name':
        return f'Its container is called {before}: the first deployment would call it {after}.'
    if path == 'networkMode':
        return f'Its tasks run in network mode {before}: the first deployment would run them in {after}.'
    field = path.partition('.')[0]
    if field not in _FIELDS and change.after is None:
        return f'{path} is set ({before}), for which a stackfile has no field: the first deployment would leave it out.'
    return f'{path} is {before}: the first deployment would make it {after}.'


def _shown(value: Any) -> str:
    if value is None:
        return 'not set'
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + '…'
