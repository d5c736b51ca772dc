"""Removal of fields with mistakes, and common settings moved to the top of a document."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from stack.changes.adopt.found import Found
from stack.stackfile.places import Path

Document = dict[str, Any]


def leave_out(found: Found, below: Path, message: str) -> None:
    """Remove the field that has a mistake, or the whole service where the field is required."""
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
    """Move shared logging to the top, if all services have logging: a service cannot opt out of it."""
    services = [settings for item in document['services'] for settings in item.values()]
    drivers = Counter(service['logging']['log_driver'] for service in services if 'logging' in service)
    if len(services) < 2 or sum(drivers.values()) < len(services):
        return document
    driver, users = max(drivers.items(), key=lambda item: (item[1], item[0]))
    if users < 2:
        return document
    sharing = [
        service['logging'].get('options', {}) for service in services if service['logging']['log_driver'] == driver
    ]
    common = {
        name: value for name, value in sharing[0].items() if all(options.get(name) == value for options in sharing[1:])
    }
    if not common and any(sharing):
        return document
    top = {'log_driver': driver, **({'options': common} if common else {})}
    return _put_before(
        'logging',
        top,
        {**document, 'services': _each(document, lambda logging: _own(logging, driver, common))},
    )


def _each(document: Document, change: Callable[[dict[str, Any]], dict[str, Any]]) -> list[Any]:
    """The services with their logging changed, without empty mappings."""
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
    """The document with one more key after `vpc`, as in the field table."""
    before = {key: document[key] for key in ('vpc',) if key in document}
    return {**before, name: value, **{key: part for key, part in document.items() if key not in before}}
