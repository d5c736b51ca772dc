"""A document made fit to be stored and read: what has a mistake is left out, what is common is stated once."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from stack.changes.adopt.found import Found
from stack.stackfile.places import Path

Document = dict[str, Any]


def leave_out(found: Found, below: Path, message: str) -> None:
    """Leave out the field that has a mistake, or the whole service where it cannot be without that field."""
    shown = '.'.join(map(str, below))
    if (
        not below
        or below[0] in ('image', 'memory', 'launch_type', 'cpu', 'containers')
        or below[0] not in found.settings
    ):
        found.leave_out(f'{shown and shown + " "}{message}')
        return
    del found.settings[str(below[0])]
    found.note(f'{below[0]} is left out: {message}.')


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
