"""A cache of the images that ECR has: digest, tags and time of the push, by reference to an image.

Each repository is listed once in five minutes; repositories that are listed at the same time share one time limit.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

from stack.aws.ports import PushedImage
from stack.errors import AwsFailed, NotFound
from stack.runtime.lru import LruCache
from stack.stackfile.images import ImageReference

log = logging.getLogger(__name__)

REPOSITORIES = 1_000
READ_AT_ONCE = 8
# How long the images of a repository are used, and how long a caller waits for those that are due, in seconds.
FRESH_S = 300.0
WITHIN_S = 10.0

# Account, region and repository to the repository's images that have tags.
TaggedImages = Callable[[str, str, str], Awaitable[Iterable[PushedImage]]]
Repository = tuple[str, str, str]


class PushedImages:
    def __init__(self, tagged_images: TaggedImages):
        self._tagged_images = tagged_images
        # The time of the last listing, and the images by tag and by digest.
        self._known: LruCache[Repository, tuple[float, Mapping[str, PushedImage]]] = LruCache(REPOSITORIES)
        self._at_once = asyncio.Semaphore(READ_AT_ONCE)

    async def of(self, images: Iterable[str]) -> dict[str, PushedImage]:
        """The pushed image of each reference, as far as ECR has it and answers in time."""
        references = {image: ImageReference.split(image) for image in images}
        repositories = {_repository(reference) for reference in references.values()} - {None}
        listed: dict[Repository, Mapping[str, PushedImage]] = {}

        async def read(repository: Repository) -> None:
            async with self._at_once:
                listed[repository] = await self._images(repository)

        try:
            async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as group:
                for repository in repositories:
                    if repository is not None:
                        group.create_task(read(repository))
        except TimeoutError:
            log.warning('not all pushes of images are known: ECR did not answer within %.0f s', WITHIN_S)
        found: dict[str, PushedImage] = {}
        for image, reference in references.items():
            repository = _repository(reference)
            key = reference.digest or reference.tag or 'latest'
            pushed = listed.get(repository, {}).get(key) if repository else None
            if pushed is not None:
                found[image] = pushed
        return found

    async def _images(self, repository: Repository) -> Mapping[str, PushedImage]:
        read_at, known = self._known.get(repository) or (float('-inf'), {})
        if time.monotonic() - read_at < FRESH_S:
            return known
        try:
            images = await self._tagged_images(*repository)
        except (AwsFailed, NotFound) as failed:
            log.warning('the pushes to %s are not known: %s', repository[2], failed)
            images = ()
        by_name = {name: image for image in images for name in (*image.tags, image.digest)}
        self._known.put(repository, (time.monotonic(), by_name))
        return by_name


def _repository(image: ImageReference) -> Repository | None:
    return (image.ecr.account, image.ecr.region, image.repository) if image.ecr else None
