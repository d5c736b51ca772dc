"""Keyed work queues: in order within a key, concurrent across keys."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Item = TypeVar('Item')


class KeyedQueues(Generic[Item]):
    """Each name has a worker while its queue has items.

    `work(name, queue)` takes items from the left, and returns when it is done; items that are left then are dropped.
    Where it raises, the failure is logged, and it is called again without the item that it failed at.
    """

    def __init__(self, work: Callable[[str, deque[Item]], Awaitable[None]]):
        self._work = work
        self._queues: dict[str, deque[Item]] = {}
        # The event loop itself keeps only a weak reference to a task.
        self._tasks: set[asyncio.Task[None]] = set()

    def __contains__(self, name: str) -> bool:
        """Whether the queue of that name has items, or its worker runs."""
        return name in self._queues

    def put(self, name: str, item: Item) -> deque[Item]:
        """Add an item to the queue of a name; that queue."""
        queue = self._queues.get(name)
        if queue is None:
            queue = self._queues[name] = deque()
            task = asyncio.get_running_loop().create_task(self._run(name, queue))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        queue.append(item)
        return queue

    async def idle(self) -> None:
        """Wait until all queues are empty."""
        while running := [task for task in self._tasks if not task.done()]:
            await asyncio.wait(running)

    async def _run(self, name: str, queue: deque[Item]) -> None:
        try:
            while not await self._ends(name, queue):
                pass
        finally:
            del self._queues[name]

    async def _ends(self, name: str, queue: deque[Item]) -> bool:
        """Do the work; false where it failed and the queue has more items."""
        first = queue[0]
        try:
            await self._work(name, queue)
        except Exception:
            # The top of a loop: each item has a caller of its own.
            log.exception('the work queue of %s failed, with %d items waiting', name, len(queue))
            if queue and queue[0] is first:
                queue.popleft()
            return not queue
        return True
