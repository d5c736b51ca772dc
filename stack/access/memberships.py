"""The groups of people, as their provider stated them last.

A session keeps the groups of its sign-in for hours. What a later sign-in, or a load balancer, states of the same
account is kept in the bucket, so that every replica knows it.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from stack.aws.ports import ObjectReader, ObjectReplacer
from stack.errors import AwsFailed
from stack.runtime.lru import LruCache

log = logging.getLogger(__name__)

MEMBERSHIPS = 'nysa/memberships/'
REMEMBERED = 10_000
# For so long the groups of an account that are stated again are not compared with the bucket, in seconds.
COMPARED_EACH_S = 300.0


class Bucket(ObjectReader, ObjectReplacer, Protocol):
    """The calls that memberships are stored by."""


class Memberships:
    def __init__(self, bucket: Bucket, clock: Callable[[], float] = time.monotonic):
        self._bucket = bucket
        self._clock = clock
        # By account what the bucket had, and when.
        self._stored: LruCache[str, tuple[tuple[str, ...], float]] = LruCache(REMEMBERED)

    async def seen(self, subject: str, groups: Sequence[str]) -> None:
        """Record the groups that a provider states now of an account; a failure is logged, and tried the next time."""
        stated = tuple(sorted(groups))
        stored, at = self._stored.get(subject) or (None, 0.0)
        if stored == stated and self._clock() - at < COMPARED_EACH_S:
            return
        try:
            if await self.of(subject) != stated:
                await self._bucket.replace(_key(subject), json.dumps(stated).encode())
            self._stored.put(subject, (stated, self._clock()))
        except AwsFailed as failed:
            log.warning('the groups of an account are not recorded: %s', failed)

    async def of(self, subject: str) -> tuple[str, ...] | None:
        """The groups that were stated last of an account; None where none were recorded. Raises `AwsFailed`."""
        stored = await self._bucket.get(_key(subject))
        try:
            return tuple(map(str, json.loads(stored.body))) if stored else None
        except (ValueError, TypeError):
            return ()


def _key(subject: str) -> str:
    return MEMBERSHIPS + hashlib.sha256(subject.encode()).hexdigest()
