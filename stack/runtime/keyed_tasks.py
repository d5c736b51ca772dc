"""Work in the background, at most one task for each key: what hangs for one key holds up no other."""

import asyncio
import logging
from collections.abc import Coroutine, Hashable
from functools import partial
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Key = TypeVar('Key', bound=Hashable)


class KeyedTasks(Generic[Key]):
    """`what` names the work in the log line of a task that failed."""

    def __init__(self, what: str):
        self._what = what
        self._tasks: dict[Key, asyncio.Task[None]] = {}

    def __contains__(self, key: Key) -> bool:
        """Whether the task of a key is under way."""
        return key in self._tasks

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, key: Key, work: Coroutine[None, None, None]) -> None:
        """Begin the work of a key that has no task."""
        self._tasks[key] = task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(partial(self._ended, key))

    def _ended(self, key: Key, task: asyncio.Task[None]) -> None:
        del self._tasks[key]
        if not task.cancelled() and task.exception() is not None:
            log.error('%s failed', self._what, exc_info=task.exception())

    async def settled(self) -> None:
        """Wait for what is under way. Raises what one of the tasks raises."""
        await asyncio.gather(*self._tasks.values())

    def cancel(self) -> None:
        """Cancel what is under way."""
        for task in self._tasks.values():
            task.cancel()
