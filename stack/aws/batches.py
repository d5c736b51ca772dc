"""Batches for calls with a limit of items."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar('Item')


def batches(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """The items in order, `size` at a time; the last batch may be shorter."""
    return [items[first : first + size] for first in range(0, len(items), size)]
