"""Beginnings and ends of freezes: told once, whatever order they are heard of in."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.cluster_state import ClusterState
from stack.errors import StateUnreadable, Unavailable
from stack.events import Event
from stack.freezes import Freezes
from stack.revisions import Change, Origin, Revision, encode

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Scene:
    """One cluster; `stored` is what the bucket says of its freeze, or the error that it answers with."""

    def __init__(self, known: bool = True):
        self.now = START
        self.stored: Mapping[str, Any] | Exception | None = None
        self.told: list[Event] = []
        self.state = ClusterState('prod')
        self.state.take_revision(Revision('prod', '"e"', 'r1', b'{"services": []}', START), START)
        states = {'prod': self.state} if known else {}
        self.freezes = Freezes(states, self.told.append, self.frozen, lambda: self.now)

    async def frozen(self, revision: Revision) -> Mapping[str, Any] | None:
        if isinstance(self.stored, Exception):
            raise self.stored
        return self.stored

    def take(self, verb: str, until: datetime | None = None) -> None:
        did = {'verb': verb, **({'until': until.isoformat()} if until else {})}
        change = Change(Origin('kim', 'test', 'the big sale'), self.now, did, None)
        self.freezes.take(Revision('prod', '"e"', 'r2', b'{"services": []}', self.now, encode('w', [change])))

    def check(self) -> list[tuple[str, Any]]:
        asyncio.run(self.freezes.check())
        return self.short()

    def short(self) -> list[tuple[str, Any]]:
        return [(each.type, each.content['by']) for each in self.told]


@pytest.mark.parametrize('known', [True, False])
def test_what_a_revision_began_and_ended(known: bool):
    scene = Scene(known)
    scene.take('replace')
    scene.take('freeze')
    scene.take('thaw')
    assert scene.check() == [('frozen', 'kim'), ('thawed', 'kim')]
    assert scene.state.frozen is None


def test_a_freeze_that_ends_by_itself_is_told_once():
    scene = Scene()
    scene.take('freeze', until=START + HOUR)
    assert scene.check() == [('frozen', 'kim')]
    assert scene.state.frozen['reason'] == 'the big sale'
    scene.now += HOUR
    scene.check()
    assert scene.check() == [('frozen', 'kim'), ('thawed', None)]
    scene.take('thaw')
    assert len(scene.told) == 2, 'somebody thawed in its last second, which is heard of later'


def test_a_freeze_that_is_prolonged_does_not_end_at_its_former_end():
    scene = Scene()
    scene.take('freeze', until=START + HOUR)
    scene.take('freeze', until=START + 3 * HOUR)
    scene.now += 2 * HOUR
    assert scene.check() == [('frozen', 'kim'), ('frozen', 'kim')]


def test_what_was_skipped_is_found_out_and_told_once():
    scene = Scene()
    scene.stored = {'by': 'jo', 'reason': 'night', 'until': None}
    scene.freezes.doubt('prod')
    assert scene.check() == [('frozen', 'jo')]
    scene.freezes.doubt('prod')
    assert scene.check() == [('frozen', 'jo')]
    scene.stored = None
    scene.freezes.doubt('prod')
    assert scene.check() == [('frozen', 'jo'), ('thawed', None)]


@pytest.mark.parametrize('failure', [Unavailable('No answer.', 's3:GetObject', '503'), StateUnreadable('Unreadable.')])
def test_what_cannot_be_found_out_is_asked_for_again(failure: Exception):
    scene = Scene()
    scene.freezes.doubt('prod')
    scene.stored = failure
    assert scene.check() == []
    scene.stored = {'by': 'jo', 'reason': 'night', 'until': None}
    assert scene.check() == [('frozen', 'jo')]


def test_doubts_about_a_cluster_that_is_gone_cost_nothing():
    scene = Scene(known=False)
    scene.stored = AssertionError('nobody is to be asked')
    scene.freezes.doubt('prod')
    assert scene.check() == []


def test_a_state_learns_without_anybody_being_told():
    scene = Scene()
    scene.stored = {'by': 'jo', 'reason': 'night', 'until': None}
    asyncio.run(scene.freezes.learn(scene.state, scene.state.revision))
    assert (scene.state.frozen, scene.told) == (scene.stored, [])
