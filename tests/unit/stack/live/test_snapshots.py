"""Snapshots: what is kept of them is what would be encoded now, but for the times that a message has of its own."""

import asyncio
import itertools
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stack.errors import Unavailable
from stack.live import cluster_events, snapshots
from stack.live.cluster import Cluster, Surroundings
from stack.live.event import Event
from stack.live.facts import Current
from stack.live.forms import Detail
from stack.live.snapshots import OVERHEAD, Kind, Snapshots
from stack.reconcile.plan import Waits
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Service, task
from stack.rollouts.observation import Observation
from stack.rollouts.pass_outcome import PassOutcome, Refusal
from stack.rollouts.rollout import Verdict, announced_again, end
from stack.rollouts.rollout_records import Record
from stack.rollouts.stale_secrets import StaleSecret
from stack.runtime.masking import MASK
from stack.stackfile.freeze_windows import windows_of
from tests.asynchronous import asynchronous
from tests.unit.stack.live.test_freezes import NIGHT
from tests.unit.stack.rollouts.test_cluster_state import START, definition, revision, running

KINDS: tuple[Kind, ...] = ('cluster', 'rollout')
FORMS = tuple(itertools.product(KINDS, (True, False), Detail))
SERVICES = ('web', 'api', 'db')
WINDOWS = {'freezes': [NIGHT]}
STEPS, SEEDS = 60, range(8)


class Walk:
    """One cluster, to which anything happens that can happen to one."""

    def __init__(self, seed: int):
        self.rng = random.Random(seed)
        self.now = START
        self.revisions = self.outcomes = self.orders = 0
        self.around = Surroundings(now=lambda: self.now, watched=lambda: True)
        self.cluster = Cluster('prod', self.around)
        first = self.revision()
        self.cluster.load(Current(0, first, ClusterState(first, self.now)))

    @property
    def state(self) -> ClusterState:
        return self.cluster.state

    async def prepare(self, known: str | None) -> None:
        await self.cluster.prepare_snapshot(known, values=True, detail=Detail.ALL)

    def step(self) -> str:
        """Do something, after a while; returns what it is."""
        self.now += timedelta(seconds=self.rng.choice((0, 1, 5, 30, 61, 900)))
        does: list[Callable[[], Any]] = [
            *[self.looks] * 6,
            self.looks_at_nothing_new,
            self.learns_definitions,
            self.learns_of_stops,
            self.other_settings,
            self.other_service_deployment,
            self.is_autoscaled,
            self.passes,
            self.changes,
            self.is_announced,
            self.fails,
            self.rotates,
            self.is_judged,
            self.freezes,
            self.has_windows,
            self.expires,
            self.hears,
        ]
        does_now = self.rng.choice(does)
        does_now()
        return does_now.__name__

    def revision(self) -> Any:
        self.revisions += 1
        names = self.rng.sample(SERVICES, self.rng.randint(1, 3))
        tag = f'{self.rng.randint(1, 3)}'
        settings = {'image': f'app:{tag}', 'desired_count': 2, 'environment': {'PASSWORD': 'hunter2'}}
        announce = self.rng.choice(('deploy', 'deploy', None))
        return revision(f'r{self.revisions}', announce, self.now, **dict.fromkeys(names, settings))

    def changes(self) -> None:
        before = self.cluster.revision
        assert self.cluster.stored(before, self.revision())

    def looks(self) -> None:
        names = self.rng.sample(SERVICES, self.rng.randint(1, 3))
        seen = {name: self.rng.choice((None, *(self.service(name, count) for count in (0, 1, 2)))) for name in names}
        found = self.definitions(names) if self.rng.random() < 0.8 else {}
        targets = {name: {'healthy': self.rng.randint(0, 1)} for name in names if self.rng.random() < 0.2}
        self.sees(seen, definitions=found, targets=targets)

    def looks_at_nothing_new(self) -> None:
        self.sees({name: self.state.ecs.services.get(name) for name in SERVICES})

    def learns_definitions(self) -> None:
        """Those that an earlier look could not read."""
        self.sees({}, definitions=self.definitions(SERVICES))

    def learns_of_stops(self) -> None:
        """Of services that the same look does not show."""
        stopped = {
            'taskArn': f'arn:task/{self.rng.randint(0, 5)}',
            'stoppedReason': 'Essential container in task exited',
            'taskDefinitionArn': 'arn:td/web:1',
            'startedBy': self.rng.choice(('ecs-svc/web', '')),
            'stoppedAt': self.now,
            'createdAt': self.now,
            'containers': [{'name': 'web', 'exitCode': 1}],
        }
        self.sees({}, stopped={'web': (task(stopped),)})

    def other_settings(self) -> None:
        """A description that equal services may differ in."""
        settings = {'deploymentConfiguration': {'strategy': self.rng.choice(('ROLLING', 'BLUE_GREEN'))}}
        seen = self.state.ecs.services
        self.sees({name: replace(seen[name], description=settings) for name in seen})

    def other_service_deployment(self) -> None:
        seen, arn = self.state.ecs.services, f'arn:sd/{self.rng.randint(0, 1)}'
        self.sees({name: replace(seen[name], deployment_id=arn) for name in seen})

    def is_autoscaled(self) -> None:
        self.sees({}, autoscaled=frozenset(self.rng.sample(SERVICES, self.rng.randint(0, 2))))

    def passes(self) -> None:
        self.outcomes += 1
        refusal = Refusal('ecs:CreateService', 'AccessDenied', 'no', self.now)
        outcome = PassOutcome(
            self.outcomes,
            self.state.revision.id,
            self.now,
            self.now,
            ended=self.rng.random() < 0.5,
            refused={'web': refusal} if self.rng.random() < 0.5 else {},
            unfinished=frozenset({'web'}),
            waits={'api': Waits('api', ('db',))} if self.rng.random() < 0.5 else {},
        )
        self.sees({}, outcome=outcome)

    def is_announced(self) -> None:
        self.cluster.announced(self.now)

    def fails(self) -> None:
        self.cluster.unseen(Unavailable('ECS does not answer.', 'ecs:DescribeServices', '503'))

    def rotates(self) -> None:
        self.cluster.rotated({'web': (StaleSecret('KEY', self.now),)} if self.rng.random() < 0.5 else {})

    def is_judged(self) -> None:
        self.cluster.judged({'api': {'state': self.rng.choice(('ok', 'failing'))}} if self.rng.random() < 0.7 else {})

    def freezes(self) -> None:
        freeze = {'by': 'kim', 'at': 'now', 'reason': self.rng.choice('ab'), 'until': None}
        self.cluster.froze(self.state.revision.id, freeze if self.rng.random() < 0.6 else None)

    def has_windows(self) -> None:
        self.cluster.scheduled(windows_of(WINDOWS) if self.rng.random() < 0.7 else ())

    def expires(self) -> None:
        self.cluster.expire()

    def hears(self) -> None:
        """What another replica recorded: later announcements, and how former rollouts ended."""
        state = self.state
        own = {
            name: announced_again(each, self.now) for name, each in state.rollouts.items() if self.rng.random() < 0.5
        }
        verdict = Verdict('succeeded', 'It runs.', self.now)
        former = {
            each: {name: end(rollout, verdict) for name, rollout in rollouts.items()}
            for each, rollouts in state.former.items()
            if self.rng.random() < 0.5
        }
        self.cluster.recorded(Record(state.revision.id, own, former))

    def definitions(self, names: Any) -> dict[str, Any]:
        known = (definition(self.state, name) for name in names if name in self.state.wanted)
        return {each.arn: each for each in known}

    def service(self, name: str, count: int) -> Service:
        return running(name, count)

    def sees(self, services: dict[str, Service | None], **more: Any) -> None:
        self.orders += 1
        self.cluster.looked(Observation(self.now, services, order=self.orders, **more))


def fresh(state: ClusterState, kind: Kind, at: Any) -> Event:
    return cluster_events.cluster(state, at) if kind == 'cluster' else cluster_events.rollout(state, None, at)


def assert_fresh(walk: Walk, what: str = '') -> None:
    for kind in KINDS:
        event = fresh(walk.state, kind, walk.now)
        sent = walk.cluster.snapshot() if kind == 'cluster' else walk.cluster.movement(None)
        for values, detail in itertools.product((True, False), Detail):
            assert sent.text(values, detail=detail) == event.text(values, detail=detail), (what, kind, values, detail)


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The kinds of messages that were described, one for each time."""
    counted: list[str] = []

    def counting(kind: Kind, describe: Callable[..., Event]) -> Callable[..., Event]:
        return lambda *given: counted.append(kind) or describe(*given)

    counters = {kind: counting(kind, describe) for kind, describe in snapshots._DESCRIBE.items()}
    monkeypatch.setattr(snapshots, '_DESCRIBE', counters)
    return counted


@pytest.mark.parametrize('seed', SEEDS)
def test_whatever_happens_to_a_cluster_its_snapshot_is_a_fresh_one(seed: int, described: list[str]):
    walk, happened = Walk(seed), []
    for _ in range(STEPS):
        happened.append(walk.step())
        assert_fresh(walk, happened[-1])
    # Otherwise the test would be true without anything kept.
    assert len(described) < 0.9 * STEPS * len(FORMS)


def test_a_look_that_shows_nothing_new_describes_nothing_and_its_time_is_sent(described: list[str]):
    walk = Walk(0)
    walk.sees({name: running(name) for name in walk.state.wanted}, definitions=walk.definitions(walk.state.wanted))
    walk.now += timedelta(minutes=5)
    walk.looks_at_nothing_new()
    first = json.loads(walk.cluster.snapshot().text(values=True))
    described.clear()
    walk.now += timedelta(minutes=5)
    walk.looks_at_nothing_new()
    walk.now += timedelta(seconds=3)
    again = json.loads(walk.cluster.snapshot().text(values=True))
    assert described == []
    assert again == {**first, 'at': '2026-03-01T00:10:03.000+00:00', 'observed_at': '2026-03-01T00:10:00.000+00:00'}


def test_the_first_look_has_a_time_also_where_it_shows_nothing():
    """In the detail `rows`, no member is null."""
    walk = Walk(0)
    assert_fresh(walk)
    walk.sees({})
    assert_fresh(walk)


def test_what_ended_a_moment_ago_is_shown_until_a_later_look():
    """`rollouts` has it for a minute, by the time of the last look."""
    walk = Walk(0)
    first = walk.state.revision.id
    walk.sees({name: running(name) for name in walk.state.wanted}, definitions=walk.definitions(walk.state.wanted))
    walk.changes()
    walk.sees({name: running(name) for name in walk.state.wanted}, definitions=walk.definitions(walk.state.wanted))
    assert first in [each['revision'] for each in json.loads(walk.cluster.snapshot().text(values=True))['rollouts']]
    for _ in range(3):
        walk.now += timedelta(seconds=25)
        walk.looks_at_nothing_new()
        assert_fresh(walk)


def test_secrets_are_masked_apart(described: list[str]):
    walk = Walk(0)
    walk.cluster.froze(walk.state.revision.id, {'by': 'kim', 'reason': 'password=hunter2', 'until': None})
    for _ in range(2):
        shown = [walk.cluster.snapshot().text(values) for values in (True, False)]
        assert [b'hunter2' in each for each in shown] == [True, False]
        assert MASK.encode() in shown[1]
    assert described == ['cluster', 'cluster']


def test_another_cluster_of_the_same_name_has_a_snapshot_of_its_own():
    kept, first = Snapshots(), revision('r1', web={'image': 'web:1'})
    texts = [
        kept.text('cluster', ClusterState(first, START), START, values=True, detail=Detail.ALL),
        kept.text('cluster', looked := ClusterState(first, START), START, values=True, detail=Detail.ALL),
    ]
    looked.look(Observation(START, {'web': running()}))
    texts.append(kept.text('cluster', looked, START, values=True, detail=Detail.ALL))
    assert (texts[0] == texts[1], texts[1] == texts[2]) == (True, False)


def test_what_is_kept_has_a_bound(described: list[str]):
    made = ClusterState(revision('r1', web={'image': 'web:1'}), START)
    # A little more than two of them have room, and less than three.
    kept = Snapshots(most_bytes=2 * OVERHEAD + 2000)
    states = [ClusterState(replace(made.revision, cluster=name), START) for name in ('one', 'two', 'three')]
    for state in (*states, *states):
        kept.text('cluster', state, START, values=True, detail=Detail.ALL)
    assert len(described) == 6, 'each was dropped for the next but one'
    kept.text('cluster', states[-1], START, values=True, detail=Detail.ALL)
    assert len(described) == 6


@asynchronous
async def test_a_large_cluster_is_described_in_several_turns_once_for_all(
    monkeypatch: pytest.MonkeyPatch, described: list[str]
):
    walk = large(monkeypatch)
    for number, (kind, known) in enumerate([('cluster', None), ('rollout', walk.state.revision.id)], 1):
        readers = [asyncio.ensure_future(walk.prepare(known)) for _ in range(3)]
        turns = 0
        while len(described) < number:
            await asyncio.sleep(0)
            turns += 1
        assert turns >= len(SERVICES)
        await asyncio.gather(*readers)
        await walk.prepare(known)
        sent = walk.cluster.snapshot() if kind == 'cluster' else walk.cluster.movement(None)
        assert sent.text(values=True, detail=Detail.ALL) == fresh(walk.state, kind, walk.now).text(values=True)
    assert described == ['cluster', 'rollout']


@asynchronous
async def test_what_changes_while_a_large_cluster_is_described_is_in_its_snapshot(
    monkeypatch: pytest.MonkeyPatch, described: list[str]
):
    walk = large(monkeypatch)
    reader = asyncio.ensure_future(walk.prepare(None))
    for _ in range(2):
        await asyncio.sleep(0)
    walk.cluster.unseen(Unavailable('ECS does not answer.', 'ecs:DescribeServices', '503'))
    await reader
    assert described == []
    assert_fresh(walk)


@asynchronous
async def test_a_reader_that_leaves_while_a_large_cluster_is_described_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, described: list[str]
):
    walk = large(monkeypatch)
    first, second = (asyncio.ensure_future(walk.prepare(None)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert_fresh(walk)


def large(monkeypatch: pytest.MonkeyPatch) -> Walk:
    """A cluster whose services are described one in a turn."""
    monkeypatch.setattr(snapshots, 'ROWS_A_TURN', 1)
    walk = Walk(0)
    services = {name: {'image': f'{name}:1'} for name in SERVICES}
    walk.cluster.stored(walk.state.revision, revision('large', **services))
    walk.sees({name: running(name) for name in SERVICES}, definitions=walk.definitions(SERVICES))
    return walk
