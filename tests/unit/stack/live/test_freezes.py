"""Beginnings and ends of freezes: published once, however they come to be known."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.errors import StateUnreadable, Unavailable
from stack.live.cluster import Cluster, Surroundings
from stack.live.clusters import Clusters
from stack.live.facts import Current, FreezeReading, Gap
from stack.live.freezes import Freezes
from stack.live.log import NOTHING
from stack.live.reader import Reader
from stack.live.subscriber import Subscriber
from stack.rollouts.cluster_state import ClusterState
from stack.state.revisions import Change, Origin, Revision, encode

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Scene:
    """One cluster; `stored` is what the bucket has of its freeze, or the error that it answers with."""

    def __init__(self) -> None:
        self.now = START
        self.stored: Mapping[str, Any] | Exception | None = None
        around = Surroundings(ClusterState, lambda: self.now)
        self.clusters = Clusters(lambda name: Cluster(name, around))
        self.cluster = self.clusters.of('prod')
        self.cluster.readers[Subscriber(None)] = self.cluster.log.end
        first = Revision('prod', '"e"', 'r1', b'{"services": []}', START)
        self.cluster.load(Current(0, first, path=[first]))
        self.freezes = Freezes(self.clusters, Reader(None, None, self.frozen), lambda: self.now)

    async def frozen(self, revision: Revision) -> Mapping[str, Any] | None:
        if isinstance(self.stored, Exception):
            raise self.stored
        return self.stored

    def take(self, verb: str, until: datetime | None = None) -> None:
        did = {'verb': verb, **({'until': until.isoformat()} if until else {})}
        change = Change(Origin('kim', 'test', 'the big sale'), self.now, did, None)
        number = f'r{self.cluster.log.end.events + 1}'
        revision = Revision('prod', '"e"', number, b'{"services": []}', self.now, encode('w', [change]))
        assert self.cluster.stored(self.cluster.revision, revision)

    def jump(self, freeze_known: bool = False) -> None:
        """Revisions come that are not read one by one."""
        last = Revision('prod', '"e"', f'r{self.cluster.log.end.events + 1}', b'{"services": []}', self.now)
        freeze = FreezeReading(self.stored if freeze_known else None, freeze_known)
        self.cluster.catch_up(Gap(0, self.cluster.revision.id, Current(0, last, freeze=freeze)))

    def check(self) -> list[tuple[str, Any]]:
        asyncio.run(self.freezes.check())
        return self.short()

    def short(self) -> list[tuple[str, Any]]:
        events = [each.event for each in self.cluster.log.after(NOTHING)]
        return [(each.type, each.content['by']) for each in events if each.type in ('frozen', 'thawed')]


def test_what_a_revision_began_and_ended():
    scene = Scene()
    scene.take('replace')
    scene.take('freeze')
    scene.take('thaw')
    assert scene.check() == [('frozen', 'kim'), ('thawed', 'kim')]
    assert scene.cluster.state.frozen is None


def test_a_freeze_that_ends_by_itself_is_published_once():
    scene = Scene()
    scene.take('freeze', until=START + HOUR)
    assert scene.check() == [('frozen', 'kim')]
    assert scene.cluster.state.frozen['reason'] == 'the big sale'
    scene.now += HOUR
    scene.check()
    assert scene.check() == [('frozen', 'kim'), ('thawed', None)]
    scene.take('thaw')
    assert len(scene.short()) == 2, 'a thaw in its last second that arrives late is not published again'


def test_a_freeze_that_is_prolonged_does_not_end_at_its_former_end():
    scene = Scene()
    scene.take('freeze', until=START + HOUR)
    scene.take('freeze', until=START + 3 * HOUR)
    scene.now += 2 * HOUR
    assert scene.check() == [('frozen', 'kim'), ('frozen', 'kim')]


def test_what_was_skipped_is_found_out_and_published_once():
    scene = Scene()
    scene.stored = {'by': 'jo', 'reason': 'night', 'until': None}
    scene.jump()
    assert scene.check() == [('frozen', 'jo')]
    scene.cluster.freeze_unknown = True
    assert scene.check() == [('frozen', 'jo')]


def test_what_the_guards_held_when_revisions_were_skipped_is_in_the_state():
    scene = Scene()
    scene.stored = {'by': 'jo', 'reason': 'night', 'until': None}
    scene.jump(freeze_known=True)
    assert scene.check() == []
    assert scene.cluster.state.frozen == scene.stored


@pytest.mark.parametrize('failure', [Unavailable('No answer.', 's3:GetObject', '503'), StateUnreadable('Unreadable.')])
def test_what_cannot_be_found_out_is_read_again(failure: Exception):
    scene = Scene()
    scene.jump()
    scene.stored = failure
    assert scene.check() == []
    scene.stored = {'by': 'jo', 'reason': 'night', 'until': None}
    assert scene.check() == [('frozen', 'jo')]


def test_guards_of_a_former_revision_mean_nothing():
    scene = Scene()
    scene.take('freeze')
    scene.cluster.froze('r1', None)
    assert scene.check() == [('frozen', 'kim')]
