"""Pushes of images by tag and digest; each repository is listed once."""

import asyncio
from datetime import UTC, datetime

import pytest

from stack.aws.ports import PushedImage
from stack.errors import NotFound, Unavailable
from stack.rollouts.pushed_images import AGAIN_S, FRESH_S, READ_AT_ONCE, PushedImages, Pushes

AT = datetime(2030, 1, 7, tzinfo=UTC)
IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1'
NEWER = '123456789012.dkr.ecr.us-east-1.amazonaws.com/web:2'
DIGEST = 'sha256:' + 'a' * 64


def test_pushes_are_known_by_tag_and_digest_and_listed_once():
    listed = []

    async def images(*repository: str) -> list[PushedImage]:
        listed.append(repository)
        return [PushedImage(DIGEST, ('1',), AT)]

    by_digest = IMAGE.removesuffix(':1') + f'@{DIGEST}'

    async def run() -> Pushes:
        pushed = PushedImages(images)
        await pushed.of([IMAGE])
        return await pushed.of([IMAGE, by_digest, 'docker.io/library/nginx:1', IMAGE + '2'])

    found, unanswered = asyncio.run(run())
    assert unanswered == frozenset()
    assert {image: push.digest for image, push in found.items()} == {IMAGE: DIGEST, by_digest: DIGEST}
    assert listed == [('123456789012', 'us-east-1', 'web')]


def test_a_missing_repository_leaves_the_others():
    async def images(account: str, region: str, repository: str) -> list[PushedImage]:
        if repository == 'gone':
            raise NotFound('There is no such repository.')
        return [PushedImage(DIGEST, ('1',), AT)]

    pushes = asyncio.run(PushedImages(images).of([IMAGE, IMAGE.replace('/web', '/gone')]))
    assert list(pushes.found) == [IMAGE]
    assert pushes.unanswered == frozenset()


def test_a_registry_that_hangs_holds_up_no_other():
    async def images(account: str, region: str, repository: str) -> list[PushedImage]:
        if region == 'eu-west-1':
            await asyncio.Event().wait()
        return [PushedImage(DIGEST, ('1',), AT)]

    async def run() -> Pushes:
        pushed = PushedImages(images)
        far = IMAGE.replace('us-east-1', 'eu-west-1')
        hanging = asyncio.create_task(pushed.of([far.replace('/web', f'/{n}') for n in range(2 * READ_AT_ONCE)]))
        await asyncio.sleep(0)
        found = await pushed.of([IMAGE])
        hanging.cancel()
        return found

    assert list(asyncio.run(run()).found) == [IMAGE]


class Registry:
    """ECR with one repository; each listing waits until `goes_on`, and fails while `fails`."""

    def __init__(self) -> None:
        self.listings = 0
        self.fails = False
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.tags = ['1']

    async def images(self, *_: str) -> list[PushedImage]:
        self.listings += 1
        await self.goes_on.wait()
        if self.fails:
            raise Unavailable('No answer', 'ecr:DescribeImages', 'Timeout')
        return [PushedImage(DIGEST, tuple(self.tags), AT)]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_listing_that_takes_long_leaves_what_others_have_and_goes_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr('stack.rollouts.pushed_images.WITHIN_S', 0.0)

    async def run() -> None:
        registry = Registry()
        registry.goes_on.clear()
        pushed = PushedImages(registry.images)
        assert await pushed.of([IMAGE]) == ({}, {IMAGE})
        assert await pushed.of([IMAGE]) == ({}, {IMAGE})
        registry.goes_on.set()
        monkeypatch.setattr('stack.rollouts.pushed_images.WITHIN_S', 10.0)
        found, unanswered = await pushed.of([IMAGE])
        assert ([*found], unanswered, registry.listings) == ([IMAGE], frozenset(), 1)

    asyncio.run(run())


def test_a_registry_that_has_failed_is_waited_for_only_a_moment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr('stack.rollouts.pushed_images.FAILED_WITHIN_S', 0.0)
    monkeypatch.setattr('stack.rollouts.pushed_images.WITHIN_S', 3600.0)

    async def run() -> None:
        registry, clock = Registry(), Clock()
        pushed = PushedImages(registry.images, clock)
        registry.fails = True
        await pushed.of([IMAGE])
        registry.goes_on.clear()
        clock.now += AGAIN_S
        async with asyncio.timeout(10):
            assert await pushed.of([IMAGE]) == ({}, {IMAGE})
        assert registry.listings == 2

    asyncio.run(run())


def test_callers_at_the_same_time_share_a_listing():
    async def run() -> None:
        registry = Registry()
        pushed = PushedImages(registry.images)
        answers = await asyncio.gather(*(pushed.of([IMAGE]) for _ in range(3)))
        assert [[*found] for found, _ in answers] == [[IMAGE]] * 3
        assert registry.listings == 1

    asyncio.run(run())


def test_a_listing_that_fails_keeps_what_is_known_and_is_tried_again_soon():
    async def run() -> None:
        registry, clock = Registry(), Clock()
        pushed = PushedImages(registry.images, clock)
        await pushed.of([IMAGE])
        registry.fails = True
        clock.now += FRESH_S
        found, unanswered = await pushed.of([IMAGE, NEWER])
        assert ([*found], unanswered) == ([IMAGE], {NEWER})
        registry.fails, registry.tags = False, ['1', '2']
        await pushed.of([NEWER])
        assert registry.listings == 2
        clock.now += AGAIN_S
        found, unanswered = await pushed.of([IMAGE, NEWER])
        assert ([*found], unanswered, registry.listings) == ([IMAGE, NEWER], frozenset(), 3)

    asyncio.run(run())


def test_callers_that_are_cancelled_leave_the_listing_to_the_others():
    async def run() -> None:
        registry = Registry()
        registry.goes_on.clear()
        pushed = PushedImages(registry.images)
        gone, stays = (asyncio.ensure_future(pushed.of([IMAGE])) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        registry.goes_on.set()
        assert [*(await stays).found] == [IMAGE]

    asyncio.run(run())
