"""Requests that are objects in the bucket, carried out by a loop.

Level, not edge: what a killed process leaves is found by the next look.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from stack.aws.ports import ListedObject, ObjectLister
from stack.errors import AwsFailed, Throttled, Unavailable
from stack.runtime.keyed_tasks import KeyedTasks

log = logging.getLogger(__name__)

POLL_S = 2.0
# Requests that are carried out at once in one account and region.
AT_ONCE = 50

# What the room of a cluster is kept by: its account and region.
RoomOf = Callable[[str], Awaitable[Hashable]]


class StoredRequests(ABC):
    """The requests below a prefix, each under the name of its cluster; a subclass carries one out, and deletes it once
    nothing is left to do.
    """

    def __init__(
        self,
        bucket: ObjectLister,
        prefix: str,
        room_of: RoomOf,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ):
        self._room_of = room_of
        self._room: defaultdict[Hashable, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))
        self._listed = bucket
        self._under_way: KeyedTasks[str] = KeyedTasks(f'a request of {prefix}')
        self._prefix = prefix
        self._sleep = sleep

    async def run(self) -> None:
        """Carry out requests, until cancelled; one that AWS does not answer holds up no other."""
        try:
            while True:
                try:
                    await self._begin()
                except AwsFailed as failed:
                    log.warning('the bucket could not be looked at for %s: %s', self._prefix, failed)
                await self._sleep(POLL_S)
        finally:
            self._under_way.cancel()

    async def look(self) -> None:
        """Carry out the requests that are there. Raises `AwsFailed` where they cannot be listed."""
        await self._begin()
        await self._under_way.settled()

    async def _begin(self) -> None:
        """Begin to carry out each request that is there and not under way."""
        for stored in await self._listed.objects(prefix=self._prefix):
            if stored.key not in self._under_way:
                self._under_way.start(stored.key, self._try(stored))

    async def _try(self, stored: ListedObject) -> None:
        try:
            cluster = stored.key.removeprefix(self._prefix).partition('/')[0]
            async with self._room[await self._room_of(cluster)]:
                await self._carry_out(stored)
        except (Throttled, Unavailable) as failed:
            log.warning('%s is not carried out yet: %s', stored.key, failed)
        except (ValueError, TypeError, KeyError, AwsFailed) as failed:
            log.error('%s could not be carried out: %s', stored.key, failed)
        except Exception:
            log.exception('%s could not be carried out', stored.key)

    @abstractmethod
    async def _carry_out(self, stored: ListedObject) -> None:
        """Raises `Throttled` or `Unavailable` for a request that the next look is to carry out."""
