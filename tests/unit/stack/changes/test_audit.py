"""The audit, where the bucket is slow."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from stack.aws.s3 import Bucket
from stack.changes.audit import Audit
from stack.changes.entry_chain import Mark
from stack.errors import Frozen, NotFound
from stack.state.revisions import Change, Origin
from tests.asynchronous import asynchronous
from tests.fake_s3 import FakeS3, World

CHANGE = Change(Origin('jo', 'here'), datetime(2030, 1, 1, tzinfo=UTC), {'verb': 'change'})


@dataclass
class Stored:
    key: str
    body: bytes


class SlowBucket:
    """Stores an object only when the test permits it."""

    def __init__(self) -> None:
        self.asked, self.may_go = asyncio.Event(), asyncio.Event()
        self.stored: list[Stored] = []

    async def put(self, key: str, body: bytes, *, over: str | None) -> None:
        self.asked.set()
        await self.may_go.wait()
        self.stored.append(Stored(key, body))

    async def get(self, key: str) -> Stored | None:
        return next((each for each in self.stored if each.key == key), None)

    async def objects(self, *, prefix: str, after: str | None = None, limit: int | None = None) -> list[Stored]:
        return list(self.stored)


class NoHistory:
    async def page(self, cluster: str, limit: int, after: str | None) -> None:
        raise NotFound('none')


def test_who_reads_while_a_refusal_is_on_its_way_to_the_bucket_waits_for_it():
    async def read() -> list:
        bucket = SlowBucket()
        audit = Audit(bucket, NoHistory())
        audit.refused('staging', CHANGE, Frozen('frozen', {}))
        first = asyncio.create_task(audit.page('staging', 10))
        await bucket.asked.wait()
        second = asyncio.create_task(audit.page('staging', 10))
        await asyncio.wait([second], timeout=0.01)
        bucket.may_go.set()
        pages = await asyncio.gather(first, second)
        await audit.close()
        return [[entry['by'] for entry in entries] for entries, _ in pages]

    assert asyncio.run(read()) == [['jo'], ['jo']]


@pytest.mark.parametrize('after', [False, True])
@asynchronous
async def test_a_refusal_that_s3_does_not_store_is_stored_later_and_once(after: bool, monkeypatch):
    monkeypatch.setattr('stack.changes.entry_recorder.RETRIED_EACH_S', 0.0)
    s3 = FakeS3(World())
    s3.fail(lambda operation, key: operation == 'PutObject', after=after)
    s3.fail(lambda operation, key: operation == 'HeadObject')
    audit = Audit(Bucket(s3, 'bucket'), NoHistory())
    stored = asyncio.Event()

    async def wrote(cluster: str, newest: Mark) -> None:
        stored.set()

    audit.recorder.wrote.append(wrote)
    audit.refused('staging', CHANGE, Frozen('frozen', {}))
    await asyncio.wait_for(stored.wait(), 30)
    assert [key for key in s3.world.objects if len(s3.world.contents(key)) == 1] == list(s3.world.objects)
    assert len(s3.world.objects) == 1
    await audit.close()
    assert len(s3.world.objects) == 1


@asynchronous
async def test_at_the_end_everything_that_waits_is_stored():
    s3 = FakeS3(World())
    audit = Audit(Bucket(s3, 'bucket'), NoHistory())
    audit.refused('staging', CHANGE, Frozen('frozen', {}))
    await audit.close()
    assert len(s3.world.objects) == 1


@pytest.mark.parametrize('body', [b'{}', b'[]', b'[1]', b'[{"kind": "refusal"}]', b'[{"at": 1}]', b'[' * 100_000])
@asynchronous
async def test_an_object_that_is_no_entries_does_not_hide_the_others(body: bytes):
    world = World()
    world.store('nysa/audit/staging/0999999999998', body)
    world.store('nysa/audit/staging/0999999999999', b'[{"at": "2030-01-01T00:00:00+00:00"}]')
    entries, following = await Audit(Bucket(FakeS3(world), 'bucket'), NoHistory()).page('staging', 10)
    assert (entries, following) == ([{'at': '2030-01-01T00:00:00+00:00'}], None)
