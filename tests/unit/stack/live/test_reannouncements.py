"""What is announced here is recorded for others, and what others announced is heard of, not too often."""

import asyncio
from datetime import UTC, datetime

import pytest

from stack.cluster_state import ClusterState
from stack.errors import Unavailable
from stack.live.cluster import Cluster, Surroundings
from stack.live.facts import Current
from stack.live.reannouncements import HEAR_S, Reannouncements
from stack.revision_store import serialise
from stack.revisions import Change, Origin, Revision, encode
from stack.rollout_records import Record

START = datetime(2026, 3, 1, tzinfo=UTC)


class Records:
    """What `stack.rollout_records` would have kept, and how often it was read."""

    def __init__(self) -> None:
        self.owner: Cluster | None = None
        self.record = Record()
        self.reads = 0
        self.failure: Exception | None = None

    async def keep_now(self, cluster: str) -> None:
        self.record = Record('r1', self.owner.state.rollouts)

    async def read(self, cluster: str) -> Record:
        self.reads += 1
        if self.failure:
            raise self.failure
        return self.record


def held(moved: list[str], name: str) -> Cluster:
    """A cluster that was changed without being announced."""
    change = Change(Origin('kim', 'test'), START, {'verb': 'replace'}, None)
    body = serialise({'services': [{'web': {'image': 'web:1'}}]})
    revision = Revision('prod', '"e"', 'r1', body, START, encode('w', [change]))
    cluster = Cluster('prod', Surroundings(ClusterState, lambda: START, moved=lambda _: moved.append(name)))
    cluster.load(Current(0, revision, path=[revision]))
    moved.clear()
    return cluster


def test_what_one_replica_announces_another_hears_of_once():
    now, moved, records = [0.0], [], Records()
    mine, theirs = held(moved, 'mine'), held(moved, 'theirs')
    records.owner = mine

    async def story() -> None:
        here, there = (Reannouncements(records, lambda: now[0]) for _ in range(2))
        await there.hear_of_all([theirs])
        assert (records.reads, moved) == (1, [])
        await here.made(mine, START)
        await there.hear_of_all([theirs])
        assert records.reads == 1, 'it has just been read'
        now[0] += HEAR_S
        await there.hear_of_all([theirs])
        assert (records.reads, moved, theirs.state.rollouts['web'].goal.held) == (2, ['mine', 'theirs'], False)
        now[0] += HEAR_S
        await there.hear_of_all([theirs])
        assert records.reads == 2, 'nothing more can be news'

    asyncio.run(story())


def test_records_that_cannot_be_read_are_read_again(caplog: pytest.LogCaptureFixture):
    now, records = [0.0], Records()
    records.failure = Unavailable('S3 does not answer.', 's3:GetObject', '503')

    async def story() -> None:
        there = Reannouncements(records, lambda: now[0])
        await there.hear_of_all([held([], 'theirs')])

    asyncio.run(story())
    assert 'whether it was announced is not known' in caplog.text
