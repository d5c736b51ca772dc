"""Background work that outlives its caller, and that a stop waits for."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Value = TypeVar('Value')


class UnderWay:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        """The result of the work, which outlives a cancelled caller."""
        return await asyncio.shield(self._begin(work))

    async def run_within(self, work: Coroutine[Any, Any, object], seconds: float) -> None:
        """Wait for the work, no longer than that; it goes on afterwards."""
        task = self._begin(work)
        done, _ = await asyncio.wait([task], timeout=seconds)
        for ended in done:
            ended.result()

    def _begin(self, work: Coroutine[Any, Any, Value]) -> asyncio.Task[Value]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def finished(self) -> None:
        """Wait until all work has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)
