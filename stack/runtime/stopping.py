"""Stop signals of a process, work that goes on until one arrives, and the end."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn

from stack.runtime.loops import Loops

# From SIGTERM until nothing is waited for any longer, unless a setting has another time. The loops and the connections
# to AWS end within another second or two: docker kills after 10 s, ECS after 30 s.
STOP_WITHIN_S = 7

# How long tasks that nothing has ended may take to do so once they are cancelled.
TASKS_WITHIN_S = 1.0


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


def run_to_end(program: Coroutine[Any, Any, int]) -> int:
    """Run a program on an event loop until it returns its exit status; `end_process` has to follow.

    `asyncio.run` would wait for threads that compute, or that resolve a name, for as long as they do.
    """
    return asyncio.Runner().run(_tidied(program))


async def _tidied(program: Coroutine[Any, Any, int]) -> int:
    """Run a program, and end the tasks that it leaves, as far as they end within a second."""
    try:
        return await program
    finally:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=TASKS_WITHIN_S)


def end_process(status: int) -> NoReturn:
    """End the process at once: to free the memory of a large fleet object by object takes seconds."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
