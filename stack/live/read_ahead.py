"""Load the clusters that a subscriber joins next, some at a time; each is waited for in its turn."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from itertools import islice
from typing import Any

# Half of the threads for S3: see `stack.aws.bulkhead`.
AT_ONCE = 8

# Loads a cluster by its name, up to the revision that a subscriber knows.
Reach = Callable[[str, str | None], Coroutine[Any, Any, None]]


class ReadAhead:
    """`is_needed` is whether a cluster that comes later has to be loaded at all."""

    def __init__(self, reach: Reach, is_needed: Callable[[str, str | None], bool]):
        self._reach = reach
        self._is_needed = is_needed
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def reach(self, joining: Mapping[str, str | None]) -> None:
        """Load the first of the clusters, and begin to load those after it. Raises what loading the first raises."""
        for name, known in islice(joining.items(), AT_ONCE):
            if name not in self._tasks and self._is_needed(name, known):
                self._tasks[name] = task = asyncio.get_running_loop().create_task(self._reach(name, known))
                task.add_done_callback(_note_outcome)
        first, known = next(iter(joining.items()))
        begun = self._tasks.pop(first, None)
        await (begun if begun is not None else self._reach(first, known))

    def close(self) -> None:
        """Cancel what is under way."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()


def _note_outcome(task: asyncio.Task[None]) -> None:
    """A load that is not waited for any more may have failed: that is no surprise."""
    if not task.cancelled():
        task.exception()
