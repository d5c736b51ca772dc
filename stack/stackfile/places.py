"""Where the parts of a document stand in its text."""

from collections.abc import Sequence
from typing import Any

Path = tuple[str | int, ...]

# Line and column, from 1, and the places of the parts within: a mapping's {key: place of the key}, a list's
# [place of the item], or None. A plain tuple, since every part of a document has one.
Place = tuple[int, int, Any]


def find(root: Place, path: Sequence[str | int]) -> tuple[int, int]:
    """Where the part at `path` stands; for one that is not there, the nearest part around it."""
    line, column, children = root
    for part in path:
        try:
            line, column, children = children[part]
        except (KeyError, IndexError, TypeError):
            break
    return line, column
