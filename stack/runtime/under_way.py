"""Work that goes on when its caller is gone, and that a stop waits for."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Value = TypeVar('Value')


class UnderWay:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, Value], within_s: float | None = None) -> Value | None:
        """The result of the work, or None where it takes longer than `within_s`. It outlives a cancelled caller."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        done, _ = await asyncio.wait([task], timeout=within_s)
        return task.result() if done else None

    async def finished(self) -> None:
        """Wait until all work has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)
