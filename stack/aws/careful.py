"""A client for watching: far below AWS's rate limits, and further below them after each refusal."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from stack.aws.client import AwsClient, ForwardingClient
from stack.errors import Throttled
from stack.runtime.pacing import CATEGORY, Pace

# The part of AWS's published limits for watching: a little less than a user of 80 % leaves.
WATCHING_SHARE = 0.19

# The pause between two calls of a category after a refusal: it doubles with each, and shrinks with each success.
FIRST_SPACING_S = 0.5
LONGEST_SPACING_S = 30.0
SHRINKS_TO = 0.9


class CarefulConnection(ForwardingClient):
    """A connection whose calls wait for their turn, and are not made again by themselves where AWS refuses.

    Raises what `Connection` raises.
    """

    def __init__(
        self,
        connection: AwsClient,
        share: float = WATCHING_SHARE,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ):
        super().__init__(connection)
        self._pace = Pace(share)
        self._clock = clock
        self._sleep = sleep
        self._spacing: dict[str, float] = {}
        self._not_before: dict[str, float] = {}

    async def call(self, service: str, operation: str, /, **arguments: Any) -> Any:
        """Make one call as soon as the limits let it."""
        name = f'{service}:{operation}'
        category = CATEGORY.get(name, name)
        await self._turn(name, category)
        try:
            answer = await self._client.call(service, operation, **arguments)
        except Throttled:
            self._pace.throttled(name, self._clock())
            spacing = self._spacing.get(category, 0.0)
            self._spacing[category] = min(max(FIRST_SPACING_S, 2 * spacing), LONGEST_SPACING_S)
            self._not_before[category] = self._clock() + self._spacing[category]
            raise
        if category in self._spacing:
            self._spacing[category] *= SHRINKS_TO
        return answer

    async def _turn(self, name: str, category: str) -> None:
        now = self._clock()
        turn = max(now + self._pace.reserve(name, now), self._not_before.get(category, now))
        self._not_before[category] = turn + self._spacing.get(category, 0.0)
        if turn > now:
            await self._sleep(turn - now)
