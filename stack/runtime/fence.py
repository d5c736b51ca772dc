"""A fence around calls that change AWS: before each call, its owner is asked whether the work may go on.

ECS accepts no fencing token, so the question is asked as late as possible: by the reconciler before each call of a
step, and by a paced connection after each wait for AWS's rate limits. Within a fence a connection tries each call
once, and its thread asks again before it begins: so no call outlasts the margin of a lease.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from stack.runtime.interruptible import Interrupted

GoesOn = Callable[[], bool | Awaitable[bool]]

_fence: ContextVar[GoesOn | None] = ContextVar('fence', default=None)


@contextmanager
def fenced(goes_on: GoesOn | None) -> Iterator[None]:
    """Fence the calls that the block makes; None lifts a fence for what is asked about it."""
    token = _fence.set(goes_on)
    try:
        yield
    finally:
        _fence.reset(token)


async def check() -> None:
    """Raises `Interrupted` where the caller is in a fence and its work must not go on."""
    goes_on = _fence.get()
    if goes_on is None:
        return
    with fenced(None):
        if not await permitted(goes_on):
            raise Interrupted


def may_start() -> Callable[[], bool] | None:
    """What a thread asks right before it makes a call of the fence around the caller; None without a fence.

    An asynchronous `goes_on` answers with its method `holds`, which must be quick and safe in any thread.
    """
    goes_on = _fence.get()
    if goes_on is None:
        return None
    if hasattr(goes_on, 'holds'):
        holds: Callable[[], bool] = goes_on.holds
        return holds
    return (lambda: True) if inspect.iscoroutinefunction(goes_on) else lambda: goes_on() is True


async def permitted(goes_on: GoesOn) -> bool:
    answer = goes_on()
    return await answer if inspect.isawaitable(answer) else answer
