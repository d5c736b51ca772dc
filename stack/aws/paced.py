"""A client that keeps within AWS's rate limits, and retries."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

from stack.aws.client import AwsClient, ForwardingClient
from stack.errors import Throttled, Unavailable
from stack.runtime import fence
from stack.runtime.pacing import Pace, pause

# A refused call is made again for as long as a bucket takes to fill, a call without an answer a few times.
TRIES_THROTTLED = 12
TRIES_UNAVAILABLE = 4


class PacedConnection(ForwardingClient):
    """A connection whose calls wait for their turn: one `Pace` for all who share an account's limits.

    Raises what `Connection` raises; `Throttled` only where AWS goes on refusing, and `Interrupted` where the caller's
    work ended while it waited (`stack.runtime.fence`).
    """

    def __init__(
        self,
        connection: AwsClient,
        pace: Pace | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ):
        super().__init__(connection)
        self._pace = pace or Pace()
        self._clock = clock
        self._sleep = sleep
        self._chance = chance

    async def call(self, service: str, operation: str, /, **arguments: Any) -> Any:
        """Make one call as soon as the limits let it."""
        name = f'{service}:{operation}'
        throttled = unavailable = 0
        while True:
            await self._wait(self._pace.reserve(name, self._clock()))
            try:
                return await self._client.call(service, operation, **arguments)
            except Throttled:
                throttled += 1
                self._pace.throttled(name, self._clock())
                if throttled == TRIES_THROTTLED:
                    raise
            except Unavailable:
                unavailable += 1
                if unavailable == TRIES_UNAVAILABLE:
                    raise
            await self._wait(pause(throttled + unavailable - 1, self._chance))

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            await self._sleep(seconds)
            await fence.check()
