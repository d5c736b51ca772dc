"""Dataclasses to plain values and back, by their own field types: exact, and readable by a newer version of the code.

A field that the snapshot lacks takes its default; one that the code no longer has is dropped.
"""

import dataclasses
import types
import typing
from functools import cache
from typing import Any


def plain(value: Any) -> Any:
    """A copy of `value` out of dicts, lists, strings and numbers only."""
    if dataclasses.is_dataclass(value):
        return {name: plain(item) for name, item in vars(value).items()}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def restored(kind: Any, value: Any) -> Any:
    """What `plain` made, as `kind` again: a dataclass, or a list, dict or optional of such."""
    if value is None:
        return None
    if dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: restored(hints[name], item) for name, item in value.items() if name in hints})
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return restored(arguments[0], value)
    if origin is dict:
        return {key: restored(arguments[1], item) for key, item in value.items()}
    if origin is list:
        return [restored(arguments[0], item) for item in value]
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
