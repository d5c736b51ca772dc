"""The command `scheduler` of nysa_server.py: a scheduler and the loops beside it, until the process is stopped."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from stack.runtime.heartbeat import beat
from stack.runtime.stopping import run_until, stop_signal
from stack.scheduler.scheduler import Scheduler

log = logging.getLogger('nysa')


class Loop(Protocol):
    """Work without an end."""

    async def run(self) -> None: ...


async def run(
    scheduler: Scheduler, beside: Sequence[Loop], health_file: str | None, banner: str, stop_within_s: float
) -> None:
    """Print the banner and work until SIGTERM or SIGINT; passes under way then finish within the time of a stop."""
    stop = stop_signal()
    working = asyncio.create_task(scheduler.run())
    loops = [asyncio.create_task(loop.run()) for loop in beside]
    print(banner, flush=True)
    await run_until(stop, working, partial(beat, health_file, 'scheduler'))
    log.info('stopping')
    scheduler.stop()
    for loop in loops:
        loop.cancel()
    await asyncio.wait([working, *loops], timeout=stop_within_s)
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
