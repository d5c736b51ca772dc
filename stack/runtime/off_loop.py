"""Calls of CPU-bound functions in a thread, so that the event loop answers other requests meanwhile."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec('Given')
Made = TypeVar('Made')

# What is computed of fewer bytes is computed at once: changing to a thread would take as long.
LARGE = 32 * 1024

# One call at a time: each computing thread holds the GIL for up to 5 ms, during which the loop waits.
_turn = threading.Lock()


async def call_off_loop(work: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs) -> Made:
    """Return what `work` returns, computed in a thread; raises what it raises."""
    return await asyncio.to_thread(_in_turn, partial(work, *args, **kwargs))


async def call_by_size(size: int, work: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs) -> Made:
    """The same for what is computed of so many bytes: in a thread if they are many."""
    if size < LARGE:
        return work(*args, **kwargs)
    return await call_off_loop(work, *args, **kwargs)


def _in_turn(work: Callable[[], Any]) -> Any:
    with _turn:
        return work()
