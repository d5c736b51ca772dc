"""The ended rollouts of all clusters, from their records, and the times at which their images were pushed.

One listing shows which records have changed since they were read.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Protocol

from stack.aws.ports import ObjectLister, ObjectReader, PushedImage
from stack.errors import AwsFailed, NotFound
from stack.rollouts.delivery import Deployment
from stack.rollouts.rollout import Rollout
from stack.rollouts.rollout_records import PREFIX, Record, readable_record
from stack.runtime.lru import LruCache
from stack.stackfile.images import ImageReference

log = logging.getLogger(__name__)

READ_AT_ONCE = 8
KNOWN = 1_000
# How long the tags of a repository are used, and how long an answer waits for them, in seconds.
TAGS_FRESH_S = 300.0
TAGS_WITHIN_S = 10.0

# Account, region and repository to the repository's images that have tags.
TaggedImages = Callable[[str, str, str], Awaitable[Iterable[PushedImage]]]
Repository = tuple[str, str, str]


class Bucket(ObjectReader, ObjectLister, Protocol):
    """Reads the records of rollouts."""


class Deployments:
    def __init__(self, bucket: Bucket, tagged_images: TaggedImages):
        self._bucket = bucket
        self._tagged_images = tagged_images
        self._known: LruCache[str, tuple[str, tuple[Deployment, ...]]] = LruCache(KNOWN)
        self._tags: LruCache[Repository, tuple[float, dict[str, datetime]]] = LruCache(KNOWN)
        self._at_once = asyncio.Semaphore(READ_AT_ONCE)

    async def read(self, may_see: Callable[[str], bool]) -> list[Deployment]:
        """The recorded ended rollouts of the clusters that the caller may see. Raises `AwsFailed`."""
        listed = await self._bucket.objects(prefix=PREFIX)
        etags = {record.key.removeprefix(PREFIX): record.etag for record in listed}
        names = [name for name in etags if may_see(name)]
        found = await asyncio.gather(*(self._of(name, etags[name]) for name in names))
        return [deployment for deployments in found for deployment in deployments]

    async def pushed(self, images: Collection[str]) -> dict[str, datetime]:
        """When images were pushed to ECR, as far as that is known; other registries do not tell."""
        references = {image: ImageReference.split(image) for image in images}
        by_repository: dict[Repository, dict[str, datetime]] = {}
        repositories = {_repository(reference) for reference in references.values()} - {None}
        try:
            async with asyncio.timeout(TAGS_WITHIN_S):
                for repository in repositories:
                    if repository is not None:
                        by_repository[repository] = await self._pushes(repository)
        except TimeoutError:
            log.warning('the times of pushes are not known: ECR did not answer within %.0f s', TAGS_WITHIN_S)
        times: dict[str, datetime] = {}
        for image, reference in references.items():
            repository = _repository(reference)
            at = by_repository.get(repository, {}).get(reference.digest or reference.tag or '') if repository else None
            if at is not None:
                times[image] = at
        return times

    async def _of(self, cluster: str, etag: str) -> tuple[Deployment, ...]:
        known = self._known.get(cluster)
        if known is not None and known[0] == etag:
            return known[1]
        async with self._at_once:
            stored = await self._bucket.get(PREFIX + cluster)
        deployments = tuple(_deployments(cluster, readable_record(cluster, stored.body))) if stored else ()
        self._known.put(cluster, (stored.etag if stored else etag, deployments))
        return deployments

    async def _pushes(self, repository: Repository) -> dict[str, datetime]:
        """The times by tag and by digest."""
        read_at, known = self._tags.get(repository) or (float('-inf'), {})
        if time.monotonic() - read_at < TAGS_FRESH_S:
            return known
        try:
            images = await self._tagged_images(*repository)
        except (AwsFailed, NotFound) as failed:
            log.warning('the times of pushes to %s are not known: %s', repository[2], failed)
            images = ()
        times = {name: image.pushed_at for image in images for name in (*image.tags, image.digest)}
        self._tags.put(repository, (time.monotonic(), times))
        return times


def _repository(image: ImageReference) -> Repository | None:
    return (image.ecr.account, image.ecr.region, image.repository) if image.ecr else None


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
