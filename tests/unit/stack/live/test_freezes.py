"""Beginnings and ends of freezes: published once, however they come to be known."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.changes.freeze_calendar import Calendar, CalendarWindow
from stack.errors import StateUnreadable, Unavailable
from stack.live.cluster import Cluster, Surroundings
from stack.live.clusters import Clusters
from stack.live.facts import Current, FreezeReading, Gap
from stack.live.freezes import Freezes
from stack.live.log import NOTHING
from stack.live.reader import Reader
from stack.live.subscriber import Subscriber
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollout_records import Record, resume
from stack.state.revisions import Change, Origin, Revision, encode

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Scene:
    """One cluster; `stored` is what the bucket has of its freeze, or the error that it answers with."""

    def __init__(self) -> None:
        self.now = START
        self.stored: Mapping[str, Any] | Exception | None = None
        around = Surroundings(lambda: self.now)
        self.clusters = Clusters(lambda name: Cluster(name, around))
        self.cluster = self.clusters.of('prod')
        self.cluster.readers[Subscriber(None)] = self.cluster.log.end
        first = Revision('prod', '"e"', 'r1', b'{"services": []}', START)
        self.cluster.load(Current(0, first, resume(ClusterState, Record(), [first], self.now)))
        self.shared: tuple[CalendarWindow, ...] | Exception = ()
        reader = Reader(None, None, ClusterState, lambda: self.now, frozen=self.frozen, calendar=self.calendar)
        self.freezes = Freezes(self.clusters, reader, lambda: self.now)

    async def calendar(self) -> Calendar:
        if isinstance(self.shared, Exception):
            raise self.shared
        return Calendar(self.shared)

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

    def write(self, document: dict[str, Any]) -> None:
        """A revision with another document is stored."""
        change = Change(Origin('kim', 'test'), self.now, {'verb': 'replace'}, None)
        number = f'r{self.cluster.log.end.events + 1}'
        revision = Revision(
            'prod', f'"{number}"', number, json.dumps(document).encode(), self.now, encode('w', [change])
        )
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


NIGHT = {'cron': '0 22 * * ? *', 'duration': '2h', 'reason': 'night'}
BY_WINDOW = ('frozen', 'freeze window')


def test_a_window_of_the_desired_state_begins_and_ends_once_without_a_call():
    scene = Scene()
    scene.write({'freezes': [NIGHT], 'services': []})
    assert scene.check() == []
    assert scene.cluster.state.freeze_windows['next'][0]['from'] == '2026-03-01T22:00:00+00:00'
    assert scene.freezes.seconds_left(100_000.0) == 22 * 3600
    scene.now += 22 * HOUR
    scene.check()
    assert scene.check() == [BY_WINDOW]
    assert scene.cluster.state.frozen['until'] == '2026-03-02T00:00:00+00:00'
    scene.now += 2 * HOUR
    scene.check()
    assert scene.check() == [BY_WINDOW, ('thawed', None)]
    assert scene.freezes.seconds_left(2.0) == 2.0


def test_a_window_that_a_revision_adds_and_removes_while_it_lasts():
    scene = Scene()
    scene.now += 23 * HOUR
    scene.write({'freezes': [NIGHT], 'services': []})
    assert scene.short() == [BY_WINDOW]
    scene.write({'services': []})
    assert scene.short() == [BY_WINDOW, ('thawed', None)]
    assert scene.cluster.state.freeze_windows is None


def test_a_window_of_the_calendar_is_known_at_the_next_check():
    scene = Scene()
    scene.shared = (CalendarWindow(**NIGHT, clusters=('pro*',)), CalendarWindow(**NIGHT, clusters=('other',)))
    assert scene.check() == []
    assert len(scene.cluster.state.freeze_windows['next']) == 5
    scene.now += 22 * HOUR
    assert scene.check() == [BY_WINDOW]
    scene.shared = Unavailable('No answer.', 's3:GetObject', '503')
    assert scene.check() == [BY_WINDOW], 'what is known stays in force'
    scene.shared = ()
    assert scene.check() == [BY_WINDOW, ('thawed', None)]


def test_a_thaw_within_a_window_leaves_the_cluster_frozen_by_the_window():
    scene = Scene()
    scene.shared = (CalendarWindow(**NIGHT, clusters=('prod',)),)
    scene.now += 22 * HOUR
    scene.take('freeze')
    assert scene.check() == [('frozen', 'kim')]
    scene.take('thaw')
    assert scene.check() == [('frozen', 'kim'), BY_WINDOW]


def test_a_cluster_that_is_loaded_within_a_window_is_frozen_in_its_first_state():
    scene = Scene()
    scene.now += 23 * HOUR
    windows = (CalendarWindow(**NIGHT, clusters=('*',)),)
    revision = Revision('new', '"e"', 'r1', b'{"services": []}', START)
    cluster = scene.clusters.of('new')
    state = ClusterState(revision, scene.now)
    cluster.load(Current(0, revision, state, freeze=FreezeReading(calendar=windows)))
    assert cluster.state.frozen['by'] == 'freeze window'
    assert json.loads(cluster.snapshot().text(values=True))['freeze_windows']['now']['reason'] == 'night'


def test_without_a_window_to_wait_for_the_next_check_is_as_soon_as_usual():
    scene = Scene()
    assert scene.freezes.seconds_left(2.0) == 2.0


def test_a_cluster_that_has_gone_has_no_freeze_to_wait_for():
    scene = Scene()
    scene.take('freeze', until=START + HOUR)
    assert scene.freezes.seconds_left(7200.0) == 3600
    scene.cluster.catch_up(Gap(0, scene.cluster.revision.id, Current(0, None)))
    assert scene.cluster.state is None
    scene.now += 2 * HOUR
    scene.check()
    assert scene.freezes.seconds_left(2.0) == 2.0
