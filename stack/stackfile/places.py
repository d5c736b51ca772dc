"""Where the parts of a document stand in its text."""

from collections.abc import Sequence
from typing import Any, NamedTuple

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """Line and column, from 1, of a part, and the places of the parts in it.

    `children` is a mapping's {key: place of the key}, a list's [place of the item], or None.
    """

    line: int
    column: int
    children: Any = None


def find(root: Place, path: Sequence[str | int]) -> tuple[int, int]:
    """Where the part at `path` stands; for one that is not there, the nearest part around it."""
    place = root
    for part in path:
        try:
            place = place.children[part]
        except (KeyError, IndexError, TypeError):
            break
    return place.line, place.column
