"""Loops that run beside the server for as long as it does."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Self

log = logging.getLogger(__name__)

# A loop that failed is started again after this, in seconds: long enough not to spin, short enough to be missed by few.
PAUSE_S = 1.0

# How long loops that are ended may tidy up, in seconds; then they are cancelled once more, and left after a second.
TIDY_WITHIN_S = 5.0
LEFT_AFTER_S = 1.0


class Loops:
    """One that fails is logged and started again; leaving the `async with` ends them all, within some seconds."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        """Run `loop()`; should it return, it is done. It is ended by being cancelled, and may tidy up then."""
        task = asyncio.get_running_loop().create_task(self._run(name, loop), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        running = self._tasks.copy()
        for seconds in (TIDY_WITHIN_S, LEFT_AFTER_S):
            for task in running:
                task.cancel()
            if running:
                _, running = await asyncio.wait(running, timeout=seconds)
        for task in running:
            log.error('the %s loop does not end, and is left', task.get_name())

    async def _run(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await loop()
            except asyncio.CancelledError:
                if asyncio.current_task().cancelling():
                    raise
                # Something that the loop awaited was cancelled, not the loop itself.
                log.exception('the %s loop failed, and is started again', name)
            except Exception:
                log.exception('the %s loop failed, and is started again', name)
            await asyncio.sleep(PAUSE_S)
