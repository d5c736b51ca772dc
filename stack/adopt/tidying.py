"""A document made fit to be stored, and to be read: what is wrong is left out, what is common is said once."""

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

from stack.plan import Note
from stack.stackfile.check import check
from stack.stackfile.places import Path

Document = dict[str, Any]


def without_mistakes(document: Document, cluster: str) -> tuple[Document, list[Note]]:
    """The document without what a stackfile does not take, and a note on each thing that had to go."""
    document, notes = copy.deepcopy(document), []
    while mistakes := check(document, cluster=cluster).mistakes:
        # One at a time: what is left out may be what the next one is about.
        path, message = mistakes[0].path, mistakes[0].message
        notes.append(_leave_out(document, path, message))
    return document, notes


def _leave_out(document: Document, path: Path, message: str) -> Note:
    """Leave out the field that a path leads to, of a list only the item; or the whole service that lacks something."""
    if path[:1] != ('services',):
        del document[path[0]]
        return Note(None, f'{path[0]} is left out: {message}.')
    _, place, name, *below = path
    settings = document['services'][place][name]
    if not below or below[0] in ('image', 'memory', 'launch_type', 'cpu') or below[0] not in settings:
        del document['services'][place]
        said = '.'.join(map(str, below))
        return Note(name, f'It is left out, and goes on running as it is: {said and said + " "}{message}.')
    field = below[0]
    items = settings[field]
    if isinstance(items, list) and len(below) > 1 and isinstance(below[1], int) and len(items) > 1:
        gone = items.pop(below[1])
        return Note(name, f'{field} is left out in part, {_shown(gone)}: {message}.')
    del settings[field]
    return Note(name, f'{field} is left out: {message}.')


def _shown(item: Any) -> str:
    """An item of a list by its name: its value may be a secret."""
    return next(iter(item)) if isinstance(item, dict) else str(item)


def with_common_logging(document: Document) -> Document:
    """Logging that services share stands at the top. Only where all have some: a service cannot decline it."""
    services = [settings for each in document['services'] for settings in each.values()]
    drivers = Counter(each['logging']['log_driver'] for each in services if 'logging' in each)
    if len(services) < 2 or sum(drivers.values()) < len(services):
        return document
    driver, users = max(drivers.items(), key=lambda each: (each[1], each[0]))
    if users < 2:
        return document
    sharing = [each['logging'].get('options', {}) for each in services if each['logging']['log_driver'] == driver]
    common = {name: value for name, value in sharing[0].items() if all(each.get(name) == value for each in sharing[1:])}
    if not common and any(sharing):
        return document
    top = {'log_driver': driver, **({'options': common} if common else {})}
    return _put_before(
        'logging',
        top,
        {**document, 'services': _each(document, lambda logging: _own(logging, driver, common))},
    )


def _each(document: Document, change: Callable[[dict[str, Any]], dict[str, Any]]) -> list[Any]:
    """The services with their logging changed; what is empty then is left out."""
    changed = []
    for item in document['services']:
        (name, settings), *_ = item.items()
        logging = change(settings['logging'])
        kept = {key: logging if key == 'logging' else value for key, value in settings.items()}
        changed.append({name: kept if logging else {key: value for key, value in kept.items() if key != 'logging'}})
    return changed


def _own(logging: dict[str, Any], driver: str, common: dict[str, str]) -> dict[str, Any]:
    if logging['log_driver'] != driver:
        return logging
    options = {name: value for name, value in logging.get('options', {}).items() if name not in common}
    return {'options': options} if options else {}


def _put_before(name: str, value: Any, document: Document) -> Document:
    """The document with one more key, which stands after `vpc` as in the table of fields."""
    before = {key: document[key] for key in ('vpc',) if key in document}
    return {**before, name: value, **{key: each for key, each in document.items() if key not in before}}
