"""The ended rollouts of all clusters, from their records.

One listing shows which records have changed since they were read.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol

from stack.aws.ports import ObjectLister, ObjectReader
from stack.rollouts.delivery import Deployment
from stack.rollouts.rollout import Rollout
from stack.rollouts.rollout_records import PREFIX, Record, readable_record
from stack.runtime.lru import LruCache

READ_AT_ONCE = 8
KNOWN = 1_000


class Bucket(ObjectReader, ObjectLister, Protocol):
    """Reads the records of rollouts."""


class Deployments:
    def __init__(self, bucket: Bucket):
        self._bucket = bucket
        self._known: LruCache[str, tuple[str, tuple[Deployment, ...]]] = LruCache(KNOWN)
        self._at_once = asyncio.Semaphore(READ_AT_ONCE)

    async def read(self, may_see: Callable[[str], bool]) -> list[Deployment]:
        """The recorded ended rollouts of the clusters that the caller may see. Raises `AwsFailed`."""
        listed = await self._bucket.objects(prefix=PREFIX)
        etags = {record.key.removeprefix(PREFIX): record.etag for record in listed}
        names = [name for name in etags if may_see(name)]
        found = await asyncio.gather(*(self._of(name, etags[name]) for name in names))
        return [deployment for deployments in found for deployment in deployments]

    async def _of(self, cluster: str, etag: str) -> tuple[Deployment, ...]:
        known = self._known.get(cluster)
        if known is not None and known[0] == etag:
            return known[1]
        async with self._at_once:
            stored = await self._bucket.get(PREFIX + cluster)
        deployments = tuple(_deployments(cluster, readable_record(cluster, stored.body))) if stored else ()
        self._known.put(cluster, (stored.etag if stored else etag, deployments))
        return deployments


def _deployments(cluster: str, record: Record) -> Iterator[Deployment]:
    seen: set[tuple[str, str]] = set()
    for rollouts in (*record.former.values(), record.rollouts):
        for rollout in rollouts.values():
            key = rollout.goal.service, rollout.goal.revision
            if key not in seen and _counts(rollout):
                seen.add(key)
                yield _deployment(cluster, rollout)


def _counts(rollout: Rollout) -> bool:
    """Whether a rollout of a service was asked for and has succeeded or failed; a superseded one has done neither."""
    verdict = rollout.verdict
    return rollout.goal.kind == 'service' and verdict is not None and (verdict.failed or verdict.ending == 'succeeded')


def _deployment(cluster: str, rollout: Rollout) -> Deployment:
    goal, verdict = rollout.goal, rollout.verdict
    assert verdict is not None
    return Deployment(cluster, goal.service, goal.revision, goal.image, verdict.at, verdict.failed)
