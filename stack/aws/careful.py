"""A client for what is read while others work: far below AWS's rate limits, and further below after refusals."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

from stack.aws.client import AwsClient, ForwardingClient
from stack.errors import Throttled
from stack.runtime.pacing import CATEGORY, Pace

# The part of AWS's published limits for watching: a little less than a user of 80 % leaves.
WATCHING_SHARE = 0.19

# The code of a call that was not made, beside AWS's own.
TURN_TOO_LATE = 'TurnTooLate'

# The pause between two calls of a category after a refusal: it doubles with each, and shrinks with each success.
FIRST_SPACING_S = 0.5
LONGEST_SPACING_S = 30.0
SHRINKS_TO = 0.9


class CarefulConnection(ForwardingClient):
    """A connection whose calls wait for their turn, and are not made again by themselves where AWS refuses.

    A call whose turn comes later than `patience`, in seconds, is refused at once and takes no turn: callers that come
    faster than the limits allow would otherwise wait longer and longer. Raises what `Connection` raises.
    """

    def __init__(
        self,
        connection: AwsClient,
        share: float = WATCHING_SHARE,
        *,
        patience: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ):
        super().__init__(connection)
        self._pace = Pace(share)
        self._patience = patience
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
        turn = max(now + self._pace.wait(name, now), self._not_before.get(category, now))
        if turn - now > self._patience:
            raise Throttled(f'Too many calls of {name} wait for their turn.', name, TURN_TOO_LATE)
        self._pace.reserve(name, now)
        self._not_before[category] = turn + self._spacing.get(category, 0.0)
        if turn > now:
            await self._sleep(turn - now)
