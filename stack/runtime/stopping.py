"""Stop signals of a process, and work that goes on until one arrives."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from stack.runtime.loops import Loops

# From SIGTERM until nothing is waited for any longer. The loops and the connections to AWS end within another second or
# two: docker kills after 10 s, ECS after 30 s.
STOP_WITHIN_S = 7.0


def stop_signal() -> asyncio.Event:
    """Set when SIGTERM or SIGINT arrives."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def run_until(stop: asyncio.Event, working: 'asyncio.Task[None]', beat: Callable[[], Awaitable[None]]) -> None:
    """Wait until the task ends or `stop` is set, and run the loop `beat` meanwhile."""
    stopping = asyncio.create_task(stop.wait())
    async with Loops() as loops:
        loops.start('health', beat)
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
