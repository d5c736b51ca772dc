"""A decorator for tests that are coroutines."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

# After this many loop iterations without a task, no further task starts.
TURNS = 5


def asynchronous(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run a test in a new event loop; at its end, cancel the remaining tasks, the tasks that these start, and timers.

    A timer that expires while the loop waits for its threads would start a task that nothing ends.
    """

    async def play(arguments: tuple, named: dict[str, Any]) -> None:
        try:
            await test(*arguments, **named)
        finally:
            await _end_the_rest()

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(play(arguments, named))

    return run


async def _end_the_rest() -> None:
    turns_without = 0
    while turns_without < TURNS:
        await asyncio.sleep(0)
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        turns_without = 0 if rest else turns_without + 1
    for timer in asyncio.get_running_loop()._scheduled:
        timer.cancel()
