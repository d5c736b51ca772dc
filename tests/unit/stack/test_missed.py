"""What a subscriber has missed, of revisions in a real bucket."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.aws.s3 import Bucket
from stack.errors import AwsFailed
from stack.missed import Missed
from stack.revision_feed import RevisionFeed
from stack.revision_store import RevisionStore, serialise
from stack.revisions import Change, Origin, Revision
from stack.sandbox.faults import Fault
from tests.aws import Aws
from tests.server import connect


class Told:
    """Hears of new revisions, and has them remembered, as `stack.live.Live` does."""

    missed: Missed

    def wants(self, cluster: str) -> bool:
        return True

    def changed(self, before: Revision, after: Revision) -> None:
        self.missed.told(before, after)

    def appeared(self, revision: Revision) -> None: ...

    def vanished(self, cluster: str, last: Revision | None) -> None: ...


class Replica:
    def __init__(self, bucket: Bucket):
        self.store = RevisionStore(bucket)
        told = Told()
        self.feed = RevisionFeed(self.store, told)
        self.missed = told.missed = Missed(self.feed, self.newest)
        self.store.tell(self.feed)

    def newest(self, cluster: str) -> str | None:
        found = self.feed.newest(cluster)
        return found.id if found else None

    async def store_tags(self, *tags: str) -> list[str]:
        """Store a revision for each tag; their ids."""
        ids = []
        for tag in tags:
            base = await self.store.read('prod') if await self.store.names() else None
            body = serialise({'services': [{'web': {'image': f'web:{tag}'}}]})
            change = Change(Origin('kim', 'test'), datetime.now(UTC), {'verb': 'replace'})
            ids.append((await self.store.write(base, 'prod', body, [change])).id)
            await self.feed.load('prod')
        return ids

    async def since(self, known: str) -> tuple[list[str], str] | None:
        found = await self.missed.since('prod', known)
        return found and ([each.content['revision'] for each in found[0]], found[1])


def play(aws: Aws, story: Callable[..., Awaitable[Any]]) -> None:
    async def whole() -> None:
        bucket = Bucket(connect(aws.endpoint, aws.region)[0], aws.bucket())
        here, there = Replica(bucket), Replica(bucket)
        try:
            await story(here, there)
        finally:
            await here.feed.close()
            await there.feed.close()

    asyncio.run(whole())


def test_a_revision_that_nobody_knows_leads_nowhere(aws: Aws):
    async def story(here: Replica, there: Replica) -> None:
        await here.store_tags('1', '2')
        assert await here.since('nonsense') is None

    play(aws, story)


def test_of_a_cluster_that_is_not_there_nothing_was_missed(aws: Aws):
    async def story(here: Replica, there: Replica) -> None:
        assert await here.since('r1') == ([], 'r1')

    play(aws, story)


def test_what_was_told_is_remembered_and_costs_no_call(aws: Aws):
    async def story(here: Replica, there: Replica) -> None:
        first, *rest = await here.store_tags('1', '2', '3')
        aws.faults.add(Fault('deny', service='s3', operation='*'))
        assert await here.since(first) == (rest, rest[-1])

    play(aws, story)


def test_a_replica_that_never_told_of_it_reads_the_history_once(aws: Aws):
    async def story(here: Replica, there: Replica) -> None:
        first, *rest = await here.store_tags('1', '2', '3')
        await there.feed.load('prod')
        assert await there.since(first) == (rest, rest[-1])
        aws.faults.add(Fault('deny', service='s3', operation='*'))
        assert await there.since(first) == (rest, rest[-1])

    play(aws, story)


def test_who_knows_more_than_this_replica_has_seen_is_up_to_date(aws: Aws):
    async def story(here: Replica, there: Replica) -> None:
        await here.store_tags('1')
        await there.feed.load('prod')
        (newest,) = await here.store_tags('2')
        assert await there.since(newest) == ([], newest)

    play(aws, story)


def test_a_history_that_cannot_be_read_is_said(aws: Aws):
    async def story(here: Replica, there: Replica) -> None:
        first, _ = await here.store_tags('1', '2')
        await there.feed.load('prod')
        aws.faults.add(Fault('deny', service='s3', operation='ListObjectVersions'))
        with pytest.raises(AwsFailed):
            await there.since(first)

    play(aws, story)
