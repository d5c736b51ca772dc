"""Effective settings: a desired state with defaults and inherited values applied.

A stored document need not be valid: unreadable parts are ignored, and nothing is raised for them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from voluptuous import Invalid

from stack.errors import NotFound
from stack.stackfile.entries import DEFAULTS, completed, entries, read_entries
from stack.stackfile.fields import ServiceSettings, Stackfile

_TOP_ENTRIES = entries(Stackfile)
_SERVICE_ENTRIES = entries(ServiceSettings)
_INHERITED = tuple(e for e in _SERVICE_ENTRIES if e.inherits)
_RECORDS = tuple(e for e in _SERVICE_ENTRIES if e.shape.entries)

# The raw settings of a service in one document and in another, by its name.
Pairs = dict[str, tuple[dict[str, Any], dict[str, Any]]]


def services(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and raw settings of every service, in order; {} for settings that are no mapping."""
    return _of_items(service_items(document))


def service_items(document: Any) -> Sequence[Any]:
    """The list `services`, of mappings with the services; empty where it is no list."""
    listed = document.get('services') if isinstance(document, dict) else None
    return listed if isinstance(listed, list) else ()


def _of_items(items: Iterable[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in items:
        if isinstance(item, dict):
            for name, raw in item.items():
                yield name, raw if isinstance(raw, dict) else {}


def services_of_both(before: Any, after: Any) -> Pairs:
    """The raw settings in two documents of the services that are in both, in the order of the second one."""
    return _paired(service_items(before), service_items(after))


def differing_services(before: Any, after: Any) -> Pairs:
    """Those of `services_of_both` whose settings differ. Services that are one object in both documents cost little.

    An edit keeps the objects of the services that it leaves as they are.
    """
    old, new = ({id(item): item for item in service_items(document)} for document in (before, after))
    left = [item for key, item in old.items() if key not in new]
    made = [item for key, item in new.items() if key not in old]
    return {name: raws for name, raws in _paired(left, made).items() if raws[0] != raws[1]}


def _paired(before: Iterable[Any], after: Iterable[Any]) -> Pairs:
    old = dict(_of_items(before))
    return {name: (old[name], raw) for name, raw in _of_items(after) if name in old}


def top_settings(document: Any) -> Stackfile:
    """The settings outside `services`: VPC, global logging, service discovery, defaults."""
    try:
        values = read_entries(_TOP_ENTRIES, document)
    except Invalid:
        return Stackfile()
    whole = {key: completed(value) for key, value in values.items()}
    return Stackfile(**{key: value for key, value in whole.items() if value is not None})


def service_settings(document: Any, name: str) -> ServiceSettings:
    """The effective settings of one service; raises NotFound where it does not exist."""
    for known, raw in services(document):
        if known == name:
            return settle(name, raw, top_settings(document))
    raise NotFound(f'There is no service {name!r} in the desired state.')


def all_settings(document: Any) -> dict[str, ServiceSettings]:
    """The effective settings of every service by name; the first of a repeated name."""
    top = top_settings(document)
    found: dict[str, ServiceSettings] = {}
    for name, raw in services(document):
        if name not in found:
            found[name] = settle(name, raw, top)
    return found


def environment(document: Any, name: str) -> dict[str, str]:
    """The environment variables that the service's container gets, as text; raises NotFound."""
    return dict(service_settings(document, name).environment)


def settle(name: str, raw: Mapping[str, Any], top: Stackfile) -> ServiceSettings:
    """One service's effective settings, from its raw ones and the top of the document."""
    return without_incomplete(read_settings(name, raw, top))


def without_incomplete(settings: ServiceSettings) -> ServiceSettings:
    """The settings with the default in place of each record that lacks a required value."""
    changes = {}
    for e in _RECORDS:
        part = getattr(settings, e.name)
        kept = completed(part)
        if kept != part:
            changes[e.name] = e.default if kept is None else kept
    return replace(settings, **changes) if changes else settings


def read_settings(name: str, raw: Mapping[str, Any], top: Stackfile) -> ServiceSettings:
    """As `settle`, but records that lack a required value are kept, with None for it."""
    values = read_entries(_SERVICE_ENTRIES, raw)
    for e in _INHERITED:
        inherited = top.defaults.get(e.name) if e.inherits == DEFAULTS else getattr(top, e.name)
        if inherited is not None:
            values[e.name] = e.shape.merge(inherited, values[e.name]) if e.name in values else inherited
    if 'grace_period' not in raw and not _is_balanced(values):
        values.pop('grace_period', None)
    if top.tags:
        values['tags'] = {**top.tags, **values.get('tags', {})}
    if 'memory' not in values and _is_limited_otherwise(values):
        values['memory'] = None
    return ServiceSettings(name=name, **values)


def _is_balanced(values: Mapping[str, Any]) -> bool:
    """Whether the service has a load balancer; without one, ECS refuses a grace period."""
    passed = values.get('ecs')
    return bool(values.get('elb') or (passed and passed.service.get('loadBalancers')))


def _is_limited_otherwise(values: Mapping[str, Any]) -> bool:
    """Whether the default of `memory` does not apply, since a reservation or the task's size limits the container."""
    passed = values.get('ecs')
    if passed and ('memory' in passed.container or 'memory' in passed.task_definition):
        return True
    size = values.get('task')
    if size is not None:
        return size.memory is not None
    return values.get('memory_reservation') is not None and not ServiceSettings(**_placement(values)).on_fargate


def _placement(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in ('launch_type', 'capacity_providers') if name in values}
