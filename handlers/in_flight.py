"""The requests that have no answer yet, so that a server that is told to stop can finish them."""

import asyncio
from typing import Any


class InFlight:
    def __init__(self) -> None:
        self._handlers: set[Any] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    def enter(self, handler: Any) -> None:
        self._handlers.add(handler)
        self._idle.clear()

    def leave(self, handler: Any) -> None:
        self._handlers.discard(handler)
        if not self._handlers:
            self._idle.set()

    async def finished(self) -> None:
        """Return when every request has its answer."""
        await self._idle.wait()
