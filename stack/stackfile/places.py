"""Positions of the parts of a document in its text."""

from collections.abc import Iterable, Sequence
from typing import Any

Path = tuple[str | int, ...]


def path_of(parts: Iterable[object]) -> Path:
    """A path of keys and indexes; a key that is neither text nor a whole number is written as text."""
    return tuple(part if isinstance(part, str | int) else str(part) for part in parts)


# Line and column, from 1, and the places of the parts within: a mapping's {key: place of the key}, a list's
# [place of the item], or None. A plain tuple, since every part of a document has one.
Place = tuple[int, int, Any]


def find(root: Place, path: Sequence[str | int]) -> tuple[int, int]:
    """Line and column of the part at `path`, or of the nearest part around an absent one."""
    line, column, children = root
    for part in path:
        try:
            line, column, children = children[part]
        except (KeyError, IndexError, TypeError):
            break
    return line, column
