"""Summaries of clusters that are not loaded: what a new subscriber is sent, and what comes after it."""

import asyncio
import contextlib
import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from stack.changes.guards import freeze_of
from stack.errors import AwsFailed
from stack.live import cluster_events
from stack.live.client_messages import Subscribe
from stack.live.forms import Detail
from stack.live.subscriber import Subscriber
from stack.live.summary_store import PREFIX, SummaryStore, shard_of
from stack.rollouts.rollout_records import PREFIX as RECORDS
from stack.state.revisions import Revision
from tests.asynchronous import asynchronous
from tests.fake_s3 import World, timed_out
from tests.rolling import eventually
from tests.unit.stack.live.test_races import Reader, Replica, later
from tests.unit.stack.rollouts.test_cluster_state import running

OBJECT = PREFIX + shard_of('prod')


class Scene:
    """`writer` stores a cluster, `there` its summary; `here` is a server that starts afterwards."""

    def __init__(self, **options: Any):
        self.world = World()
        self.writer = Replica(self.world)
        self.there = Replica(self.world, **options)
        self.options = options

    async def persist(self) -> Revision:
        """Store a revision, load the cluster, write its summary, and start the server."""
        revision = await self.writer.put()
        later(self.there, 120)
        await self.write()
        self.here = Replica(self.world, **self.options)
        return revision

    async def write(self) -> None:
        await self.there.live.feed.poll()
        await self.there.live.state('prod')
        await self.there.live.summaries.write()

    async def subscribe(self, known: dict[str, str] | None = None, detail: Detail = Detail.SUMMARY) -> Reader:
        reader = Reader()
        subscriber = Subscriber(reader)
        self.here.live.hub.subscribe(subscriber, Subscribe(('*',), known or {}, detail))
        await subscriber.bringing_up
        return reader

    def reads(self) -> int:
        """How often the server has read the cluster."""
        return sum(call == ('GetObject', 'prod') for call in self.here.s3.calls)

    async def loaded(self) -> None:
        await eventually(lambda: 'prod' in self.here.live.states)
        await self.here.quiet()

    def held(self) -> asyncio.Event:
        """Have the server's read of the cluster wait until this is set."""
        return self.here.s3.hold('GetObject', 'prod').go


def shown(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in ('type', 'at')}


@asynchronous
async def test_a_proven_summary_is_sent_without_reading_the_cluster():
    scene = Scene()
    revision = await scene.persist()
    go = scene.held()
    reader = await scene.subscribe()
    assert reader.short() == [f'cluster {revision.id}', 'synced']
    assert reader.events[1]['revisions'] == {'prod': revision.id}
    assert reader.events[0]['services'] == {'web': 'urq'}
    assert reader.events[0]['observed_at'] is None
    go.set()
    await scene.loaded()
    # What was sent is what the loaded cluster shows: nothing is left to send.
    assert len(reader.events) == 2


@asynchronous
async def test_the_first_look_at_ecs_follows_the_summary():
    scene = Scene()
    await scene.persist()
    reader = await scene.subscribe()
    await scene.loaded()
    await scene.here.see(running(createdAt=scene.world.now), 3)
    await scene.here.quiet()
    assert [event['type'] for event in reader.events] == ['cluster', 'synced', 'rollout']
    assert reader.events[-1]['services'] == {'web': 'his'}


@asynchronous
async def test_every_subscriber_that_comes_before_the_cluster_is_loaded_gets_the_summary():
    scene = Scene()
    revision = await scene.persist()
    go = scene.held()
    readers = [await scene.subscribe(), await scene.subscribe(), await scene.subscribe({'prod': revision.id})]
    assert [reader.short()[0] for reader in readers] == [f'cluster {revision.id}'] * 2 + [f'rollout {revision.id}']
    assert shown(readers[2].events[0]).items() <= shown(readers[0].events[0]).items()
    second = await scene.writer.put('web:2')
    await scene.here.live.feed.poll()
    go.set()
    await scene.loaded()
    await scene.here.poll()
    for reader in readers:
        assert reader.short()[1:] == ['synced', f'desired {second.id}', f'rollout {second.id}']


@asynchronous
async def test_a_subscriber_in_another_detail_is_sent_the_whole_state():
    scene = Scene()
    revision = await scene.persist()
    go = scene.held()
    brief = await scene.subscribe()
    subscriber = asyncio.create_task(scene.subscribe(detail=Detail.SERVICES))
    go.set()
    whole = await subscriber
    await scene.loaded()
    assert whole.short() == [f'cluster {revision.id}', 'synced']
    assert whole.events[0]['services'][0]['image'] == 'web:1'
    assert brief.short() == [f'cluster {revision.id}', 'synced']


@asynchronous
async def test_a_subscriber_that_knows_an_earlier_revision_is_sent_those_since():
    scene = Scene()
    first = await scene.writer.put()
    later(scene.there)
    second = await scene.writer.put('web:2')
    later(scene.there, 120)
    await scene.write()
    scene.here = Replica(scene.world)
    reader = await scene.subscribe({'prod': first.id})
    assert reader.of('desired') == [f'desired {second.id}']
    assert not reader.of('cluster')


@asynchronous
async def test_revisions_that_other_replicas_store_after_the_summary_come_one_by_one():
    scene = Scene()
    await scene.persist()
    go = scene.held()
    reader = await scene.subscribe()
    stored = []
    for number in range(2, 5):
        later(scene.there)
        stored.append((await scene.writer.put(f'web:{number}')).id)
    go.set()
    await scene.loaded()
    await scene.here.poll()
    assert reader.short()[2:] == [*(f'desired {id}' for id in stored), f'rollout {stored[-1]}']
    assert reader.events[-1]['services'] == {'web': 'urq'}


@asynchronous
async def test_revisions_of_which_the_history_has_a_part_alone_are_covered_by_one_message():
    scene = Scene()
    first = await scene.persist()
    go = scene.held()
    reader = await scene.subscribe()
    later(scene.there)
    second = await scene.writer.put('web:2')
    scene.world.objects['prod'] = scene.world.objects['prod'][-1:]
    go.set()
    await scene.loaded()
    assert reader.short()[2:] == [f'cluster {second.id}']
    assert reader.events[-1]['covers_since'] == first.id


@asynchronous
async def test_a_revision_that_this_process_stores_after_the_summary():
    scene = Scene()
    await scene.persist()
    held = scene.here.s3.hold('GetObject', 'prod')
    reader = await scene.subscribe()
    await held.reached.wait()
    second = await scene.here.put('web:2')
    held.go.set()
    await scene.loaded()
    await scene.here.poll()
    assert reader.short()[2:] == [f'desired {second.id}', f'rollout {second.id}']


@asynchronous
async def test_a_summary_from_before_a_write_of_this_process_is_not_sent():
    scene = Scene()
    await scene.persist()
    await scene.here.live.feed.poll()
    second = await scene.here.put('web:2')
    reader = await scene.subscribe()
    assert reader.short() == [f'cluster {second.id}', 'synced']


@asynchronous
async def test_a_cluster_that_is_removed_after_the_summary():
    scene = Scene()
    await scene.persist()
    held = scene.here.s3.hold('GetObject', 'prod')
    reader = await scene.subscribe()
    await held.reached.wait()
    await scene.writer.remove()
    held.go.set()
    await scene.here.poll()
    assert reader.short()[2:] == ['deleted']


@asynchronous
async def test_an_event_that_changes_nothing_comes_once_before_the_cluster_is_loaded():
    scene = Scene()
    await scene.persist()
    held = scene.here.s3.hold('GetObject', 'prod')
    reader = await scene.subscribe()
    await held.reached.wait()
    scene.here.live.hub.publish(cluster_events.audit('prod', scene.world.now))
    await scene.here.quiet()
    later(scene.there)
    second = await scene.writer.put('web:2')
    held.go.set()
    await scene.loaded()
    await scene.here.poll()
    assert reader.short()[2:] == ['audit', f'desired {second.id}', f'rollout {second.id}']


@asynchronous
async def test_a_cluster_that_cannot_be_read_at_first_is_read_again(caplog: pytest.LogCaptureFixture):
    scene = Scene()
    await scene.persist()
    scene.here.live.hub.synchronization._later._retry_s = 0
    scene.here.s3.fail(lambda operation, key: (operation, key) == ('GetObject', 'prod'), times=2)
    reader = await scene.subscribe()
    await scene.loaded()
    assert reader.short()[1:] == ['synced']
    assert caplog.text.count('only its summary is known') == 2


@asynchronous
async def test_a_later_summary_hides_nothing_from_the_subscribers_of_an_earlier_one():
    scene = Scene()
    await scene.persist()
    failing = True
    scene.here.s3.fail(lambda operation, key: failing and (operation, key) == ('GetObject', 'prod'), times=100)
    early = await scene.subscribe()
    second = await scene.writer.put('web:2')
    later(scene.there, 120)
    await scene.write()
    await scene.here.live.feed.poll()
    late = asyncio.create_task(scene.subscribe())
    await scene.here.quiet()
    failing = False
    assert (await late).of('cluster')[-1] == f'cluster {second.id}'
    await scene.here.poll()
    assert early.short()[2:] == [f'desired {second.id}', f'rollout {second.id}']


# Freezes: what a summary has of them depends on the time


@asynchronous
async def test_a_summary_shows_the_freeze_in_force():
    async def frozen(revision: Revision) -> Any:
        return freeze_of(revision.changes[-1]).to_json() if revision.changes[-1].verb == 'freeze' else None

    scene = Scene(frozen=frozen)
    await scene.writer.put(verb='freeze', announce=None)
    later(scene.there, 120)
    await scene.write()
    scene.here = Replica(scene.world, frozen=frozen)
    go = scene.held()
    reader = await scene.subscribe()
    assert reader.events[0]['frozen']['by'] == 'kim'
    go.set()
    await scene.loaded()
    assert len(reader.events) == 2


# What is not proven never reaches a subscriber


async def assert_read(scene: Scene) -> None:
    """The cluster was read, and shows what is stored."""
    reader = await scene.subscribe()
    assert scene.reads() == 1
    loaded = scene.here.live.states['prod']
    assert reader.short() == [f'cluster {loaded.revision.id}', 'synced']
    assert reader.events[0]['message'] is None


@asynchronous
async def test_a_summary_of_another_revision_is_not_sent():
    scene = Scene()
    await scene.persist()
    await scene.writer.put('web:2')
    await assert_read(scene)


@asynchronous
async def test_a_summary_from_before_the_record_of_the_rollouts_is_not_sent():
    scene = Scene()
    await scene.persist()
    await scene.there.see(running(createdAt=scene.world.now), 3)
    await eventually(lambda: scene.world.current(RECORDS + 'prod') is not None)
    await assert_read(scene)


@asynchronous
async def test_a_summary_of_the_same_content_stored_again_is_not_sent():
    """By another program, whose writes with equal content have equal ETags."""
    scene = Scene()
    scene.world.store('prod', b'{"services": []}')
    later(scene.there, 120)
    await scene.write()
    scene.here = Replica(scene.world)
    scene.world.store('prod', b'{"services": [], "vpc": {}}')
    later(scene.there)
    last = scene.world.store('prod', b'{"services": []}')
    reader = await scene.subscribe()
    assert reader.short() == [f'cluster {last.id}', 'synced']


@asynchronous
async def test_a_summary_that_another_release_wrote_is_not_sent():
    scene = Scene()
    await scene.persist()
    scene.here.summaries._release = 'another'
    await assert_read(scene)


def edited(body: bytes, change: Callable[[list[bytes]], None]) -> bytes:
    lines = gzip.decompress(body).splitlines()
    change(lines)
    return gzip.compress(b'\n'.join(lines))


def with_a_message(body: bytes) -> bytes:
    return edited(body, lambda lines: lines.append(lines.pop().replace(b'"message":null', b'"message":"!"')))


DAMAGED = {
    'another message': with_a_message,
    'no hash': lambda body: edited(body, lambda lines: lines.pop(0)),
    'cut off': lambda body: body[: len(body) // 2],
    'empty': lambda body: b'',
    'no archive': lambda body: gzip.decompress(body),
    'another format': lambda body: gzip.compress(b'[]\n{}'),
    'a text': lambda body: gzip.compress(b'hello'),
    'too large': lambda body: gzip.compress(b'0' * (1 << 24)),
}


@pytest.mark.parametrize('damage', DAMAGED.values(), ids=DAMAGED)
@asynchronous
async def test_a_damaged_object_is_not_used_and_logged_once(
    damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
):
    scene = Scene()
    await scene.persist()
    scene.world.store(OBJECT, damage(scene.world.current(OBJECT).body))
    await assert_read(scene)
    await scene.subscribe()
    assert caplog.text.count('is not used') == 1
    # It is written again by the next process that knows the cluster.
    caplog.clear()
    await scene.here.live.summaries.write()
    scene.here = Replica(scene.world)
    await scene.subscribe()
    assert scene.here.summaries.proof('prod') is not None


@asynchronous
async def test_without_an_answer_about_summaries_every_cluster_is_read(caplog: pytest.LogCaptureFixture):
    scene = Scene()
    await scene.persist()
    scene.here.s3.fail(lambda operation, key: key == PREFIX)
    await assert_read(scene)
    assert 'every cluster is read' in caplog.text


# How they are written


@asynchronous
async def test_a_cluster_that_changed_is_summarised_again_once_it_is_calm():
    scene = Scene()
    await scene.persist()
    before = scene.there.summaries.proof('prod')
    later(scene.there)
    # A write of its own, which it has dated a little differently.
    second = await scene.there.put('web:2')
    later(scene.there)
    await scene.write()
    assert scene.there.summaries.proof('prod') == before
    later(scene.there, 120)
    await scene.write()
    go = scene.held()
    reader = await scene.subscribe()
    assert reader.short() == [f'cluster {second.id}', 'synced']
    go.set()
    await scene.loaded()
    assert len(reader.events) == 2


@asynchronous
async def test_a_rollout_that_ended_is_in_the_next_summary():
    scene = Scene()
    await scene.persist()
    await scene.there.see(running(createdAt=scene.world.now), 3)
    await eventually(lambda: scene.world.current(RECORDS + 'prod') is not None)
    await scene.write()
    go = scene.held()
    reader = await scene.subscribe()
    # What runs is not known before the first look; how the rollout ended is.
    assert reader.events[0]['services'] == {'web': 'uus'}
    assert reader.events[0]['counts']['running'] == 0
    go.set()
    await scene.loaded()
    assert len(reader.events) == 2


@asynchronous
async def test_a_removed_cluster_leaves_the_object():
    scene = Scene()
    await scene.persist()
    assert scene.there.summaries.proof('prod') is not None
    body = b'{"services": []}'
    scene.world.store('other', body)
    await scene.there.live.feed.poll()
    await scene.there.live.state('other')
    await scene.writer.remove()
    await scene.there.live.summaries.write()
    fresh = SummaryStore(scene.here.summaries._bucket, 'test')
    await fresh.refresh()
    assert (fresh.proof('prod'), fresh.proof('other') is None) == (None, False)


@asynchronous
async def test_nothing_is_written_while_nothing_changes():
    scene = Scene()
    await scene.persist()
    scene.there.s3.calls.clear()
    await scene.there.live.summaries.write()
    await scene.there.live.summaries.write()
    assert not [call for call in scene.there.s3.calls if call[0] in ('PutObject', 'GetObject')]


@asynchronous
async def test_clusters_of_one_hash_that_two_replicas_write_at_the_same_time():
    scene = Scene()
    names = [name for number in range(100) if shard_of(name := f'c{number}') == '0'][:2]
    other = Replica(scene.world)
    for name in names:
        scene.world.store(name, b'{"services": []}')
    later(scene.there, 120)
    for replica, name in zip((scene.there, other), names, strict=True):
        await replica.live.feed.poll()
        await replica.live.state(name)
    held = scene.there.s3.hold('PutObject', PREFIX + '0')
    writing = asyncio.create_task(scene.there.live.summaries.write())
    await held.reached.wait()
    await other.live.summaries.write()
    held.go.set()
    await writing
    await scene.there.live.summaries.write()
    fresh = SummaryStore(scene.there.summaries._bucket, 'test')
    await fresh.refresh()
    assert None not in [fresh.proof(name) for name in names]


@pytest.mark.parametrize('after', [False, True])
@asynchronous
async def test_a_write_whose_answer_is_lost(after: bool):
    """It took effect or not: the next one goes on from what is there."""
    scene = Scene()
    await scene.writer.put()
    later(scene.there, 120)
    scene.there.s3.fail(lambda operation, _: operation == 'PutObject', timed_out, after=after)
    with contextlib.suppress(AwsFailed):
        await scene.write()
    await scene.write()
    fresh = SummaryStore(scene.there.summaries._bucket, 'test')
    await fresh.refresh()
    assert fresh.proof('prod') == scene.there.summaries.proof('prod') is not None


@asynchronous
async def test_a_cluster_whose_tasks_ran_a_moment_ago_has_no_summary():
    """What is shown of them changes within an hour without any change in the bucket."""
    scene = Scene()
    scene.world.store('prod', json.dumps({'services': [{'job': {'image': 'job:1', 'type': 'task'}}]}).encode())
    later(scene.there, 120)
    await scene.write()
    assert scene.there.summaries.proof('prod') is None
    scene.world.now += timedelta(hours=1)
    await scene.write()
    assert scene.there.summaries.proof('prod') is not None


@asynchronous
async def test_summaries_are_no_clusters():
    scene = Scene()
    await scene.persist()
    assert list(await scene.here.store.names()) == ['prod']
    assert await scene.here.store.removed() == []
