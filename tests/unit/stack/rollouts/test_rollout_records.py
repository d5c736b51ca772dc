"""What is kept of rollouts: read as it was written, and by several replicas without loss."""

import asyncio
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from stack.aws.ports import NOT_MODIFIED
from stack.errors import PreconditionFailed, Unavailable
from stack.rollouts import rollout_records
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollout import Verdict, end
from stack.rollouts.rollout_records import MOST_KEPT, PREFIX, Record, RolloutRecords, dump, load, resume
from stack.rollouts.stages import StageProgress
from stack.state.revision_store import serialise
from stack.state.revisions import Change, Origin, Revision, encode

START = datetime(2026, 3, 1, tzinfo=UTC)


class OneKey:
    """A bucket with conditional writes; another process writes before each of the next `races` writes."""

    def __init__(self) -> None:
        self.stored: SimpleNamespace | None = None
        self.puts = 0
        self.races = 0
        self.failure: Exception | None = None

    async def get(self, key: str, *, known: Any = None) -> Any:
        if self.failure:
            raise self.failure
        assert key == f'{PREFIX}prod'
        if known and self.stored and (known.etag, known.version) == (self.stored.etag, self.stored.version):
            return NOT_MODIFIED
        return self.stored

    async def put(self, key: str, body: bytes, *, over: str | None) -> Any:
        if self.races:
            self.races -= 1
            raise PreconditionFailed('Taken.', 's3:PutObject', 'PreconditionFailed')
        self.puts += 1
        self.stored = SimpleNamespace(body=body, etag=str(self.puts), version=None)


def revision(name: str = 'r1', announce: str | None = 'deploy') -> Revision:
    change = Change(Origin('kim', 'test'), START, {'verb': 'replace'}, announce)
    body = serialise({'services': [{'web': {'image': 'web:1'}}]})
    return Revision('prod', '"e"', name, body, START, encode('w', [change]))


def state(announce: str | None = 'deploy') -> ClusterState:
    return ClusterState(revision(announce=announce), START)


class Owner:
    """Has a state, and has it know what is on record, as `stack.live.cluster.Cluster` does."""

    def __init__(self, state: ClusterState | None):
        self.state = state

    def recorded(self, record: Record) -> None:
        self.state.book.hear(record.rollouts)
        self.state.book.remember(record.former, START)


def records_of(bucket: OneKey, state: ClusterState | None, **options: Any) -> RolloutRecords:
    made = RolloutRecords(bucket, **options)
    made.of({'prod': Owner(state)}.get)
    return made


def keep(bucket: OneKey, state: ClusterState) -> None:
    asyncio.run(records_of(bucket, state).keep_now('prod'))


def resumed(bucket: OneKey, *path: Revision) -> ClusterState:
    return resume(ClusterState, asyncio.run(RolloutRecords(bucket).read('prod')), path, START)


@pytest.mark.parametrize('announce', ['deploy', None])
def test_what_is_kept_is_read_as_it_was(announce: str | None):
    kept = state(announce)
    verdict = Verdict('rolled-back', 'Tasks failed.', START + timedelta(minutes=3), 'arn:td/web:1')
    kept.rollouts['web'] = end(kept.rollouts['web'], verdict)
    assert load(dump(kept)) == Record('r1', kept.rollouts)


def test_the_record_of_a_large_cluster_is_read_and_written_off_the_event_loop(monkeypatch: pytest.MonkeyPatch):
    on_loop = []
    for name in ('load', '_dumped'):
        work = getattr(rollout_records, name)

        def noted(given: Any, work: Any = work, name: str = name) -> Any:
            on_loop.append((name, threading.current_thread() is threading.main_thread()))
            return work(given)

        monkeypatch.setattr(rollout_records, name, noted)
    services = [{f's{number}': {'image': 'web:1'}} for number in range(100)]
    bucket = OneKey()
    made = ClusterState(replace(revision(), body=serialise({'services': services})), START)
    keep(bucket, made)
    made.rollouts['s7'] = end(made.rollouts['s7'], Verdict('aborted', 'Stopped.', START))
    keep(bucket, made)
    assert on_loop == [('_dumped', False), ('load', False), ('_dumped', False)]
    assert asyncio.run(RolloutRecords(bucket).read('prod')).rollouts == made.rollouts


@pytest.mark.parametrize('body', [b'', b'[]', b'{}', b'{"revision": "r1", "rollouts": [{"goal": {}}]}'])
def test_what_cannot_be_read_is_as_if_it_were_not_there(body: bytes):
    bucket = OneKey()
    bucket.stored = SimpleNamespace(body=body, etag='1', version=None)
    assert resumed(bucket, revision()).rollouts['web'].open


def test_another_process_goes_on_from_there():
    bucket, first = OneKey(), state()
    first.rollouts['web'] = end(first.rollouts['web'], Verdict('succeeded', 'All run.', START))
    keep(bucket, first)
    assert resumed(bucket, revision()).rollouts == first.rollouts


def later(number: int, image: str) -> Revision:
    body = serialise({'services': [{'web': {'image': image}}]})
    change = Change(Origin('kim', 'test'), START, {'verb': 'replace'}, 'deploy')
    return Revision('prod', '"e"', f'r{number}', body, START, encode('w', [change]))


def turn(state: ClusterState, number: int, image: str) -> None:
    state.take_revision(later(number, image), START)


def test_how_former_revisions_ended_is_known_to_another_process():
    bucket, first = OneKey(), state()
    first.rollouts['web'] = end(first.rollouts['web'], Verdict('rolled-back', 'Tasks failed.', START))
    turn(first, 2, 'web:2')
    turn(first, 3, 'web:3')
    keep(bucket, first)
    fresh = resumed(bucket, Revision('prod', '"e"', 'r3', first.revision.body, START, first.revision.metadata))
    endings = {each: fresh.of_revision(each)['web'].verdict.ending for each in ('r1', 'r2')}
    assert endings == {'r1': 'rolled-back', 'r2': 'superseded'}


def test_a_record_that_is_still_the_newest_is_not_read_again():
    bucket = OneKey()
    records = RolloutRecords(bucket)

    async def scenario() -> None:
        nothing = await records.read('prod')
        assert await records.read('prod', nothing) == Record()
        await records_of(bucket, state()).keep_now('prod')
        first = await records.read('prod', nothing)
        assert first.revision == 'r1'
        assert await records.read('prod', first) is first
        ended = state()
        ended.rollouts['web'] = end(ended.rollouts['web'], Verdict('succeeded', 'All tasks run.', START))
        await records_of(bucket, ended).keep_now('prod')
        assert (await records.read('prod', first)).rollouts == ended.rollouts
        bucket.stored = None
        assert await records.read('prod', first) == Record()

    asyncio.run(scenario())


def test_what_only_another_process_knew_of_former_revisions_is_not_lost():
    bucket, first = OneKey(), state()
    turn(first, 2, 'web:2')
    keep(bucket, first)
    late = ClusterState(later(2, 'web:2'), START)
    turn(late, 3, 'web:3')
    keep(bucket, late)
    assert list(load(bucket.stored.body).former) == ['r1', 'r2']


def test_the_oldest_are_let_go_beyond_a_limit():
    made = state()
    for number in range(2, 12):
        turn(made, number, f'web:{number}')
    sample = made.former['r1']['web']
    made.book.former['r1'] = {f'web-{n}': sample for n in range(MOST_KEPT)}
    assert list(load(dump(made)).former) == [f'r{number}' for number in range(2, 11)]


def test_what_was_kept_before_former_revisions_were_is_read():
    plain = json.loads(dump(state()))
    del plain['former']
    assert load(json.dumps(plain).encode()).rollouts.keys() == {'web'}


def test_nothing_is_written_twice():
    bucket = OneKey()
    keep(bucket, state())
    keep(bucket, state())
    assert bucket.puts == 1


def seen(image: str = 'web:1', **differs: Any) -> ClusterState:
    """A cluster whose rollout has ended, as a replica sees it; `differs` are fields of the rollout."""
    made = ClusterState(revision(), START)
    ended = end(made.rollouts['web'], Verdict('succeeded', 'All tasks run.', START))
    made.rollouts['web'] = replace(ended, **differs)
    return made


def written_by(first: ClusterState, second: ClusterState) -> int:
    """How often the record is written by two replicas in turn, one of which saw it as `first`."""
    bucket = OneKey()
    for each in (first, second, first, second):
        keep(bucket, each)
    return bucket.puts


def test_what_another_replica_saw_alike_at_another_time_is_written_once():
    later = START + timedelta(seconds=2)
    verdict = Verdict('succeeded', 'All tasks run.', later)
    assert written_by(seen(), seen(observed_at=later, verdict=verdict, running=1, percent=100, idle=3.0)) == 1
    # A replica dates its own writes by its own clock, and those of others by S3's.
    goal = seen().rollouts['web'].goal
    announced_at = START + timedelta(seconds=0.4)
    assert written_by(seen(), seen(goal=replace(goal, since=announced_at, announced_at=announced_at))) == 1


@pytest.mark.parametrize(
    'differs',
    [
        {'verdict': None},
        {'verdict': Verdict('rolled-back', 'Tasks failed.', START)},
        {'verdict': Verdict('succeeded', 'All tasks run.', START, cause='by-hand')},
        {'state': 'rolling-out'},
        {'deployment': 'ecs-svc/2'},
        {'asked': True},
        {'given_up': True},
        {'stages': StageProgress('arn', 'blue_green', START, 'BAKE_TIME')},
        {'goal': replace(state().rollouts['web'].goal, announced_at=START + timedelta(minutes=1))},
        {'goal': replace(state().rollouts['web'].goal, count=3)},
    ],
    ids=lambda differs: ' '.join(differs),
)
def test_what_stands_otherwise_is_written(differs: dict[str, Any]):
    bucket = OneKey()
    keep(bucket, seen())
    keep(bucket, seen(**differs))
    assert bucket.puts == 2


def test_how_a_former_revision_ended_is_written():
    bucket, first = OneKey(), seen()
    turn(first, 2, 'web:2')
    keep(bucket, first)
    second = seen(verdict=Verdict('rolled-back', 'Tasks failed.', START - timedelta(seconds=1)))
    turn(second, 2, 'web:2')
    keep(bucket, second)
    assert bucket.puts == 2
    assert load(bucket.stored.body).former['r1']['web'].verdict.ending == 'rolled-back'


def test_an_announcement_survives_replicas_that_did_not_hear_of_it():
    bucket, notified, deaf = OneKey(), state(None), state(None)
    notified.announce(START + timedelta(minutes=1))
    keep(bucket, notified)
    bucket.races = 2
    keep(bucket, deaf)
    assert not deaf.rollouts['web'].goal.held
    assert not load(bucket.stored.body).rollouts['web'].goal.held


def test_what_is_due_is_written_before_the_end_whatever_the_pause():
    async def story() -> None:
        bucket = OneKey()
        records = records_of(bucket, state(), pause_s=3600)
        records.keep('prod')
        records.keep('prod')
        await records.close()
        assert bucket.puts == 1

    asyncio.run(story())


def test_a_bucket_that_does_not_answer_loses_nothing_but_the_record(caplog: pytest.LogCaptureFixture):
    bucket = OneKey()
    bucket.failure = Unavailable('No answer.', 's3:GetObject', '503')
    keep(bucket, state())
    assert 'were not recorded' in caplog.text


def test_a_cluster_that_is_gone_by_then_is_not_recorded():
    bucket = OneKey()
    keep(bucket, None)
    asyncio.run(RolloutRecords(bucket).keep_now('prod'))
    assert bucket.puts == 0


class SlowKey(OneKey):
    """Answers in its own time: `asked` is set when a caller waits for it, and it goes on when `free` is."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.free = asyncio.Event(), asyncio.Event()

    async def get(self, key: str) -> Any:
        self.asked.set()
        await self.free.wait()
        return await super().get(key)


@pytest.mark.parametrize('pause_s', [0, 3600])
def test_what_is_due_or_being_written_is_there_at_the_end(pause_s: float):
    async def test() -> None:
        bucket, wanted = SlowKey(), state()
        records = records_of(bucket, wanted, pause_s=pause_s)
        records.keep('prod')
        if not pause_s:
            await bucket.asked.wait()
        closing = asyncio.create_task(records.close())
        await bucket.asked.wait()
        bucket.free.set()
        await closing
        assert bucket.stored.body == dump(wanted)

    asyncio.run(test())
