"""Whether marks on versions can be relied on: what the ledger asks before it believes that something is owed."""

import pytest

from stack.aws.s3 import Bucket
from stack.errors import AwsFailed
from tests.asynchronous import asynchronous
from tests.fake_s3 import Answer, FakeS3, World


class NoCounts(FakeS3):
    """A store that answers without `x-amz-tagging-count`."""

    def _HeadObject(self, **arguments: str) -> Answer:
        answer = super()._HeadObject(**arguments)
        del answer['TagCount']
        return answer


def denied(operation: str) -> AwsFailed:
    return AwsFailed('denied', operation, 'AccessDenied')


@asynchronous
async def test_tags_that_are_kept_and_counted_can_be_relied_on():
    world = World()
    for _ in range(2):
        assert await Bucket(FakeS3(world), 'bucket').may_tag()
    assert len(world.contents('nysa/tagged')) == 1


@asynchronous
async def test_tags_that_are_not_counted_cannot():
    assert not await Bucket(NoCounts(World()), 'bucket').may_tag()


@pytest.mark.parametrize('operation', ['PutObjectTagging', 'GetObjectTagging'])
@asynchronous
async def test_tags_that_may_not_be_set_or_read_cannot(operation: str):
    s3 = FakeS3(World())
    assert await Bucket(s3, 'bucket').may_tag()
    s3.fail(lambda asked, _: asked == operation, denied, times=10)
    assert not await Bucket(s3, 'bucket').may_tag()
