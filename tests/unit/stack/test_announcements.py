"""What is announced here is written down for others, and what others announced is heard of, not too often."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from stack.announcements import HEAR_S, Announcements
from stack.cluster_state import ClusterState
from stack.revision_store import serialise
from stack.revisions import Change, Origin, Revision, encode

START = datetime(2026, 3, 1, tzinfo=UTC)


class Records:
    """What `stack.rollout_records` would have kept, and how often it was asked."""

    def __init__(self) -> None:
        self.kept: ClusterState | None = None
        self.asked = 0

    async def keep_now(self, state: ClusterState) -> None:
        self.kept = state

    async def hear(self, state: ClusterState) -> set[str]:
        self.asked += 1
        return state.book.hear(self.kept.rollouts) if self.kept else set()


def held() -> ClusterState:
    change = Change(Origin('kim', 'test'), START, {'verb': 'replace'}, None)
    body = serialise({'services': [{'web': {'image': 'web:1'}}]})
    state = ClusterState('prod')
    state.take_revision(Revision('prod', '"e"', 'r1', body, START, encode('w', [change])), START)
    return state


def test_what_one_replica_announces_another_hears_of_once():
    now, noted, records = [0.0], [], Records()

    def note(state: ClusterState, services: Iterable[str]) -> None:
        noted.append(sorted(services))

    async def story() -> None:
        here, there = (Announcements(records, note, lambda: now[0]) for _ in range(2))
        mine, theirs = held(), held()
        await there.hear_of_all([theirs])
        assert (records.asked, noted) == (1, [])
        await here.made(mine, START)
        await there.hear_of_all([theirs])
        assert records.asked == 1, 'it has just asked'
        now[0] += HEAR_S
        await there.hear_of_all([theirs])
        assert (records.asked, noted, theirs.rollouts['web'].goal.held) == (2, [['web'], ['web']], False)
        now[0] += HEAR_S
        await there.hear_of_all([theirs])
        assert records.asked == 2, 'nothing more can be news'

    asyncio.run(story())
