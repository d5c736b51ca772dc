"""Entries of the field table, and the shape of a mapping that is made of them.

A class of the table is a frozen dataclass, each attribute of which is one `entry`: the attribute's name is the key
in the stackfile, its type is what the rest of the code gets.
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

# How the mistake of a key that no entry has begins.
UNKNOWN_KEY = 'unknown key'

DEFAULTS = 'defaults'
TOP = 'top'


@dataclass(frozen=True)
class Entry:
    """One field; `inherits` says where else it may stand: under `defaults`, at the top, or ('') nowhere."""

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
    """Declares a field; `default` is its effective value where it is absent or cannot be read."""
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


def record(table: type, says: str = 'a mapping', **shape: Any) -> Shape:
    """A mapping with the keys of `table`, read as an instance of it: what is missing or cannot be read has its default,
    which is None for what is required. See `completed`.
    """
    known = entries(table)

    def read(raw: Any) -> Any:
        return table(**read_entries(known, raw))

    return Shape(says, _mapping_check(known), mapping_schema(known), read, entries=known, **shape)


def completed(value: Any) -> Any:
    """A value that was read, without the records in it that lack something required; None where it does so itself."""
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


def part_of(table: type, inherits: str, says: str) -> Shape:
    """A mapping with those keys of `table` that are inherited from it, none of them required; read as a dict."""
    known = tuple(dataclasses.replace(e, required=False) for e in entries(table) if e.inherits == inherits)
    check = _mapping_check(known)
    return Shape(says, check, mapping_schema(known), lambda raw: read_entries(known, raw), entries=known)


def read_entries(known: Iterable[Entry], raw: Any) -> dict[str, Any]:
    """The values that can be read; raises Invalid where `raw` is no mapping."""
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
    """voluptuous's own two messages, for a key too many and for one that is missing, in our words."""
    key = error.path[0]
    if isinstance(error, RequiredFieldInvalid):
        name = str(key)
        return Invalid(f'is missing: expected {known[name].shape.says}', [name])
    if len(error.path) == 1 and key not in known:
        alias = field_for(key, known.values())
        hint = f': here it is "{alias}"' if alias else suggestion(key, known)
        return Invalid(UNKNOWN_KEY + hint, [key])
    return error
