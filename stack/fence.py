"""A fence around calls that change AWS: whether the work that they belong to may go on is asked again before each.

ECS accepts no fencing token, so the question is asked as late as possible: by the reconciler before each call of a
step, and by a paced connection after each wait for AWS's rate limits.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from stack.interruptible import Interrupted

GoesOn = Callable[[], bool | Awaitable[bool]]

_fence: ContextVar[GoesOn | None] = ContextVar('fence', default=None)


@contextmanager
def fenced(goes_on: GoesOn) -> Iterator[None]:
    """Fence the calls that the block makes."""
    token = _fence.set(goes_on)
    try:
        yield
    finally:
        _fence.reset(token)


async def check() -> None:
    """Raises `Interrupted` where the caller is in a fence and its work must not go on."""
    goes_on = _fence.get()
    if goes_on is not None and not await permitted(goes_on):
        raise Interrupted


async def permitted(goes_on: GoesOn) -> bool:
    answer = goes_on()
    return await answer if inspect.isawaitable(answer) else answer
