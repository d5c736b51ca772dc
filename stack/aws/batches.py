"""Many things asked for in calls that take a few."""

from collections.abc import Sequence


def batches(items: Sequence[str], size: int) -> list[Sequence[str]]:
    """The items in order, `size` at a time; the last batch may be shorter."""
    return [items[first : first + size] for first in range(0, len(items), size)]
