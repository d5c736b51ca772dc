"""Reads whose answers serve for a while: callers of one key share a read that is under way, or its recent answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar, cast

from stack.runtime.lru import LruCache

Value = TypeVar('Value')


class RecentReads:
    """`get` gives an answer that is at most `seconds` old. A failure reaches all who wait for it, and is not kept.

    A caller that is cancelled leaves the read to the others.
    """

    def __init__(self, seconds: float, most: int, clock: Callable[[], float] = time.monotonic):
        self._seconds = seconds
        self._clock = clock
        # By key: when the read began, and the read.
        self._reads: LruCache[Hashable, tuple[float, asyncio.Task[Any]]] = LruCache(most)

    async def get(self, key: Hashable, read: Callable[[], Awaitable[Value]]) -> Value:
        known = self._reads.get(key)
        if known is None or self._clock() - known[0] > self._seconds:
            known = self._clock(), asyncio.create_task(self._read(key, read))
            self._reads.put(key, known)
        return cast(Value, await asyncio.shield(known[1]))

    def forget(self, key: Hashable) -> None:
        """Have the next call of `get` read again."""
        self._reads.drop(key)

    async def _read(self, key: Hashable, read: Callable[[], Awaitable[Value]]) -> Value:
        try:
            return await read()
        except BaseException:
            self._reads.drop(key)
            raise
