"""Work lined up by name: in order within a name, side by side across names."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Item = TypeVar('Item')


class KeyedQueues(Generic[Item]):
    """Each name has a worker for as long as anything waits in its lane.

    `work(name, lane)` takes items from the left of the lane, and returns when it is done with it: what is left then is
    dropped. Where it fails, the failure is logged, and it is called again for the items behind the one it failed at.
    """

    def __init__(self, work: Callable[[str, deque[Item]], Awaitable[None]]):
        self._work = work
        self._lanes: dict[str, deque[Item]] = {}
        # The event loop itself keeps only a weak reference to a task.
        self._tasks: set[asyncio.Task[None]] = set()

    def __contains__(self, name: str) -> bool:
        """Whether anything waits or is being worked on under that name."""
        return name in self._lanes

    def put(self, name: str, item: Item) -> deque[Item]:
        """Line an item up; the lane that it stands in."""
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = deque()
            task = asyncio.get_running_loop().create_task(self._run(name, lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        lane.append(item)
        return lane

    async def idle(self) -> None:
        """Wait until nothing is lined up."""
        while running := [task for task in self._tasks if not task.done()]:
            await asyncio.wait(running)

    async def _run(self, name: str, lane: deque[Item]) -> None:
        try:
            while not await self._ends(name, lane):
                pass
        finally:
            del self._lanes[name]

    async def _ends(self, name: str, lane: deque[Item]) -> bool:
        """Do the work; false where it failed and more items wait behind the one that it failed at."""
        first = lane[0]
        try:
            await self._work(name, lane)
        except Exception:
            # The top of a loop: each item has a caller of its own.
            log.exception('the work queue of %s failed, with %d items waiting', name, len(lane))
            if lane and lane[0] is first:
                lane.popleft()
            return not lane
        return True
