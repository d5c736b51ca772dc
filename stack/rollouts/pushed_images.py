"""A cache of the images that ECR has: digest, tags and time of the push, by reference to an image.

Each repository is listed once in five minutes, also where many ask for it at the same time. A listing that takes longer
than its callers wait goes on, for those that ask later.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from stack.aws.ports import PushedImage
from stack.errors import AwsFailed, NotFound
from stack.runtime.lru import LruCache
from stack.stackfile.images import ImageReference

log = logging.getLogger(__name__)

REPOSITORIES = 1_000
# Listings at once in the registry of one account and region: one that hangs holds up no other.
READ_AT_ONCE = 8
# Seconds: how long the images of a repository are used; when a listing that failed is tried again; how long a caller
# waits for those that are due, and for those that have failed before: a registry that hangs delays no caller for long.
FRESH_S = 300.0
AGAIN_S = 20.0
WITHIN_S = 10.0
FAILED_WITHIN_S = 1.0

# Account, region and repository to the repository's images that have tags.
TaggedImages = Callable[[str, str, str], Awaitable[Iterable[PushedImage]]]
Repository = tuple[str, str, str]


class Pushes(NamedTuple):
    # By reference, as far as ECR has the image and answered.
    found: dict[str, PushedImage]
    # The others whose repository's listing failed, or did not end in time.
    unanswered: frozenset[str]


@dataclass(slots=True)
class _Listed:
    """The images of a repository by tag and by digest, of the last listing that succeeded."""

    images: Mapping[str, PushedImage]
    due: float
    has_failed: bool = False


class PushedImages:
    def __init__(self, tagged_images: TaggedImages, clock: Callable[[], float] = time.monotonic):
        self._tagged_images = tagged_images
        self._clock = clock
        self._known: LruCache[Repository, _Listed] = LruCache(REPOSITORIES)
        self._at_once: defaultdict[tuple[str, str], asyncio.Semaphore] = defaultdict(_room)
        self._under_way: dict[Repository, asyncio.Task[None]] = {}

    async def of(self, images: Iterable[str]) -> Pushes:
        """The pushed image of each reference, as far as ECR has it and answers in time."""
        references = {image: ImageReference.split(image) for image in images}
        repositories = {image: _repository(reference) for image, reference in references.items()}
        due = [each for each in {*repositories.values()} if each is not None and self._is_due(each)]
        begun = [(self._has_failed(each), self._listing(each)) for each in due]
        for has_failed, within_s in ((False, WITHIN_S), (True, FAILED_WITHIN_S)):
            listings = [listing for failed, listing in begun if failed is has_failed]
            if listings and (await asyncio.wait(listings, timeout=within_s))[1]:
                log.warning('not all pushes of images are known: ECR did not answer within %.0f s', within_s)
        found, unanswered = dict[str, PushedImage](), set[str]()
        for image, repository in repositories.items():
            if repository is None:
                continue
            listed = self._known.get(repository)
            pushed = listed and listed.images.get(_name(references[image]))
            if pushed:
                found[image] = pushed
            elif listed is None or listed.has_failed or self._is_due(repository):
                unanswered.add(image)
        return Pushes(found, frozenset(unanswered))

    def _is_due(self, repository: Repository) -> bool:
        listed = self._known.get(repository)
        return listed is None or self._clock() >= listed.due

    def _has_failed(self, repository: Repository) -> bool:
        listed = self._known.get(repository)
        return listed is not None and listed.has_failed

    def _listing(self, repository: Repository) -> asyncio.Task[None]:
        task = self._under_way.get(repository)
        if task is None:
            task = self._under_way[repository] = asyncio.create_task(self._list(repository))
            task.add_done_callback(lambda _: self._under_way.pop(repository))
        return task

    async def _list(self, repository: Repository) -> None:
        async with self._at_once[repository[:2]]:
            try:
                images = await self._tagged_images(*repository)
            except NotFound:
                images = ()
            except AwsFailed as failed:
                log.warning('the pushes to %s are not known: %s', repository[2], failed)
                before = self._known.get(repository)
                known = before.images if before else {}
                self._known.put(repository, _Listed(known, self._clock() + AGAIN_S, has_failed=True))
                return
        by_name = {name: image for image in images for name in (*image.tags, image.digest)}
        self._known.put(repository, _Listed(by_name, self._clock() + FRESH_S))


def _room() -> asyncio.Semaphore:
    return asyncio.Semaphore(READ_AT_ONCE)


def _name(image: ImageReference) -> str:
    return image.digest or image.tag or 'latest'


def _repository(image: ImageReference) -> Repository | None:
    return (image.ecr.account, image.ecr.region, image.repository) if image.ecr else None
