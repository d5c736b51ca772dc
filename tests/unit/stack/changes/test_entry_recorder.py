"""The recorder of entries: what is counted, when it is stored, and how failures are bounded."""

import asyncio
import json

import pytest

from stack.aws.s3 import Bucket
from stack.changes import entry_recorder
from stack.changes.entry_chain import Mark
from stack.changes.entry_recorder import FAILURES_MOST, EntryRecorder, Urgency
from tests.asynchronous import asynchronous
from tests.fake_s3 import FakeS3, World


def entry(who: str, kind: str = 'failed-sign-in') -> dict:
    return {'kind': kind, 'at': '2030-01-01T00:00:00+00:00', 'by': who, 'did': {'verb': 'sign in'}, 'error': 'x'}


class Recorded:
    """A recorder, and its objects in the order in which they were stored."""

    def __init__(self) -> None:
        self.world = World()
        self.s3 = FakeS3(self.world)
        self.recorder = EntryRecorder(Bucket(self.s3, 'bucket'), 'log/{}/'.format, 'mark/{}'.format)
        self.recorder.wrote.append(self.wrote)
        self.stored: asyncio.Queue[str] = asyncio.Queue()

    async def wrote(self, name: str, newest: Mark) -> None:
        self.stored.put_nowait(newest.key)

    async def next(self) -> None:
        await asyncio.wait_for(self.stored.get(), 30)

    def counts(self) -> list[dict[str, int]]:
        keys = sorted(self.world.objects, reverse=True)
        bodies = [json.loads(self.world.current(key).body) for key in keys]
        return [{each['by']: each['count'] for each in body} for body in bodies]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry_recorder, 'WRITTEN_EACH_S', 0.01)


@asynchronous
async def test_equal_entries_are_one_with_their_number():
    recorded = Recorded()
    for who in ('jo', 'jo', 'eve', 'jo'):
        recorded.recorder.note('a', entry(who))
    await recorded.next()
    assert recorded.counts() == [{'jo': 3, 'eve': 1}]


@asynchronous
async def test_failures_wait_after_the_first_ones_and_other_entries_take_them_along():
    recorded = Recorded()
    recorded.recorder.note('a', entry('jo'), Urgency.AS_FAILURE)
    await recorded.next()
    for _ in range(100):
        recorded.recorder.note('a', entry('jo'), Urgency.AS_FAILURE)
        await asyncio.sleep(0)
    assert recorded.stored.empty()
    recorded.recorder.note('b', entry('jo'), Urgency.AS_FAILURE)
    await recorded.next()
    assert recorded.counts() == [{'jo': 1}, {'jo': 1}], 'another log has its own pace'
    recorded.recorder.note('a', entry('eve', 'token'))
    await recorded.next()
    assert {'jo': 100, 'eve': 1} in recorded.counts()
    await recorded.recorder.close()


@asynchronous
async def test_failures_that_come_while_one_is_stored_wait_their_time():
    recorded = Recorded()
    held = recorded.s3.hold_where(lambda operation, key: operation == 'PutObject')
    recorded.recorder.note('a', entry('jo'), Urgency.AS_FAILURE)
    await asyncio.wait_for(held.reached.wait(), 30)
    for who in ('eve', 'otto', 'eve'):
        recorded.recorder.note('a', entry(who), Urgency.AS_FAILURE)
    held.go.set()
    await recorded.next()
    recorded.recorder.note('a', entry('otto'), Urgency.AS_FAILURE)
    reader = asyncio.create_task(recorded.recorder.flush('a'))
    await recorded.next()
    await reader
    assert recorded.counts() == [{'jo': 1}, {'eve': 2, 'otto': 2}]
    await recorded.recorder.close()


@asynchronous
async def test_a_reader_and_a_stop_store_what_waits():
    recorded = Recorded()
    for _ in range(2):
        recorded.recorder.note('a', entry('jo'), Urgency.AS_FAILURE)
        await recorded.recorder.flush('a')
    recorded.recorder.note('a', entry('eve'), Urgency.AS_FAILURE)
    await recorded.recorder.close()
    assert recorded.counts() == [{'jo': 1}, {'jo': 1}, {'eve': 1}]
    await recorded.recorder.flush('never noted')


@asynchronous
async def test_more_kinds_of_failures_than_the_bound_are_counted_together():
    recorded = Recorded()
    for number in range(3 * FAILURES_MOST):
        recorded.recorder.note('a', entry(f'user {number}'), Urgency.AS_FAILURE)
    await recorded.recorder.close()
    (counts,) = recorded.counts()
    assert len(counts) == FAILURES_MOST + 1
    assert counts[None] == 2 * FAILURES_MOST
