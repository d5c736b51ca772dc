"""Requests in flight: bounded in number and in time, and finished before the process ends.

A request is in flight until it has its answer and its verb has ended. A verb is never cancelled: where the client hangs
up, or the deadline passes, half a change would stay. It goes on to its end, and a stop waits for it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from handlers.http.deadlines import Deadlines
from stack.errors import Overloaded, ShuttingDown

# Verbs at work at the same time; those that wait for a rollout are not counted.
MOST = 1000


class Handler(Protocol):
    def expire(self, seconds: float | None, overdue: list[tuple[str, float]]) -> None:
        """Answer with 503 after so many seconds, or because the server stops, unless there is an answer already."""


class InFlight:
    """`overdue()` lists what AWS has not answered: calls and their ages in seconds."""

    def __init__(self, overdue: Callable[[], list[tuple[str, float]]] = list, most: int = MOST):
        self._overdue = overdue
        self._most = most
        self._unanswered: set[Any] = set()
        # The verbs at work, and those of them that wait for a rollout.
        self._verbs: set[Any] = set()
        self._waiting: set[Any] = set()
        self._deadlines: Deadlines[Any] = Deadlines(self._expire)
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    def enter(self, handler: Handler) -> None:
        """A request has begun to arrive."""
        self._unanswered.add(handler)
        self._idle.clear()

    def leave(self, handler: Handler) -> None:
        """A request has its answer, or its client is gone."""
        self._unanswered.discard(handler)
        self._look()

    @contextlib.contextmanager
    def work(self, handler: Handler, seconds: float, *, limited: bool = True) -> Iterator[None]:
        """A verb works here, for so long until its client is answered without it.

        Raises `ShuttingDown` after a stop, and `Overloaded` where too many are at work, unless it is not `limited`.
        """
        if self._closed:
            raise ShuttingDown('The server is stopping; nothing was done. Send the request again: another one answers.')
        if limited and len(self._verbs) - len(self._waiting) >= self._most:
            raise Overloaded(f'{self._most} requests are being worked on; nothing was done. Try again in a moment.')
        self._verbs.add(handler)
        self._deadlines.add(handler, seconds)
        self._idle.clear()
        try:
            yield
        finally:
            self._verbs.discard(handler)
            self._deadlines.remove(handler)
            self._waiting.discard(handler)
            self._look()

    def wait(self, handler: Handler, seconds: float) -> None:
        """A verb waits for a rollout from here on, and answers within so many seconds."""
        self._waiting.add(handler)
        self._deadlines.add(handler, seconds)

    async def finished(self) -> None:
        """Return when every request has its answer and every verb has ended; later requests are refused."""
        while not self._closed:
            await self._idle.wait()
            self._closed = self._idle.is_set()

    async def answered(self) -> None:
        """Return when those that were refused since `finished` have their answers."""
        await self._idle.wait()

    def expire(self) -> None:
        """Answer every request now, whatever its verb waits for; later requests are refused."""
        self._closed = True
        for handler in list(self._verbs):
            self._expire(handler, None)

    def causes(self) -> str:
        """The calls that AWS has not answered, for a log line."""
        return causes(self._overdue())

    def _expire(self, handler: Handler, seconds: float | None) -> None:
        handler.expire(seconds, self._overdue())

    def _look(self) -> None:
        if not self._unanswered and not self._verbs:
            self._idle.set()


def causes(overdue: list[tuple[str, float]]) -> str:
    """Up to three calls and their ages; empty where AWS has answered everything."""
    return ', '.join(f'{name} (for {age:.0f} s)' for name, age in overdue[:3])
