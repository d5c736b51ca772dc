"""Consistent reads that many callers share.

A read whose start lies after a caller's arrival answers that caller truly: nothing that was stored before it asked is
missing. So all who wait share the next read, and a busy key costs a few reads at a time, however many ask.

Callers that were answered together ask again at nearly the same time. Where the next read began with the first of them,
the others would need one more. So the read of a busy key begins when all have asked whose requests had arrived by then.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from stack.runtime.lru import LruCache

Key = TypeVar('Key', bound=Hashable)
Value = TypeVar('Value')

# As many callers of one read make its key busy.
MANY = 8
# Busy keys that are remembered.
BUSY_KEPT = 100
# Turns of the event loop until those have asked whose requests had arrived when the first one did: their sockets are
# polled and read in one turn, the requests parsed in the next, and their verbs begin in the third.
TURNS = 4


class SharedReads(Generic[Key, Value]):
    """`get(key)` gives what `read(key)` gives or raises, from a read that began after the call of `get`.

    At most `at_once` reads of one key are under way at a time.
    """

    def __init__(self, read: Callable[[Key], Awaitable[Value]], at_once: int = 2):
        self._read = read
        self._at_once = at_once
        # A future for each caller: sharing one behind `asyncio.shield` costs a caller three times as much.
        self._waiting: dict[Key, list[asyncio.Future[Value]]] = {}
        self._under_way: Counter[Key] = Counter()
        self._busy: LruCache[Key, bool] = LruCache(BUSY_KEPT)
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, key: Key) -> Value:
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = []
            # Callers of the same turn of the loop share the read in any case.
            loop.call_soon(self._start, key, self._turns(key))
        answer: asyncio.Future[Value] = loop.create_future()
        waiting.append(answer)
        return await answer

    def _turns(self, key: Key) -> int:
        """After how many turns of the event loop the next read of a key begins."""
        return TURNS if self._busy.get(key) else 1

    def _start(self, key: Key, turns: int) -> None:
        if turns > 1:
            asyncio.get_running_loop().call_soon(self._start, key, turns - 1)
        elif key in self._waiting and self._under_way[key] < self._at_once:
            waiting = self._waiting.pop(key)
            if len(waiting) >= MANY:
                self._busy.put(key, True)
            elif not self._under_way[key]:
                self._busy.drop(key)
            self._under_way[key] += 1
            task = asyncio.get_running_loop().create_task(self._run(key, waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, key: Key, waiting: 'list[asyncio.Future[Value]]') -> None:
        try:
            value = await self._read(key)
        except asyncio.CancelledError:
            # Reads are cancelled when the process ends: the next one does not begin.
            for answer in waiting + self._waiting.pop(key, []):
                answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001  handed on to everyone who waits
            for answer in _awaited(waiting):
                answer.set_exception(error)
                answer.exception()  # read here, so that it is no surprise where every caller has gone
        else:
            for answer in _awaited(waiting):
                answer.set_result(value)
        finally:
            self._under_way -= Counter([key])
            self._start(key, self._turns(key))

    async def close(self) -> None:
        """Cancel what is under way, and what is to begin."""
        for task in list(self._tasks):
            task.cancel()
        for waiting in self._waiting.values():
            for answer in waiting:
                answer.cancel()
        self._waiting.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _awaited(waiting: 'list[asyncio.Future[Value]]') -> 'list[asyncio.Future[Value]]':
    """Those whose caller was not cancelled."""
    return [answer for answer in waiting if not answer.done()]
