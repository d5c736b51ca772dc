"""New revisions from anywhere: in the order of the history, each once, from a real bucket."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.aws.connection import Connection
from stack.aws.s3 import Bucket
from stack.live import cluster_events, feed
from stack.live.cluster import Cluster, Surroundings
from stack.live.clusters import Clusters
from stack.live.event import Event
from stack.live.feed import Feed
from stack.live.log import NOTHING
from stack.live.reader import MOST_REVISIONS, Reader
from stack.live.subscriber import Subscriber
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollout_records import RolloutRecords
from stack.sandbox.faults import Fault
from stack.state.revision_store import RevisionStore, serialise
from stack.state.revisions import Change, Origin, Revision
from tests.aws import Aws
from tests.rolling import eventually


def image(revision: Revision | None) -> str | None:
    return json.loads(revision.body)['services'][0]['web']['image'] if revision else None


def body_of(image: str) -> bytes:
    return serialise({'services': [{'web': {'image': image}}]})


class Scene:
    """A feed over a bucket; `elsewhere` writes as another program does, `here` as this process does."""

    def __init__(self, aws: Aws, connection: Connection, versioned: bool = True, poll_s: float = 0.0):
        self.s3, self.name = aws.client('s3'), aws.bucket(versioned)
        bucket = Bucket(connection, self.name)
        self.store = RevisionStore(bucket)
        self.wanted = False
        self.position = NOTHING
        around = Surroundings(lambda: datetime.now(UTC))
        self.clusters = Clusters(lambda name: Cluster(name, around))
        self.clusters.additions.subscribe(self.added)
        self.reader = Reader(self.store, RolloutRecords(bucket), ClusterState, lambda: datetime.now(UTC))
        self.feed = Feed(self.store, self.clusters, self.reader, lambda _: self.wanted, poll_s)
        self.store.expect = self.feed.expect
        self.store.writes.subscribe(self.feed.stored)
        self.store.removals.subscribe(self.feed.removed)

    def added(self, cluster: Cluster) -> None:
        # A subscriber, so that events are made.
        cluster.readers[Subscriber(None)] = NOTHING

    @property
    def prod(self) -> Cluster:
        return self.clusters.of('prod')

    def elsewhere(self, image: str, key: str = 'prod') -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=body_of(image))

    def delete(self) -> None:
        self.s3.delete_object(Bucket=self.name, Key='prod')

    async def here(self, base: Revision | None, image: str) -> Revision:
        change = Change(Origin('kim', 'test'), datetime.now(UTC), {'verb': 'replace'})
        return await self.store.write(base, 'prod', body_of(image), [change])

    def published(self) -> list[str]:
        """What was published since the last call, as the type of the event and the image that it leads to."""
        events = [each.event for each in self.prod.log.after(self.position) or ()]
        self.position = self.prod.log.end
        return [short(event) for event in events if event.type != 'rollout']

    async def polled(self) -> list[str]:
        await self.feed.poll()
        return self.published()


def short(event: Event) -> str:
    if event.type == 'desired':
        return f'desired {event.content["changes"][0]["changes"][0]["after"]}'
    return ' '.join([event.type, *(row['image'] for row in event.content.get('services', ()))])


def play(aws: Aws, story: Callable[[Scene], Coroutine[Any, Any, None]], **options: Any) -> None:
    async def whole(connection: Connection) -> None:
        scene = Scene(aws, connection, **options)
        await story(scene)
        await scene.feed.close()

    with contextlib.closing(Connection()) as connection:
        asyncio.run(whole(connection))


def test_changes_of_others_come_one_by_one_and_once(aws: Aws):
    async def story(scene: Scene) -> None:
        scene.elsewhere('1')
        await scene.feed.catch_up('prod')
        assert await scene.polled() == ['cluster 1']
        for number in '234':
            scene.elsewhere(number)
        assert await scene.polled() == ['desired 2', 'desired 3', 'desired 4']
        assert await scene.polled() == []
        assert image(scene.prod.revision) == '4'

    play(aws, story)


def test_our_own_come_at_once_in_their_place_among_the_others(aws: Aws):
    async def story(scene: Scene) -> None:
        first = await scene.here(None, '1')
        await scene.feed.catch_up('prod')
        await scene.here(first, '2')
        assert scene.published() == ['cluster 1', 'desired 2']
        scene.elsewhere('3')
        await scene.here(await scene.store.read('prod'), '4')
        assert await scene.polled() == ['desired 3', 'desired 4']

    play(aws, story)


@pytest.mark.parametrize('fails', [False, True])
def test_the_next_revision_of_a_large_cluster_is_prepared_off_the_event_loop(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fails: bool
):
    monkeypatch.setattr(feed, 'LARGE', 0)
    changed, compared = cluster_events.what_changed, []

    def compare(before: Revision | None, after: Revision) -> cluster_events.Changed:
        on_loop = threading.current_thread() is threading.main_thread()
        compared.append((image(after), on_loop))
        if fails and not on_loop:
            raise ValueError('no')
        return changed(before, after)

    monkeypatch.setattr(cluster_events, 'what_changed', compare)

    async def story(scene: Scene) -> None:
        first = await scene.here(None, '1')
        await scene.feed.catch_up('prod')
        await scene.here(first, '2')
        assert scene.published() == ['cluster 1', 'desired 2']
        scene.elsewhere('3')
        assert await scene.polled() == ['desired 3']
        assert scene.prod.state.wanted['web'].definition['containerDefinitions'][0]['image'] == '3'
        off_loop = [('2', False), ('3', False)]
        assert [each for each in compared if not each[1]] == off_loop
        assert [image for image, on_loop in compared if on_loop] == (['2', '3'] if fails else [])
        assert ('could not be prepared' in caplog.text) == fails

    play(aws, story)


def test_a_revision_is_stored_though_the_feed_closes_while_it_is_prepared(aws: Aws, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed, 'LARGE', 0)
    begun, go_on = threading.Event(), threading.Event()
    changed = cluster_events.what_changed

    def compare(before: Revision | None, after: Revision) -> cluster_events.Changed:
        if threading.current_thread() is not threading.main_thread():
            begun.set()
            go_on.wait()
        return changed(before, after)

    monkeypatch.setattr(cluster_events, 'what_changed', compare)

    async def story(scene: Scene) -> None:
        first = await scene.here(None, '1')
        await scene.feed.catch_up('prod')
        writing = asyncio.create_task(scene.here(first, '2'))
        try:
            await asyncio.to_thread(begun.wait)
            await scene.feed.close()
            assert image(await writing) == '2'
        finally:
            go_on.set()
        assert scene.published() == ['cluster 1', 'desired 2']

    play(aws, story)


def test_what_was_prepared_on_another_revision_is_not_used(aws: Aws, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed, 'LARGE', 0)

    async def story(scene: Scene) -> None:
        first = await scene.here(None, '1')
        await scene.feed.catch_up('prod')
        scene.elsewhere('2')
        second = await scene.store.read('prod')
        await scene.feed.expect(first, replace(second, body=body_of('3')))
        assert await scene.polled() == ['cluster 1', 'desired 2']
        await scene.here(second, '3')
        assert scene.published() == ['desired 3']
        [change] = scene.prod.log.replay(second.id)[0].content['changes'][0]['changes']
        assert (change['before'], change['after']) == ('2', '3')

    play(aws, story)


def test_a_cluster_that_is_newer_than_the_listing_is_named_once_it_is_loaded(aws: Aws):
    async def story(scene: Scene) -> None:
        await scene.feed.refresh()
        scene.elsewhere('1')
        await scene.feed.refresh()
        assert scene.clusters.names() == []
        await scene.feed.catch_up('prod')
        assert scene.clusters.names() == ['prod']

    play(aws, story, poll_s=3600.0)


def test_a_cluster_goes_and_comes_back(aws: Aws):
    async def story(scene: Scene) -> None:
        scene.elsewhere('1')
        await scene.feed.catch_up('prod')
        await scene.polled()
        scene.delete()
        scene.elsewhere('2')
        assert await scene.polled() == ['deleted', 'cluster 2']
        scene.delete()
        assert await scene.polled() == ['deleted']
        assert not scene.prod.there

    play(aws, story)


@pytest.mark.parametrize('wanted', [True, False])
def test_a_new_cluster_is_loaded_where_it_is_wanted(aws: Aws, wanted: bool):
    async def story(scene: Scene) -> None:
        await scene.polled()
        scene.wanted = wanted
        scene.elsewhere('1')
        assert await scene.polled() == (['cluster 1'] if wanted else [])
        assert scene.clusters.names() == ['prod']
        assert scene.feed.changed_since(datetime.now(UTC) - timedelta(minutes=5)) == [scene.prod]

    play(aws, story)


def test_too_many_at_once_come_as_one(aws: Aws):
    async def story(scene: Scene) -> None:
        scene.elsewhere('first')
        await scene.feed.catch_up('prod')
        first = scene.prod.revision
        await scene.polled()
        for number in range(MOST_REVISIONS + 2):
            scene.elsewhere(str(number))
        assert await scene.polled() == [f'cluster {MOST_REVISIONS + 1}']
        assert await scene.reader.path('prod', first.id, scene.prod.revision.id) == ()

    play(aws, story)


def test_a_bucket_without_versions(aws: Aws):
    async def story(scene: Scene) -> None:
        scene.elsewhere('1')
        await scene.feed.catch_up('prod')
        await scene.polled()
        scene.elsewhere('2')
        assert await scene.polled() == ['desired 2']
        scene.delete()
        assert await scene.polled() == ['deleted']

    play(aws, story, versioned=False)


def test_the_path_between_two_revisions(aws: Aws):
    async def story(scene: Scene) -> None:
        for number in '123':
            scene.elsewhere(number)
        versions = [each['VersionId'] for each in scene.s3.list_object_versions(Bucket=scene.name)['Versions']][::-1]
        path = await scene.reader.path('prod', versions[0], versions[2])
        assert [image(each) for each in path] == ['1', '2', '3']
        assert await scene.reader.path('prod', versions[2], versions[0]) == ()
        assert await scene.reader.path('prod', 'unknown', versions[2]) == ()
        await scene.feed.catch_up('nothing')
        assert not scene.clusters.of('nothing').there

    play(aws, story)


def test_a_change_without_subscribers_is_followed_once_it_is_calm(aws: Aws, monkeypatch: pytest.MonkeyPatch):
    async def story(scene: Scene) -> None:
        monkeypatch.setattr(feed, 'CALM_S', 3600.0)
        first = await scene.here(None, '1')
        second = await scene.here(first, '2')
        assert scene.prod.state is None, 'it costs nothing yet'
        monkeypatch.setattr(feed, 'CALM_S', 0.0)
        await scene.here(second, '3')
        await eventually(lambda: scene.prod.state is not None)
        assert (image(scene.prod.revision), scene.published()) == ('3', ['cluster 3'])

    play(aws, story)


def test_what_cannot_be_read_is_read_again_at_the_next_listing(aws: Aws, caplog: pytest.LogCaptureFixture):
    async def story(scene: Scene) -> None:
        await scene.polled()
        scene.wanted = True
        scene.elsewhere('1')
        aws.faults.add(Fault('deny', service='s3', operation='GetObject', times=1))
        assert await scene.polled() == []
        assert await scene.polled() == ['cluster 1']
        scene.elsewhere('2')
        aws.faults.add(Fault('deny', service='s3', operation='ListObjectVersions', times=1))
        assert await scene.polled() == []
        assert await scene.polled() == ['desired 2']

    play(aws, story)
    assert 'is not known until the next listing' in caplog.text


def test_what_another_process_of_this_server_stored_is_read_at_once_where_it_is_followed(aws: Aws):
    async def story(scene: Scene) -> None:
        scene.elsewhere('1')
        scene.feed.stored_elsewhere('prod')
        assert scene.clusters.get('prod') is None
        await scene.feed.catch_up('prod')
        scene.elsewhere('2')
        scene.feed.stored_elsewhere('prod')
        await eventually(lambda: image(scene.prod.revision) == '2')
        assert scene.published() == ['cluster 1', 'desired 2']
        scene.delete()
        scene.feed.stored_elsewhere('prod')
        await eventually(lambda: scene.prod.revision is None)

    play(aws, story)
