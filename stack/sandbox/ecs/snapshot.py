"""Conversion of dataclasses to plain values and back by their field types; a newer version of the code can read them.

A field that the snapshot lacks takes its default; one that the code no longer has is dropped.
"""

import dataclasses
import types
import typing
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from stack.sandbox.ecs.model import Wire

Convert = Callable[[Any], Any]


def plain(value: Any) -> Wire:
    """A dataclass as dicts, lists, strings and numbers, in which no later change shows.

    What is of the type `Wire` is shared, not copied: it is replaced where it changes, never changed in place.
    """
    fields = vars(value)
    kind: Any = type(value)
    return {name: fields[name] if how is None else how(fields[name]) for name, how in _plan(kind)}


def restored(kind: Any, value: Any) -> Any:
    """What `plain` made, as `kind` again: a dataclass, or a list, dict or optional of such."""
    if value is None:
        return None
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: restored(hints[name], item) for name, item in value.items() if name in hints})
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return restored(arguments[0], value)
    if origin is dict and arguments[1] is not Any:
        return {key: restored(arguments[1], item) for key, item in value.items()}
    if origin is list:
        return [restored(arguments[0], item) for item in value]
    return value


@cache
def _plan(kind: type) -> list[tuple[str, Convert | None]]:
    return [(name, _conversion(hint)) for name, hint in _hints(kind).items()]


def _conversion(hint: Any) -> Convert | None:
    """How a field of that type becomes plain; None where it is so already, or need not be copied."""
    if dataclasses.is_dataclass(hint):
        return plain
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        inner = _conversion(arguments[0])
        return None if inner is None else partial(_optional, inner)
    if origin is list:
        inner = _conversion(arguments[0])
        return list if inner is None else partial(_items, inner)
    if origin is dict and hint != Wire:
        inner = _conversion(arguments[1])
        return dict if inner is None else partial(_values, inner)
    return None


def _optional(convert: Convert, value: Any) -> Any:
    return None if value is None else convert(value)


def _items(convert: Convert, items: list[Any]) -> list[Any]:
    return [convert(item) for item in items]


def _values(convert: Convert, items: dict[str, Any]) -> dict[str, Any]:
    return {key: convert(item) for key, item in items.items()}


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
