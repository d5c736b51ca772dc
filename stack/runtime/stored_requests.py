"""Requests that are objects in the bucket, carried out by a loop.

Level, not edge: what a killed process leaves is found by the next look.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

from stack.aws.ports import ListedObject, ObjectLister
from stack.errors import AwsFailed, Throttled, Unavailable

log = logging.getLogger(__name__)

POLL_S = 2.0


class StoredRequests(ABC):
    """The requests below a prefix; a subclass carries one out, and deletes it once nothing is left to do."""

    def __init__(self, bucket: ObjectLister, prefix: str, sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep):
        self._listed = bucket
        self._prefix = prefix
        self._sleep = sleep

    async def run(self) -> None:
        """Carry out requests, until cancelled."""
        while True:
            try:
                await self.look()
            except AwsFailed as failed:
                log.warning('the bucket could not be looked at for %s: %s', self._prefix, failed)
            await self._sleep(POLL_S)

    async def look(self) -> None:
        """Carry out the requests that are there. Raises `AwsFailed` where they cannot be listed."""
        for stored in await self._listed.objects(prefix=self._prefix):
            try:
                await self._carry_out(stored)
            except (Throttled, Unavailable) as failed:
                log.warning('%s is not carried out yet: %s', stored.key, failed)
            except (ValueError, TypeError, KeyError, AwsFailed) as failed:
                log.error('%s could not be carried out: %s', stored.key, failed)

    @abstractmethod
    async def _carry_out(self, stored: ListedObject) -> None:
        """Raises `Throttled` or `Unavailable` for a request that the next look is to carry out."""
