"""What is known of clusters, and what is published: over a real bucket, in time that the test turns."""

import asyncio
import copy
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.aws.s3 import Bucket
from stack.errors import AwsFailed, NotFound, Unavailable
from stack.live import snapshots
from stack.live.client_messages import Subscribe
from stack.live.event import Event
from stack.live.interest import ASKED_S
from stack.live.live import RECENT, Live
from stack.live.subscriber import Subscriber
from stack.live.summary_store import SummaryStore
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Service
from stack.rollouts.observation import Observation
from stack.rollouts.overtaken import DECIDED_AFTER
from stack.rollouts.rollout import Verdict, end
from stack.rollouts.rollout_records import PREFIX, RolloutRecords, dump
from stack.rollouts.stale_secrets import StaleSecret
from stack.sandbox.faults import Fault
from stack.state.revision_store import RevisionStore, serialise
from stack.state.revisions import Change, Origin, Revision
from tests.aws import Aws
from tests.rolling import eventually
from tests.server import connect
from tests.unit.stack.rollouts.test_cluster_state import definition, running

WEB = {'web': {'image': 'web:1', 'desired_count': 2}}
FAILURE = Unavailable('ECS does not answer.', 'ecs:DescribeServices', '503')


class Reader:
    """Takes every frame at once."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def ready(self) -> bool:
        return True

    def offer(self, frame: bytes) -> bool:
        self.frames.append(frame)
        return True

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(frame) for frame in self.frames]


class Scene:
    def __init__(self, aws: Aws):
        self.aws = aws
        self.bucket = bucket = Bucket(connect(aws.endpoint, aws.region)[0], aws.bucket())
        self.clock = 1000.0
        self.late = timedelta()
        # Another process, as far as this one can tell: it hears of a write by looking, and at no other time.
        self.store = RevisionStore(bucket)
        self.records = RolloutRecords(bucket, pause_s=0)
        self.live = Live(
            RevisionStore(bucket), self.records, SummaryStore(bucket, 'test'), clock=lambda: self.clock, now=self.now
        )
        # Subscribed by `listen`.
        self.reader = Reader()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.late

    async def put(self, image: str = 'web:1') -> Revision:
        base = await self.store.read('prod') if await self.store.names() else None
        body = serialise({'services': [{'web': {'image': image, 'desired_count': 2}}]})
        change = Change(Origin('kim', 'test'), datetime.now(UTC), {'verb': 'replace'})
        return await self.store.write(base, 'prod', body, [change])

    async def subscribe(self, *names: str) -> Reader:
        reader = Reader()
        subscriber = Subscriber(reader)
        self.live.hub.subscribe(subscriber, Subscribe(names, {}))
        await subscriber.bringing_up
        return reader

    async def see(self, seen: Service, minutes: float = 2) -> None:
        made = self.live.states['prod']
        found = definition(made)
        at = self.now() + timedelta(minutes=minutes)
        await self.live.see('prod', Observation(at, {'web': seen}, {found.arn: found}))

    @property
    def published(self) -> list[dict[str, Any]]:
        return self.reader.events()

    async def listen(self) -> None:
        self.reader = await self.subscribe('*')
        self.reader.frames.clear()

    async def heard(self) -> list[str]:
        """The types of the events that came since the last call."""
        await self.live.hub.delivery.drain()
        types = [event['type'] for event in self.reader.events()]
        self.reader.frames.clear()
        return types


def play(aws: Aws, story: Callable[[Scene], Awaitable[Any]]) -> None:
    async def whole() -> None:
        scene = Scene(aws)
        try:
            await story(scene)
        finally:
            await scene.live.close()

    asyncio.run(whole())


def test_a_cluster_that_is_not_there(aws: Aws):
    async def story(scene: Scene) -> None:
        assert await scene.live.state('prod') is None
        assert (scene.live.loader.revision('prod'), scene.live.loaded('prod')) == (None, None)
        await scene.listen()
        await scene.live.see('prod', Observation(scene.now()))
        scene.live.unseen('prod', FAILURE)
        assert await scene.heard() == []

    play(aws, story)


def test_one_that_is_removed_while_a_caller_asks(aws: Aws):
    async def story(scene: Scene) -> None:
        revision = await scene.put()
        await scene.store.remove(revision)
        with pytest.raises(NotFound):
            await scene.live.at(revision)

    play(aws, story)


def test_a_bucket_that_denies_is_reported_to_the_caller(aws: Aws):
    async def story(scene: Scene) -> None:
        revision = await scene.put()
        aws.faults.add(Fault('deny', service='s3', operation='GetObject'))
        with pytest.raises(AwsFailed):
            await scene.live.at(revision)

    play(aws, story)


@pytest.mark.parametrize('batches', [False, True])
def test_a_large_cluster_is_described_before_it_is_sent(aws: Aws, monkeypatch: pytest.MonkeyPatch, batches: bool):
    monkeypatch.setattr(snapshots, 'is_large', lambda state: True)
    prepared, describe = [], snapshots._DESCRIBE['cluster']

    def described(state: ClusterState, at: datetime, rows: Any) -> Event:
        prepared.append(rows is not None)
        return describe(state, at, rows)

    monkeypatch.setitem(snapshots._DESCRIBE, 'cluster', described)

    async def story(scene: Scene) -> None:
        await scene.put()
        for _ in range(2):
            reader = Reader()
            subscriber = Subscriber(reader)
            scene.live.hub.subscribe(subscriber, Subscribe(('prod',), {}, batches=batches))
            await subscriber.bringing_up
            assert [event['type'] for event in reader.events()] == ['cluster', 'synced']
            await scene.live.see('prod', Observation(scene.now(), {'web': running()}))
        assert prepared == [True, True]

    play(aws, story)


def test_who_asks_has_the_revision_that_was_just_stored(aws: Aws):
    async def story(scene: Scene) -> None:
        await scene.live.at(await scene.put())
        await scene.listen()
        after = await scene.put('web:2')
        assert (await scene.live.at(after)).revision.id == after.id
        assert 'desired' in await scene.heard()

    play(aws, story)


def test_no_look_is_waited_for_where_ecs_is_not_looked_at(aws: Aws):
    async def story(scene: Scene) -> None:
        assert not scene.live.watched
        async with asyncio.timeout(60):
            assert (await scene.live.at(await scene.put())).observed_at is None

    play(aws, story)


def test_the_first_look_is_waited_for_where_ecs_is_looked_at(aws: Aws):
    async def story(scene: Scene) -> None:
        revision = await scene.put()
        woken = asyncio.Event()
        scene.live.wishes.subscribe(woken.set)
        asking = asyncio.create_task(scene.live.at(revision))
        await eventually(lambda: scene.live.askers.waits('prod'))
        assert woken.is_set()
        await scene.see(running())
        assert (await asking).observed_at is not None

    play(aws, story)


def test_what_moves_is_of_interest_and_what_is_asked_for_or_listened_to(aws: Aws):
    async def story(scene: Scene) -> None:
        await scene.put()
        await scene.live.state('prod')
        scene.clock += ASKED_S + 1
        assert scene.live.of_interest() == ['prod'], 'it rolls out'
        await scene.see(running())
        assert (scene.live.of_interest(), bool(scene.live.askers)) == ([], False)
        await scene.live.state('prod')
        assert (scene.live.of_interest(), bool(scene.live.askers)) == (['prod'], True)
        scene.clock += ASKED_S + 1
        await scene.subscribe('pr*')
        assert (scene.live.of_interest(), len(scene.live.hub)) == (['prod'], 1)

    play(aws, story)


def test_an_end_is_reported_once(aws: Aws):
    async def story(scene: Scene) -> None:
        ended: list[tuple[str, str]] = []
        scene.live.endings.subscribe(lambda state, each: ended.append((state.name, each.verdict.ending)))
        await scene.put()
        await scene.live.state('prod')
        await scene.see(running(running=1))
        assert ended == []
        await scene.see(running(), minutes=3)
        await scene.see(running(), minutes=4)
        assert ended == [('prod', 'succeeded')]

    play(aws, story)


def test_the_verdict_of_another_replica_is_read_although_nobody_asks_any_more(aws: Aws):
    async def story(scene: Scene) -> None:
        first = await scene.put('web:1')
        state = await scene.live.state('prod')
        await scene.put('web:2')
        await scene.live.feed.poll()
        await scene.see(running())
        scene.late = DECIDED_AFTER
        await scene.live.freezes.check()
        await scene.records.close()
        scene.clock += ASKED_S + 1
        superseded = state.former[first.id]['web']
        assert (superseded.verdict.ending, scene.live.of_interest()) == ('superseded', [])

        other = copy.deepcopy(state)
        other.former[first.id]['web'] = end(superseded, Verdict('succeeded', 'It was seen.', scene.now()))
        stored = await scene.bucket.get(f'{PREFIX}prod')
        await scene.bucket.put(f'{PREFIX}prod', dump(other), over=stored.etag)
        await scene.live.hear()
        assert state.former[first.id]['web'].verdict.ending == 'succeeded'

    play(aws, story)


def test_a_look_that_shows_nothing_new_publishes_nothing(aws: Aws):
    async def story(scene: Scene) -> None:
        await scene.put()
        await scene.live.state('prod')
        await scene.see(running())
        await scene.listen()
        await scene.see(running(), minutes=3)
        assert await scene.heard() == []

    play(aws, story)


def test_secrets_and_schedules_are_known_before_their_cluster_is_and_published_where_they_change(aws: Aws):
    async def story(scene: Scene) -> None:
        await scene.put()
        schedules = {'web': {'state': 'failing'}}
        stale = {'web': (StaleSecret('KEY', scene.now()),)}
        scene.live.judged('prod', schedules)
        scene.live.rotated('prod', stale)
        await scene.listen()
        state = scene.live.states['prod']
        assert (state.schedules, state.stale_secrets) == (schedules, stale)
        scene.live.judged('prod', dict(schedules))
        scene.live.rotated('prod', dict(stale))
        assert await scene.heard() == []
        scene.live.judged('prod', {})
        await scene.live.hub.delivery.drain()
        assert [row['name'] for row in scene.published[-1]['services']] == ['web']
        assert not any('schedule' in row for row in scene.published[-1]['services'])
        scene.live.rotated('prod', {})
        await scene.live.hub.delivery.drain()
        assert [row['stale_secrets'] for row in scene.published[-1]['services']] == [[]]

    play(aws, story)


def test_an_ecs_that_cannot_be_asked_is_published_once_and_its_return_too(aws: Aws):
    async def story(scene: Scene) -> None:
        await scene.put()
        await scene.live.state('prod')
        await scene.see(running())
        await scene.listen()
        scene.live.unseen('prod', FAILURE)
        scene.live.unseen('prod', FAILURE)
        await scene.live.hub.delivery.drain()
        (event,) = scene.published
        assert event['failing']['message'] == 'ECS does not answer.'
        await scene.see(running(), minutes=3)
        await scene.live.hub.delivery.drain()
        assert scene.published[-1]['failing'] is None
        assert await scene.heard() == ['rollout', 'rollout']

    play(aws, story)


def test_a_definition_that_comes_after_the_look_is_published_with_what_it_means(aws: Aws):
    async def story(scene: Scene) -> None:
        await scene.put()
        state = await scene.live.state('prod')
        await scene.listen()
        await scene.live.see('prod', Observation(scene.now() + timedelta(minutes=2), {'web': running()}))
        await scene.live.hub.delivery.drain()
        [row] = scene.published[-1]['services']
        assert (row['deployed']['running'], row['deployed']['image'], row['state']) == (2, None, 'queued')
        assert scene.published[-1]['counts']['running'] == 2
        found = definition(state)
        await scene.live.define('prod', {found.arn: found})
        await scene.live.hub.delivery.drain()
        [row] = scene.published[-1]['services']
        assert (row['deployed']['image'], row['sync'], row['verdict']['ending']) == ('web:1', 'in-sync', 'succeeded')
        await scene.heard()
        await scene.live.define('prod', {found.arn: found})
        await scene.live.define('staging', {found.arn: found})
        assert await scene.heard() == []

    play(aws, story)


def test_why_definitions_cannot_be_read_is_published_once_until_they_are(aws: Aws):
    async def story(scene: Scene) -> None:
        await scene.put()
        state = await scene.live.state('prod')
        await scene.listen()
        seen = Observation(scene.now() + timedelta(minutes=2), {'web': running()}, hindered=FAILURE)
        await scene.live.see('prod', seen)
        await scene.live.see('prod', seen)
        await scene.live.hub.delivery.drain()
        [event] = scene.published
        assert (event['failing']['message'], event['counts']['running']) == ('ECS does not answer.', 2)
        found = definition(state)
        await scene.live.define('prod', {found.arn: found})
        await scene.live.hub.delivery.drain()
        assert scene.published[-1]['failing'] is None

    play(aws, story)


def test_the_first_caller_waits_for_task_definitions_and_later_ones_do_not(aws: Aws):
    async def story(scene: Scene) -> None:
        revision = await scene.put()
        scene.live.wishes.subscribe(lambda: None)
        first = asyncio.create_task(scene.live.at(revision))
        await eventually(lambda: scene.live.askers.waits('prod'))
        await scene.live.see('prod', Observation(scene.now() + timedelta(minutes=2), {'web': running()}))
        second = await scene.live.at(revision)
        assert second.unread
        assert not first.done()
        found = definition(second)
        await scene.live.define('prod', {found.arn: found})
        assert not (await first).unread

    play(aws, story)


def test_a_removal_ends_what_is_under_way_before_it_is_published(aws: Aws):
    async def story(scene: Scene) -> None:
        revision = await scene.put()
        await scene.listen()
        await scene.store.remove(revision)
        await scene.live.feed.poll()
        await scene.live.hub.delivery.drain()
        moved, gone = scene.published
        assert (moved['type'], gone['type'], gone['revision']) == ('rollout', 'deleted', revision.id)
        assert moved['verdict']['ending'] == 'aborted'
        assert scene.live.states == {}

    play(aws, story)


@pytest.mark.parametrize(('late', 'taken_up'), [(timedelta(), ['prod']), (RECENT + timedelta(minutes=1), [])])
def test_a_server_that_starts_takes_up_what_may_still_roll_out(aws: Aws, late: timedelta, taken_up: list[str]):
    async def story(scene: Scene) -> None:
        await scene.put()
        scene.late = late
        await scene.live.begin()
        assert list(scene.live.states) == taken_up

    play(aws, story)


def test_an_announcement_that_cannot_be_looked_up_is_logged(aws: Aws, caplog: pytest.LogCaptureFixture):
    async def story(scene: Scene) -> None:
        revision = await scene.put()
        aws.faults.add(Fault('deny', service='s3', operation='GetObject'))
        await scene.live.announced(revision, scene.now())

    play(aws, story)
    assert 'its announcement is not known here' in caplog.text
