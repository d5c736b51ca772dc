"""What is announced here is recorded for others; what others announced, and how rollouts ended there, is read."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from stack.errors import Unavailable
from stack.live.cluster import Cluster, Surroundings
from stack.live.facts import Current
from stack.live.reannouncements import HEAR_S, Reannouncements
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.overtaken import CONFIRMED_AFTER, DECIDED_AFTER
from stack.rollouts.rollout import Rollout, Verdict, announced_again, end, superseded
from stack.rollouts.rollout_records import Record, resume
from stack.state.revision_store import serialise
from stack.state.revisions import Change, Origin, Revision, encode

START = datetime(2026, 3, 1, tzinfo=UTC)


class Records:
    """What `stack.rollouts.rollout_records` would have kept, and how often it was read."""

    def __init__(self) -> None:
        self.owner: Cluster | None = None
        self.record = Record()
        self.reads = 0
        self.failure: Exception | None = None
        # Gets an item for each read as it begins.
        self.begun: asyncio.Queue[None] = asyncio.Queue()
        # Reads wait for it.
        self.held = asyncio.Event()
        self.held.set()

    async def keep_now(self, cluster: str) -> None:
        self.record = Record('r1', self.owner.state.rollouts)

    async def read(self, cluster: str, known: Record | None = None) -> Record:
        self.reads += 1
        if self.failure:
            raise self.failure
        self.begun.put_nowait(None)
        await self.held.wait()
        return self.record


def changed(name: str, announce: str | None, **images: str) -> Revision:
    """A revision with an image of its own for web, or with these images."""
    change = Change(Origin('kim', 'test'), START, {'verb': 'replace'}, announce)
    services = images or {'web': f'web:{name}'}
    body = serialise({'services': [{service: {'image': image}} for service, image in services.items()]})
    return Revision('prod', '"e"', name, body, START, encode('w', [change]))


def held(moved: list[str], name: str) -> Cluster:
    """A cluster that was changed without being announced."""
    revision = changed('r1', None)
    around = Surroundings(lambda: START)
    around.moves.subscribe(lambda _: moved.append(name))
    cluster = Cluster('prod', around)
    cluster.load(Current(0, revision, ClusterState(revision, START)))
    moved.clear()
    return cluster


def test_what_one_replica_announces_another_hears_of_once():
    now, moved, records = [0.0], [], Records()
    local, remote = held(moved, 'local'), held(moved, 'remote')
    records.owner = local

    async def story() -> None:
        here, there = (Reannouncements(records, lambda: now[0]) for _ in range(2))
        await there.hear_of_all([remote])
        assert (records.reads, moved) == (1, [])
        await here.made(local, START)
        await there.hear_of_all([remote])
        assert records.reads == 1, 'it has just been read'
        now[0] += HEAR_S
        await there.hear_of_all([remote])
        assert (records.reads, moved, remote.state.rollouts['web'].goal.held) == (2, ['local', 'remote'], False)
        now[0] += HEAR_S
        await there.hear_of_all([remote])
        assert records.reads == 2, 'nothing more can be news'

    asyncio.run(story())


def test_callers_share_reads_that_began_after_they_asked():
    records, cluster = Records(), held([], 'local')

    async def scenario() -> None:
        replica = Reannouncements(records, lambda: 0.0)
        records.held.clear()
        first = [asyncio.create_task(replica.hear_of(cluster)) for _ in range(20)]
        await records.begun.get()
        later = [asyncio.create_task(replica.hear_of(cluster)) for _ in range(20)]
        await records.begun.get()
        records.held.set()
        await asyncio.gather(*first, *later)
        assert records.reads == 2
        await replica.close()

    asyncio.run(scenario())


def test_a_record_that_was_merged_before_changes_nothing_that_answers_are_made_of():
    records, cluster = Records(), held([], 'local')

    async def scenario() -> None:
        replica = Reannouncements(records, lambda: 0.0)
        await replica.hear_of(cluster)
        facts = cluster.state.facts()
        await replica.hear_of(cluster)
        assert (records.reads, cluster.state.facts()) == (2, facts)
        records.record = Record('r1', announced_elsewhere(cluster))
        await replica.hear_of(cluster)
        assert not cluster.state.rollouts['web'].goal.held

    asyncio.run(scenario())


def announced_elsewhere(cluster: Cluster) -> dict[str, Rollout]:
    """The rollouts of a cluster after its announcement by another replica."""
    return {name: announced_again(each, START) for name, each in cluster.state.rollouts.items()}


def test_a_record_is_merged_again_into_what_changed_since():
    """A cluster that left and came back has a state that knows nothing of it."""
    records, cluster = Records(), held([], 'local')
    other = held([], 'other')
    records.record = Record('r1', announced_elsewhere(cluster))

    async def scenario() -> None:
        replica = Reannouncements(records, lambda: 0.0)
        await replica.hear_of(cluster)
        cluster.state = other.state
        await replica.hear_of(cluster)
        assert not cluster.state.rollouts['web'].goal.held

    asyncio.run(scenario())


class Overtaken:
    """A cluster whose rollout r1 was overtaken by r2, and counts as superseded; with a clock that it follows."""

    def __init__(self) -> None:
        self.now, self.records, self.moved = START, Records(), 0
        around = Surroundings(lambda: self.now)
        around.moves.subscribe(self._move)
        self.cluster = Cluster('prod', around)
        first, second = changed('r1', 'deploy'), changed('r2', 'deploy')
        self.cluster.load(Current(0, first, resume(ClusterState, Record(), [first], START)))
        self.cluster.stored(first, second)
        self.known = Reannouncements(self.records, lambda: (self.now - START).total_seconds())
        self.later(DECIDED_AFTER)
        self.cluster.expire()

    def _move(self, _: Cluster) -> None:
        self.moved += 1

    def later(self, by: timedelta) -> datetime:
        self.now += by
        return self.now

    def ending(self) -> str:
        return self.cluster.state.of_revision('r1')['web'].verdict.ending

    def recorded(self, ending: str) -> None:
        """Another replica records how it ended."""
        ended = end(self.cluster.state.former['r1']['web'], Verdict(ending, 'It was seen.', self.now))
        self.records.record = Record('r2', {}, {'r1': {'web': ended}})


def test_a_verdict_that_another_replica_records_later_replaces_superseded():
    scene = Overtaken()

    async def story() -> None:
        await scene.known.hear_of_all([scene.cluster])
        assert (scene.records.reads, scene.ending()) == (1, 'superseded')
        scene.recorded('succeeded')
        before = scene.moved
        scene.later(timedelta(seconds=HEAR_S))
        await scene.known.hear_of_all([scene.cluster])
        assert (scene.ending(), scene.moved) == ('succeeded', before + 1)
        scene.later(timedelta(seconds=HEAR_S))
        await scene.known.hear_of_all([scene.cluster])
        assert scene.records.reads == 2, 'nothing that is recorded later replaces it'

    asyncio.run(story())


def test_superseded_is_final_once_a_record_was_read_late_enough():
    scene = Overtaken()
    scene.records.failure = Unavailable('S3 does not answer.', 's3:GetObject', '503')

    async def story() -> None:
        scene.later(CONFIRMED_AFTER)
        await scene.known.hear_of_all([scene.cluster])
        scene.records.failure = None
        scene.later(timedelta(seconds=HEAR_S))
        await scene.known.hear_of_all([scene.cluster])
        assert scene.records.reads == 2, 'a read that fails confirms nothing'
        scene.later(timedelta(seconds=HEAR_S))
        await scene.known.hear_of_all([scene.cluster])
        assert scene.records.reads == 2

    asyncio.run(story())


def test_a_verdict_counts_that_is_recorded_beside_another_service_of_its_revision():
    """By a replica at r2, which overtook web alone, in one that is at r3 already."""
    now = [START]
    cluster = Cluster('prod', Surroundings(lambda: now[0]))
    first = changed('r1', 'deploy', web='web:1', api='api:1')
    second = changed('r2', 'deploy', web='web:2', api='api:1')
    cluster.load(Current(0, first, resume(ClusterState, Record(), [first], START)))
    cluster.stored(first, second)
    cluster.stored(second, changed('r3', 'deploy', web='web:2', api='api:2'))
    web, api = (cluster.state.former['r1'][service] for service in ('web', 'api'))
    arrived = end(api, Verdict('succeeded', 'All tasks run.', START))
    cluster.recorded(Record('r2', {'api': arrived}, {'r1': {'web': superseded(web, 'r2', START)}}))
    now[0] += DECIDED_AFTER
    cluster.expire()
    endings = {service: each.verdict.ending for service, each in cluster.state.of_revision('r1').items()}
    assert endings == {'web': 'superseded', 'api': 'succeeded'}


def test_records_that_cannot_be_read_are_read_again(caplog: pytest.LogCaptureFixture):
    now, records = [0.0], Records()
    records.failure = Unavailable('S3 does not answer.', 's3:GetObject', '503')

    async def story() -> None:
        there = Reannouncements(records, lambda: now[0])
        await there.hear_of_all([held([], 'remote')])

    asyncio.run(story())
    assert 'what other replicas recorded is not known' in caplog.text
