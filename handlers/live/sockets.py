"""The open WebSockets: pinged in turn, and closed when the server stops or their token or session ends."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from stack.access.access import Caller
from stack.errors import Unavailable

# Proxies cut a line that has been silent for a minute.
HEARTBEAT_S = 30.0
# A peer that leaves so many pings in a row unanswered is dropped.
MOST_UNANSWERED = 2
PINGS_A_TURN = 100

# How often the tokens and sessions of open sockets are checked.
WATCH_EVERY_S = 5.0

# https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
GOING_AWAY = 1001
POLICY_VIOLATION = 1008


class CallerSocket(WebSocketHandler):
    """A WebSocket whose caller is known."""

    caller: Caller


class Sockets:
    """One loop for all of them: a timer for each would cost as much as the sockets themselves."""

    def __init__(self) -> None:
        self._unanswered: dict[CallerSocket, int] = {}
        self._by_caller: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._unanswered)

    def add(self, handler: CallerSocket) -> None:
        self._unanswered[handler] = 0
        self._by_caller[handler.caller.key] += 1

    def discard(self, handler: CallerSocket) -> None:
        if self._unanswered.pop(handler, None) is not None:
            key = handler.caller.key
            self._by_caller[key] -= 1
            if not self._by_caller[key]:
                del self._by_caller[key]

    def answered(self, handler: CallerSocket) -> None:
        """A pong came."""
        if handler in self._unanswered:
            self._unanswered[handler] = 0

    def of(self, caller: Caller) -> int:
        """The number of sockets that one caller has open."""
        return self._by_caller[caller.key]

    async def watch(self, is_valid: Callable[[Caller], bool]) -> None:
        """Close the sockets whose token or session has ended, every few seconds."""
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            self.close_ended(is_valid)

    def close_ended(self, is_valid: Callable[[Caller], bool]) -> None:
        """Close the sockets whose token or session has ended; all stay open while the tokens cannot be read."""
        with contextlib.suppress(Unavailable):
            for handler in list(self._unanswered):
                if not is_valid(handler.caller):
                    handler.close(POLICY_VIOLATION, 'your token or session has ended')

    async def run(self) -> None:
        """Ping every socket each half minute, and drop those that no longer answer."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await self.beat()

    async def beat(self) -> None:
        for number, handler in enumerate(list(self._unanswered), 1):
            if self._unanswered.get(handler, 0) >= MOST_UNANSWERED:
                _drop(handler)
            elif handler in self._unanswered:
                self._unanswered[handler] += 1
                self._ping(handler)
            if number % PINGS_A_TURN == 0:
                await asyncio.sleep(0)

    def close(self) -> None:
        """Close every socket with the code for a server that stops; clients may connect to another one at once."""
        for handler in list(self._unanswered):
            handler.close(GOING_AWAY, 'the server stops')

    def _ping(self, handler: CallerSocket) -> None:
        try:
            handler.ping()
        except WebSocketClosedError:
            self.discard(handler)


def _drop(handler: WebSocketHandler) -> None:
    """Close the connection without a closing handshake, which a dead peer would not answer."""
    connection = handler.ws_connection
    stream = getattr(connection, 'stream', None)
    if stream is not None:
        stream.close()
