"""The WebSockets that are open: asked for a sign of life in turn, and told when the server stops."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from stack.access.access import Caller
from stack.errors import Unavailable

# Proxies cut a line that has been silent for a minute.
HEARTBEAT_S = 30.0
# A peer that leaves so many pings in a row unanswered is dead.
MOST_UNANSWERED = 2
PINGS_A_TURN = 100

# How often it is looked whether those who opened them may still come in.
WATCH_EVERY_S = 5.0

# https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
GOING_AWAY = 1001
POLICY_VIOLATION = 1008


class Sockets:
    """One loop for all of them: a timer for each would cost as much as the sockets themselves."""

    def __init__(self) -> None:
        self._unanswered: dict[WebSocketHandler, int] = {}
        self._by_caller: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._unanswered)

    def add(self, handler: WebSocketHandler) -> None:
        self._unanswered[handler] = 0
        self._by_caller[handler.caller.key] += 1

    def discard(self, handler: WebSocketHandler) -> None:
        if self._unanswered.pop(handler, None) is not None:
            key = handler.caller.key
            self._by_caller[key] -= 1
            if not self._by_caller[key]:
                del self._by_caller[key]

    def answered(self, handler: WebSocketHandler) -> None:
        """A pong came."""
        if handler in self._unanswered:
            self._unanswered[handler] = 0

    def of(self, caller: Caller) -> int:
        """How many one caller has open."""
        return self._by_caller[caller.key]

    async def watch(self, holds: Callable[[Caller], bool]) -> None:
        """Close again and again those whose token or session has ended."""
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            self.close_ended(holds)

    def close_ended(self, holds: Callable[[Caller], bool]) -> None:
        """Where it cannot be told they stay: whoever cannot read the bucket cannot hear of a change either."""
        with contextlib.suppress(Unavailable):
            for handler in list(self._unanswered):
                if not holds(handler.caller):
                    handler.close(POLICY_VIOLATION, 'your token or session has ended')

    async def run(self) -> None:
        """Ping everybody again and again, and drop those who are dead."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await self.beat()

    async def beat(self) -> None:
        for number, handler in enumerate(list(self._unanswered), 1):
            if self._unanswered.get(handler, 0) >= MOST_UNANSWERED:
                handler.ws_connection.stream.close()
            elif handler in self._unanswered:
                self._unanswered[handler] += 1
                self._ping(handler)
            if number % PINGS_A_TURN == 0:
                await asyncio.sleep(0)

    def close(self) -> None:
        """Tell every client that the server stops; it may connect to another one at once."""
        for handler in list(self._unanswered):
            handler.close(GOING_AWAY, 'the server stops')

    def _ping(self, handler: WebSocketHandler) -> None:
        try:
            handler.ping()
        except WebSocketClosedError:
            self.discard(handler)
