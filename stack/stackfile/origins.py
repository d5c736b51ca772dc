"""The effective settings of a service in stackfile form, each with the part of the document that it comes from."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from functools import reduce
from typing import Any

from voluptuous import Invalid

from stack.errors import NotFound
from stack.runtime.durations import write_duration
from stack.stackfile.effective import services, settle, top_settings
from stack.stackfile.entries import DEFAULTS, TOP, Entry, entries
from stack.stackfile.fields import ServiceSettings


class Origin(Enum):
    """The source of a value: the service, `defaults`, the top of the document, several of them, or Nysa."""

    SERVICE = 'service'
    DEFAULTS = 'defaults'
    CLUSTER = 'cluster'
    MERGED = 'merged'
    BUILT_IN = 'built-in'


@dataclass(frozen=True)
class Setting:
    """One field's value; `parts` has the origin of each key of a merged mapping."""

    value: Any
    origin: Origin
    parts: Mapping[str, Origin] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        content: dict[str, Any] = {'value': self.value, 'origin': self.origin.value}
        if self.parts:
            content['parts'] = {key: origin.value for key, origin in self.parts.items()}
        return content


def settings_with_origins(document: Any, name: str) -> dict[str, Setting]:
    """The fields of one service that have a value, in the order of the field table.

    Unreadable values are ignored, as in `effective`. Raises `NotFound` where the service does not exist.
    """
    raw = next((raw for known, raw in services(document) if known == name), None)
    if raw is None:
        raise NotFound(f'There is no service {name!r} in the desired state.')
    effective = settle(name, raw, top_settings(document))
    found = {}
    for entry in entries(ServiceSettings):
        layers = list(_layers(entry, document, raw))
        value = getattr(effective, entry.name)
        if layers:
            found[entry.name] = _setting(entry, layers)
        elif isinstance(value, str | int) and value != '':
            found[entry.name] = Setting(value, Origin.BUILT_IN)
    return found


def _layers(entry: Entry, document: Any, raw: Mapping[str, Any]) -> Iterator[tuple[Origin, Any]]:
    """The readable raw values of a field, that of the lowest precedence first."""
    defaults = document.get('defaults')
    if entry.inherits == TOP or entry.name == 'tags':
        yield from _layer(entry, Origin.CLUSTER, document)
    if entry.inherits == DEFAULTS:
        yield from _layer(entry, Origin.DEFAULTS, defaults)
    yield from _layer(entry, Origin.SERVICE, raw)


def _layer(entry: Entry, origin: Origin, settings: Any) -> Iterator[tuple[Origin, Any]]:
    if not isinstance(settings, dict) or entry.name not in settings:
        return
    try:
        entry.shape.read(settings[entry.name])
    except Invalid:
        return
    yield origin, settings[entry.name]


def _setting(entry: Entry, layers: list[tuple[Origin, Any]]) -> Setting:
    origin, own = layers[-1]
    values = [entry.shape.read(value) for _, value in layers]
    merged = reduce(entry.shape.merge, values)
    if len(layers) == 1 or merged == values[-1]:
        return Setting(own, origin)
    parts = {
        str(key): origin
        for (origin, _), value in zip(layers, values, strict=True)
        if isinstance(value, Mapping)
        for key in value
    }
    return Setting(_plain(merged), Origin.MERGED, parts)


def _plain(value: Any) -> Any:
    """A merged value as JSON, without the fields that have none."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {known.name: getattr(value, known.name) for known in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item not in (None, (), {})}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return write_duration(value) if isinstance(value, timedelta) else value
