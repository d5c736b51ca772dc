"""Pushes of images by tag and digest; each repository is listed once."""

import asyncio
from datetime import UTC, datetime

from stack.aws.ports import PushedImage
from stack.errors import NotFound
from stack.rollouts.pushed_images import PushedImages

AT = datetime(2030, 1, 7, tzinfo=UTC)
IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1'
DIGEST = 'sha256:' + 'a' * 64


def test_pushes_are_known_by_tag_and_digest_and_listed_once():
    listed = []

    async def images(*repository: str) -> list[PushedImage]:
        listed.append(repository)
        return [PushedImage(DIGEST, ('1',), AT)]

    by_digest = IMAGE.removesuffix(':1') + f'@{DIGEST}'

    async def run() -> dict[str, PushedImage]:
        pushed = PushedImages(images)
        await pushed.of([IMAGE])
        return await pushed.of([IMAGE, by_digest, 'docker.io/library/nginx:1', IMAGE + '2'])

    found = asyncio.run(run())
    assert {image: push.digest for image, push in found.items()} == {IMAGE: DIGEST, by_digest: DIGEST}
    assert listed == [('123456789012', 'us-east-1', 'web')]


def test_a_missing_repository_leaves_the_others():
    async def images(account: str, region: str, repository: str) -> list[PushedImage]:
        if repository == 'gone':
            raise NotFound('There is no such repository.')
        return [PushedImage(DIGEST, ('1',), AT)]

    found = asyncio.run(PushedImages(images).of([IMAGE, IMAGE.replace('/web', '/gone')]))
    assert list(found) == [IMAGE]


def test_a_registry_that_does_not_answer_leaves_what_others_have(monkeypatch):
    monkeypatch.setattr('stack.rollouts.pushed_images.WITHIN_S', 0.0)

    async def silent(*_: str) -> list[PushedImage]:
        return await asyncio.Future()

    assert asyncio.run(PushedImages(silent).of([IMAGE])) == {}
