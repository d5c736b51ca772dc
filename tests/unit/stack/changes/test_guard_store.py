"""The guards of clusters whose revisions are by other programs, on S3 in memory."""

import asyncio

import pytest

from stack.aws.s3 import Bucket
from stack.changes.guard_store import GuardStore
from stack.changes.guards import Guards
from stack.state.revision_store import RevisionStore
from stack.state.revisions import WRITE_KEY
from tests.fake_s3 import FakeS3, World


@pytest.mark.parametrize('metadata', [{}, {WRITE_KEY: 'w1'}], ids=['nothing names guards', 'the oldest names none'])
def test_a_history_of_other_programs_is_searched_once_for_a_version(metadata: dict[str, str]):
    world = World()
    world.store('web', b'{}', metadata)
    for number in range(10):
        world.store('web', b'{"services": [%d]}' % number)
    asyncio.run(_search_twice(FakeS3(world)))


async def _search_twice(s3: FakeS3) -> None:
    bucket = Bucket(s3, 'bucket')
    revision, guards = await RevisionStore(bucket).read('web'), GuardStore(bucket)
    assert await guards.of('web', revision) == Guards()
    first, s3.calls = len(s3.calls), []
    assert await guards.of('web', revision) == Guards()
    assert first > 10
    # No search: at most the copy, which may be stored at any time.
    assert set(s3.calls) <= {('GetObject', 'nysa/guards/web')}
