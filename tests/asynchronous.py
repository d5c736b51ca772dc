"""Tests that are coroutines."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any


def asynchronous(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run a test in an event loop of its own; what still goes on at its end, and what that begins, is cancelled."""

    async def play(arguments: tuple, named: dict[str, Any]) -> None:
        try:
            await test(*arguments, **named)
        finally:
            while rest := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.sleep(0)
                for task in rest:
                    task.cancel()
                await asyncio.gather(*rest, return_exceptions=True)

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(play(arguments, named))

    return run
