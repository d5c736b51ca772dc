"""Work that keeps the processor busy, done beside the loop, so that other requests are answered meanwhile."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec('Given')
Made = TypeVar('Made')

# One such piece at a time: each thread that computes keeps the loop from its turn for 5 ms.
_turn = threading.Lock()


async def beside(work: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs) -> Made:
    """What `work` gives or raises, from a thread."""
    return await asyncio.to_thread(_in_turn, partial(work, *args, **kwargs))


def _in_turn(work: Callable[[], Any]) -> Any:
    with _turn:
        return work()
