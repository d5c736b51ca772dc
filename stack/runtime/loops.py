"""Background loops, for as long as the server runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Self

log = logging.getLogger(__name__)

# The pause before a loop that failed is started again, in seconds.
PAUSE_S = 1.0

# How long cancelled loops may clean up, in seconds; then they are cancelled again, and abandoned after a second.
TIDY_WITHIN_S = 5.0
LEFT_AFTER_S = 1.0


class Loops:
    """A loop that fails is logged and started again; leaving the `async with` ends all, within some seconds."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        """Run `loop()` until it returns or is cancelled; a cancelled loop may clean up."""
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
                await asyncio.wait(running, timeout=seconds)
            running = {task for task in running if not task.done()}
        for task in running:
            log.error('the %s loop does not end, and is abandoned', task.get_name())

    async def _run(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await loop()
            except asyncio.CancelledError:
                if (task := asyncio.current_task()) is None or task.cancelling():
                    raise
                # Something that the loop awaited was cancelled, not the loop itself.
                log.exception('the %s loop failed, and is started again', name)
            except Exception:
                log.exception('the %s loop failed, and is started again', name)
            await asyncio.sleep(PAUSE_S)
