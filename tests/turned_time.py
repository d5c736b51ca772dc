"""Simulated time: the next sleeper is woken as soon as all tasks are idle."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

# Loop iterations without work until all tasks count as idle.
_ROUNDS = 10


class TurnedTime:
    """`clock` and `sleep` for the code under test. Time does not advance during calls made through `busy`."""

    def __init__(self, turned: Callable[[float], None] = lambda seconds: None):
        """`turned` is called with each advance, in seconds, so that other clocks can follow."""
        self.now = 1000.0
        self._turned = turned
        self._sleepers: list[tuple[float, int, asyncio.Future]] = []
        self._numbers = itertools.count()
        self._calls = 0
        self._turning: asyncio.Task | None = None

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._numbers), woken))
        if self._turning is None or self._turning.done():
            self._turning = asyncio.create_task(self._turn())
        await woken

    @contextmanager
    def busy(self):
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1

    async def _turn(self) -> None:
        while self._sleepers:
            idle = 0
            while idle < _ROUNDS:
                await asyncio.sleep(0.0005 if self._calls else 0)
                idle = 0 if self._calls else idle + 1
            self._sleepers = [each for each in self._sleepers if not each[2].done()]
            heapq.heapify(self._sleepers)
            if self._sleepers:
                at, _, woken = heapq.heappop(self._sleepers)
                if at > self.now:
                    self._turned(at - self.now)
                    self.now = at
                woken.set_result(None)


class BusyConnection:
    """A connection during whose calls time does not advance."""

    def __init__(self, connection: Any, time: TurnedTime):
        self._connection = connection
        self._time = time
        self._calls: set[asyncio.Task] = set()
        self.region = connection.region
        self.limitations = connection.limitations

    async def call(self, service: str, operation: str, /, **arguments: Any) -> dict:
        call = asyncio.create_task(self._connection.call(service, operation, **arguments))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        with self._time.busy():
            return await asyncio.shield(call)

    async def finished(self) -> None:
        """Return once AWS has completed every call, including abandoned ones."""
        await asyncio.gather(*self._calls, return_exceptions=True)
