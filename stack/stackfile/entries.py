"""Entries of the field table, and the shape of a mapping of them.

A class of the table is a frozen dataclass. Every attribute is one `entry`: its name is the key in the stackfile, its
type is the type of the effective value.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from voluptuous import Invalid, MultipleInvalid, Optional, Required, RequiredFieldInvalid, Schema

from stack.stackfile.aliases import field_for
from stack.stackfile.rendering import Target
from stack.stackfile.shapes import Shape, mistakes_in, refused, suggestion

# The prefix of the message for a key without an entry.
UNKNOWN_KEY = 'unknown key'

DEFAULTS = 'defaults'
TOP = 'top'


@dataclass(frozen=True)
class Entry:
    """One field; `inherits`: where services inherit it from: `defaults`, the top, or ('') nowhere."""

    name: str
    shape: Shape
    help: str
    default: Any
    required: bool
    inherits: str
    ecs: tuple[Target, ...]


def entry(
    shape: Shape, help: str, *, default: Any = None, required: bool = False, inherits: str = '', ecs: Any = ()
) -> Any:
    """Declare a field; `default` is its effective value where it is absent or unreadable."""
    targets = (ecs,) if isinstance(ecs, Target) else tuple(ecs)
    details = {'shape': shape, 'help': help, 'required': required, 'inherits': inherits, 'ecs': targets}
    make = {'default_factory': lambda: default} if isinstance(default, dict) else {'default': default}
    return dataclasses.field(metadata={'entry': details}, **make)


@cache
def entries(table: type) -> tuple[Entry, ...]:
    """The entries of a class of the table, in the order of declaration."""
    found = []
    for field in dataclasses.fields(table):
        if details := field.metadata.get('entry'):
            default = {} if field.default is dataclasses.MISSING else field.default
            found.append(Entry(name=field.name, default=default, **details))
    return tuple(found)


def record(table: type, description: str = 'a mapping', **shape: Any) -> Shape:
    """A mapping with the keys of `table`, read as an instance of it.

    A missing or unreadable value is the default, which is None where it is required; see `completed`.
    """
    known = entries(table)

    def read(raw: Any) -> Any:
        return table(**read_entries(known, raw))

    return Shape(description, _mapping_check(known), mapping_schema(known), read, entries=known, **shape)


def completed(value: Any) -> Any:
    """A value without the records that lack a required field; None where the value itself lacks one."""
    if isinstance(value, tuple):
        return tuple(item for item in map(completed, value) if item is not None)
    if not dataclasses.is_dataclass(value):
        return value
    record: Any = value
    changes = {}
    for e in entries(record.__class__):
        part = getattr(record, e.name)
        kept = completed(part)
        if kept is None and e.required:
            return None
        if kept != part:
            changes[e.name] = e.default if kept is None else kept
    return dataclasses.replace(record, **changes) if changes else record


def part_of(table: type, inherits: str, description: str) -> Shape:
    """A mapping with the keys of `table` that services inherit from it, all optional; read as a dict."""
    known = tuple(dataclasses.replace(e, required=False) for e in entries(table) if e.inherits == inherits)
    check = _mapping_check(known)
    return Shape(description, check, mapping_schema(known), lambda raw: read_entries(known, raw), entries=known)


def read_entries(known: Iterable[Entry], raw: Any) -> dict[str, Any]:
    """The readable values; raises Invalid where `raw` is no mapping."""
    if not isinstance(raw, dict):
        raise refused('a mapping', raw)
    values = {}
    for e in known:
        if e.name in raw:
            try:
                values[e.name] = e.shape.read(raw[e.name])
            except Invalid:
                continue
    return values


def mapping_schema(known: Iterable[Entry]) -> dict[str, Any]:
    """The JSON Schema of a mapping with these entries."""
    properties = {}
    for e in known:
        properties[e.name] = {'description': e.help, **e.shape.json}
        if isinstance(e.default, str | int) and e.default != '':
            properties[e.name]['default'] = e.default
    required = [e.name for e in known if e.required]
    schema = {'type': 'object', 'properties': properties, 'additionalProperties': False}
    return {**schema, 'required': required} if required else schema


def _mapping_check(known: tuple[Entry, ...]) -> Any:
    marks = {(Required if e.required else Optional)(e.name): e.shape.check for e in known}
    schema = Schema(marks)
    by_name = {e.name: e for e in known}

    def check(raw: Any) -> Any:
        if not isinstance(raw, dict):
            raise refused('a mapping', raw)
        try:
            return schema(raw)
        except Invalid as e:
            errors = [_explained(error, by_name) for error in mistakes_in(e)]
        raise MultipleInvalid(errors)

    return check


def _explained(error: Invalid, known: dict[str, Entry]) -> Invalid:
    """Nysa's messages in place of voluptuous's for an unknown and a missing key."""
    key = error.path[0]
    if isinstance(error, RequiredFieldInvalid):
        name = str(key)
        return Invalid(f'is missing: expected {known[name].shape.description}', [name])
    if len(error.path) == 1 and key not in known:
        alias = field_for(key, known.values())
        hint = f': here it is "{alias}"' if alias else suggestion(key, known)
        return Invalid(UNKNOWN_KEY + hint, [key])
    return error
