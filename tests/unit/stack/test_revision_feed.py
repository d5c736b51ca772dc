"""New revisions from anywhere: in the order of the history, each once, from a real bucket."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.aws.connection import Connection
from stack.aws.s3 import Bucket
from stack.revision_feed import MOST_REVISIONS, RevisionFeed
from stack.revision_store import RevisionStore, serialise
from stack.revisions import Change, Origin, Revision
from tests.aws import Aws


class Listener:
    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []
        self.curious = False

    def wants(self, cluster: str) -> bool:
        return self.curious

    async def unfollowed(self, revision: Revision) -> None:
        pass

    def appeared(self, revision: Revision) -> None:
        self.told.append(('appeared', image(revision)))

    def changed(self, before: Revision, after: Revision) -> None:
        self.told.append(('changed', image(before), image(after)))

    def jumped(self, before: Revision, after: Revision) -> None:
        self.told.append(('jumped', image(before), image(after)))

    def vanished(self, cluster: str, last: Revision | None) -> None:
        self.told.append(('vanished', image(last)))


def image(revision: Revision) -> str:
    return json.loads(revision.body)['image']


class Feed:
    """A feed over a bucket; `elsewhere` writes as another program does, `here` as this process does."""

    def __init__(self, aws: Aws, connection: Connection, versioned: bool = True):
        self.s3, self.name = aws.client('s3'), aws.bucket(versioned)
        self.store = RevisionStore(Bucket(connection, self.name))
        self.listener = Listener()
        self.feed = RevisionFeed(self.store, self.listener, 0.0)
        self.store.tell(self.feed)

    def elsewhere(self, image: str, key: str = 'prod') -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=serialise({'image': image}))

    def delete(self) -> None:
        self.s3.delete_object(Bucket=self.name, Key='prod')

    async def here(self, base: Revision | None, image: str) -> Revision:
        change = Change(Origin('kim', 'test'), datetime.now(UTC), {'verb': 'replace'})
        return await self.store.write(base, 'prod', serialise({'image': image}), [change])

    async def told(self) -> list[tuple[str, ...]]:
        """What was told by a look at the bucket, and before."""
        await self.feed.poll()
        found, self.listener.told = self.listener.told, []
        return found


def play(aws: Aws, story: Callable[[Feed], Coroutine[Any, Any, None]], **options: Any) -> None:
    async def whole(connection: Connection) -> None:
        feed = Feed(aws, connection, **options)
        await story(feed)
        await feed.feed.close()

    with contextlib.closing(Connection()) as connection:
        asyncio.run(whole(connection))


def test_changes_of_others_come_one_by_one_and_once(aws: Aws):
    async def story(feed: Feed) -> None:
        feed.elsewhere('1')
        await feed.feed.load('prod')
        assert await feed.told() == []
        for number in '234':
            feed.elsewhere(number)
        assert await feed.told() == [('changed', '1', '2'), ('changed', '2', '3'), ('changed', '3', '4')]
        assert await feed.told() == []
        assert image(feed.feed.newest('prod')) == '4'

    play(aws, story)


def test_our_own_come_at_once_in_their_place_among_the_others(aws: Aws):
    async def story(feed: Feed) -> None:
        first = await feed.here(None, '1')
        await feed.feed.load('prod')
        await feed.here(first, '2')
        assert feed.listener.told == [('changed', '1', '2')]
        feed.elsewhere('3')
        await feed.here(await feed.store.read('prod'), '4')
        assert await feed.told() == [('changed', '1', '2'), ('changed', '2', '3'), ('changed', '3', '4')]

    play(aws, story)


def test_a_cluster_that_is_newer_than_the_listing_is_named_once_it_is_followed(aws: Aws):
    async def story(feed: Feed) -> None:
        feed.feed = RevisionFeed(feed.store, feed.listener, 3600.0)
        assert await feed.feed.names() == []
        feed.elsewhere('1')
        await feed.feed.load('prod')
        assert await feed.feed.names() == ['prod']

    play(aws, story)


def test_a_cluster_goes_and_comes_back(aws: Aws):
    async def story(feed: Feed) -> None:
        feed.elsewhere('1')
        await feed.feed.load('prod')
        await feed.told()
        feed.delete()
        feed.elsewhere('2')
        assert await feed.told() == [('vanished', '1'), ('appeared', '2')]
        feed.delete()
        assert await feed.told() == [('vanished', '2')]
        assert feed.feed.newest('prod') is None

    play(aws, story)


@pytest.mark.parametrize('curious', [True, False])
def test_a_new_cluster_is_told_to_whoever_wants_it(aws: Aws, curious: bool):
    async def story(feed: Feed) -> None:
        await feed.told()
        feed.listener.curious = curious
        feed.elsewhere('1')
        assert await feed.told() == ([('appeared', '1')] if curious else [])
        assert await feed.feed.names() == ['prod']
        assert feed.feed.changed_since(datetime.now(UTC) - timedelta(minutes=5)) == ['prod']

    play(aws, story)


def test_too_many_at_once_are_told_as_one(aws: Aws):
    async def story(feed: Feed) -> None:
        feed.elsewhere('first')
        first = await feed.feed.load('prod')
        await feed.told()
        for number in range(MOST_REVISIONS + 2):
            feed.elsewhere(str(number))
        last = str(MOST_REVISIONS + 1)
        assert await feed.told() == [('jumped', 'first', last)]
        assert await feed.feed.path('prod', first.id, feed.feed.newest('prod').id) is None

    play(aws, story)


def test_a_bucket_without_versions(aws: Aws):
    async def story(feed: Feed) -> None:
        feed.elsewhere('1')
        await feed.feed.load('prod')
        await feed.told()
        feed.elsewhere('2')
        assert await feed.told() == [('changed', '1', '2')]
        feed.delete()
        assert await feed.told() == [('vanished', '2')]

    play(aws, story, versioned=False)


def test_the_path_between_two_revisions(aws: Aws):
    async def story(feed: Feed) -> None:
        for number in '123':
            feed.elsewhere(number)
        versions = [each['VersionId'] for each in feed.s3.list_object_versions(Bucket=feed.name)['Versions']][::-1]
        path = await feed.feed.path('prod', versions[0], versions[2])
        assert [image(each) for each in path] == ['1', '2', '3']
        assert await feed.feed.path('prod', versions[2], versions[0]) is None
        assert await feed.feed.path('prod', 'nobody-knows', versions[2]) is None
        assert await feed.feed.load('nothing') is None

    play(aws, story)
