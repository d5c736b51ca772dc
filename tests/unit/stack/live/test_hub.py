"""The hub: order, resuming, and readers that are slow."""

import asyncio
import inspect
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.errors import Unavailable
from stack.live import cluster_events, delivery
from stack.live.batches import MOST_BYTES
from stack.live.client_messages import Subscribe
from stack.live.cluster import Cluster, Surroundings
from stack.live.clusters import Clusters
from stack.live.delivery import WRITES_A_TURN
from stack.live.event import Event, Message
from stack.live.facts import Current, Mark, Steps
from stack.live.forms import Detail, Form
from stack.live.hub import Hub
from stack.live.log import MOST_EVENTS
from stack.live.missed import Missed
from stack.live.read_ahead import AT_ONCE
from stack.live.subscriber import Subscriber
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Service, service
from stack.rollouts.observation import Observation
from stack.runtime.masking import MASK
from stack.state.revision_store import serialise
from stack.state.revisions import Change, Origin, Revision, encode

AT = datetime(2026, 3, 1, tzinfo=UTC)


class Reader:
    """An outlet whose reader takes everything, until it stops."""

    def __init__(self) -> None:
        self.got: list[dict] = []
        self.stopped = False
        self.frames: list[bytes] = []
        self.looks = 0
        # Stops after so many frames.
        self.accepts = -1

    def ready(self) -> bool:
        self.looks += 1
        return not self.stopped

    def offer(self, frame: bytes) -> bool:
        if self.stopped:
            return False
        self.accepts -= 1
        self.stopped = self.accepts == 0
        self.frames.append(frame)
        self.got.append(json.loads(frame))
        return True

    def short(self) -> list[str]:
        """What came, as `type cluster revision`."""
        words = ([each['type'], each.get('cluster'), each.get('revision')] for each in self.got)
        return [' '.join(filter(None, each)) for each in words]


class Described(Cluster):
    def __init__(self, ledger: 'Ledger', *given: Any):
        super().__init__(*given)
        self.ledger = ledger

    def snapshot(self, covers: str | None = None) -> Message:
        self.ledger.described += 1
        return super().snapshot(covers)


class Ledger:
    """A source in memory: clusters of one service, whose owners are given facts by hand."""

    def __init__(self, *names: str):
        self.clusters = Clusters(self.make)
        self.ready_gate = asyncio.Event()
        self.ready_gate.set()
        # How often a whole cluster was described.
        self.described = 0
        self.older: dict[str, list[Revision]] = {}
        self.hub = Hub(self, self.clusters)
        for name in names:
            self.create(name, '1')

    def make(self, name: str) -> Cluster:
        around = Surroundings(lambda: AT)
        around.moves.subscribe(self.hub.delivery.moved)
        return Described(self, name, around)

    async def refresh(self, now: bool = False) -> None:
        pass

    async def reach(self, name: str, known: str | None) -> None:
        await self.ready_gate.wait()
        self.clusters.of(name).remember(self.older.get(name, ()))

    async def prove_summaries(self) -> None:
        pass

    def summary(self, name: str, known: str | None) -> Event | None:
        return self.clusters.of(name).stand_in.event(known, AT)

    def synced(self, names: list[str], missed: Missed) -> Event:
        found = {name: self.clusters.of(name).revision for name in names}
        return cluster_events.synced({name: each and each.id for name, each in found.items()}, missed, AT)

    def create(self, name: str, id: str) -> None:
        cluster = self.clusters.of(name)
        made = revision(name, id)
        cluster.load(Current(cluster.heard, made, ClusterState(made, AT)))

    def change(self, name: str, id: str, size: int = 0) -> None:
        cluster = self.clusters.of(name)
        assert cluster.stored(cluster.revision, revision(name, id, size))

    def remove(self, name: str) -> None:
        cluster = self.clusters.of(name)
        cluster.catch_up(Steps(cluster.heard, cluster.revision.id, [None]))

    def move(self, name: str, running: int) -> None:
        self.clusters.of(name).looked(Observation(AT, {'web': web(running)}))


def revision(cluster: str, id: str, size: int = 0) -> Revision:
    body = {'services': [{'web': {'image': f'web:{id}', 'environment': {'PADDING': id + 'x' * size}}}]}
    change = Change(Origin('kim', 'test'), AT, {'verb': 'replace'})
    return Revision(cluster, f'"{id}"', id, serialise(body), AT, encode('w', [change]))


def web(running: int) -> Service:
    head = {'serviceName': 'web', 'serviceArn': 'arn:service/web', 'status': 'ACTIVE', 'taskDefinition': 'arn:td/web:1'}
    return service(head | {'deployments': [], 'desiredCount': 1000, 'runningCount': running, 'launchType': 'EC2'})


def running(event: dict) -> int:
    return event['services'][0]['deployed']['running']


async def subscribed(
    ledger: Ledger,
    *clusters: str,
    known: dict | None = None,
    since: datetime | None = None,
    batches: bool = False,
    detail: Detail = Detail.ALL,
    **options,
) -> tuple[Reader, Subscriber]:
    reader = Reader()
    subscriber = Subscriber(reader, **options)
    ledger.hub.subscribe(subscriber, Subscribe(clusters, known or {}, since=since, batches=batches, detail=detail))
    if ledger.ready_gate.is_set():
        await until(lambda: 'synced' in reader.short())
    return reader, subscriber


async def until(condition, turns: int = 10_000) -> None:
    for _ in range(turns):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError('it never came to that')


def run(test):
    """The test as a coroutine of its own loop, with the hub closed at its end."""

    def wrapped(**fixtures):
        async def whole():
            ledger = Ledger('prod', 'staging', 'test')
            await test(ledger, **fixtures)
            await ledger.hub.close()

        asyncio.run(whole())

    wrapped.__name__ = test.__name__
    given = list(inspect.signature(test).parameters.values())[1:]
    wrapped.__signature__ = inspect.Signature(given)
    return wrapped


@run
async def test_a_new_subscriber_gets_each_cluster_it_asks_for(ledger):
    reader, _ = await subscribed(ledger, 'prod', 'st*')
    assert reader.short() == ['cluster prod 1', 'cluster staging 1', 'synced']
    assert reader.got[-1]['revisions'] == {'prod': '1', 'staging': '1'}


@run
async def test_a_cluster_that_is_named_comes_before_those_that_match_a_pattern(ledger):
    reader, _ = await subscribed(ledger, 'staging', '*')
    assert reader.short() == ['cluster staging 1', 'cluster prod 1', 'cluster test 1', 'synced']


@run
async def test_clusters_that_are_loaded_come_together_where_that_is_accepted(ledger):
    reader, _ = await subscribed(ledger, '*', batches=True)
    assert reader.short() == ['batch', 'synced']
    assert [each['cluster'] for each in reader.got[0]['messages']] == ['prod', 'staging', 'test']
    alone, _ = await subscribed(ledger, 'prod', batches=True)
    assert alone.short() == ['cluster prod 1', 'synced']
    ledger.change('staging', '2')
    ledger.move('prod', 50)
    await ledger.hub.delivery.drain()
    assert reader.short()[2:] == ['desired staging 2', 'rollout staging 2', 'rollout prod 1']
    assert alone.short()[2:] == ['rollout prod 1']


@run
async def test_rows_are_kept_only_for_subscribers_to_deltas(ledger):
    prod = ledger.clusters.of('prod')
    await subscribed(ledger, 'prod', detail=Detail.SUMMARY)
    ledger.move('prod', 10)
    assert not prod.published.rows
    reader, subscriber = await subscribed(ledger, 'prod', detail=Detail.ROWS)
    for count in (20, 30):
        ledger.move('prod', count)
        await ledger.hub.delivery.drain()
    assert [each['services'][0].get('delta', False) for each in reader.got if each['type'] == 'rollout'] == [
        False,
        True,
    ]
    assert prod.published.rows == 1
    ledger.hub.leave(subscriber)
    ledger.move('prod', 40)
    assert not prod.published.rows


@run
async def test_what_came_since_the_known_revisions_comes_together(ledger):
    ledger.change('prod', '2')
    reader, _ = await subscribed(ledger, '*', known={'prod': '1', 'test': '1'}, batches=True)
    assert reader.short() == ['batch', 'synced']
    batch = Reader()
    batch.got = reader.got[0]['messages']
    assert batch.short() == ['desired prod 2', 'rollout prod 2', 'cluster staging 1', 'rollout test 1']


@run
async def test_a_cluster_that_is_read_first_comes_between_those_that_are_loaded(ledger):
    ledger.older['staging'] = [revision('staging', each) for each in ('0', '1')]
    reader, _ = await subscribed(ledger, '*', known={'staging': '0'}, batches=True)
    assert reader.short() == ['cluster prod 1', 'desired staging 1', 'rollout staging 1', 'cluster test 1', 'synced']


@run
async def test_clusters_that_come_together_are_bounded_and_wait_for_a_slow_reader(ledger):
    for number in range(40):
        ledger.create(f'large-{number:02}', '1' * 4096)
    reader = Reader()
    reader.accepts = 1
    ledger.hub.subscribe(Subscriber(reader), Subscribe(('*',), {}, batches=True))
    await until(lambda: reader.stopped)
    assert len(reader.frames[0]) <= MOST_BYTES + 100
    first = [each['cluster'] for each in reader.got[0]['messages']]
    assert 2 <= len(first) < 43
    ledger.change(first[-1], '2')
    reader.stopped = False
    await until(lambda: 'synced' in reader.short())
    came = [message for each in reader.got for message in each.get('messages', [each])]
    assert [each['cluster'] for each in came if each['type'] == 'cluster'] == ledger.clusters.names()
    assert [each['cluster'] for each in came if each['type'] == 'desired'] == [first[-1]]


@run
async def test_readers_at_the_same_time_share_what_comes_together(ledger):
    readers = await asyncio.gather(*(subscribed(ledger, '*', batches=True) for _ in range(3)))
    assert len({id(reader.frames[0]) for reader, _ in readers}) == 1


@run
async def test_events_come_in_order_and_only_those_asked_for(ledger):
    reader, _ = await subscribed(ledger, 'prod')
    ledger.change('prod', '2')
    ledger.change('test', '2')
    ledger.move('prod', 50)
    ledger.change('prod', '3')
    await ledger.hub.delivery.drain()
    assert reader.short()[2:] == [
        'desired prod 2',
        'rollout prod 2',
        'rollout prod 2',
        'desired prod 3',
        'rollout prod 3',
    ]


@run
async def test_what_is_known_is_not_sent_again(ledger):
    reader, _ = await subscribed(ledger, 'prod', 'staging', known={'prod': '1', 'staging': '1'})
    assert reader.short() == ['rollout prod 1', 'rollout staging 1', 'synced']


@run
async def test_every_revision_since_the_known_one(ledger):
    for number in '234':
        ledger.change('prod', number)
    reader, _ = await subscribed(ledger, 'prod', known={'prod': '2'})
    assert reader.short() == ['desired prod 3', 'desired prod 4', 'rollout prod 4', 'synced']
    assert 'merged' not in reader.got[2]


@run
async def test_a_revision_before_the_log_is_read_from_the_history(ledger):
    ledger.older['staging'] = [revision('staging', each) for each in ('-1', '0', '1')]
    ledger.change('staging', '2')
    reader, _ = await subscribed(ledger, 'staging', known={'staging': '-1'})
    expected = ['desired staging 0', 'desired staging 1', 'desired staging 2', 'rollout staging 2', 'synced']
    assert reader.short() == expected


@run
async def test_a_revision_that_is_not_known_is_covered_by_the_state(ledger):
    reader, _ = await subscribed(ledger, 'prod', known={'prod': 'nonsense'})
    assert reader.short() == ['cluster prod 1', 'synced']
    assert reader.got[0]['covers_since'] == 'nonsense'


@run
async def test_what_was_missed_comes_before_the_end_of_the_catch_up_and_only_of_wanted_clusters(ledger):
    asked: list[datetime] = []

    async def missed_since(at: datetime) -> Missed:
        asked.append(at)
        if len(asked) == 1:
            raise Unavailable('S3 does not answer', 's3:ListObjectsV2', '')
        events = [Event('proposal', name, {'revision': None}, at=AT) for name in ('staging', 'prod')]
        return Missed(tuple(events))

    ledger.hub.synchronization.missed_since = missed_since
    ledger.hub.synchronization.retry_s = 0.0
    reader, _ = await subscribed(ledger, 'prod', known={'prod': '1'}, since=AT)
    assert asked == [AT, AT]
    assert [each['type'] for each in reader.got] == ['rollout', 'error', 'proposal', 'synced']
    assert reader.got[2]['cluster'] == 'prod'
    assert 'missed' not in reader.got[-1]
    other, _ = await subscribed(ledger, 'prod')
    assert [each['type'] for each in other.got] == ['cluster', 'synced']
    assert len(asked) == 2


@run
async def test_too_much_that_was_missed_is_stated(ledger):
    async def missed_since(_: datetime) -> Missed:
        return Missed((), is_complete=False)

    ledger.hub.synchronization.missed_since = missed_since
    reader, _ = await subscribed(ledger, 'prod', since=AT)
    assert reader.got[-1]['missed'] == ['proposals']


@run
async def test_a_known_cluster_that_is_gone(ledger):
    reader, _ = await subscribed(ledger, '*', known={'old': '7', 'prod': '1', 'staging': '1', 'test': '1'})
    assert reader.short()[3:] == ['deleted old', 'synced']


@run
async def test_nothing_is_lost_or_repeated_between_the_state_and_the_stream(ledger):
    """Changes while the subscriber is brought up: each is in what it is sent first, or comes after it, once."""
    ledger.ready_gate.clear()
    reader, _ = await subscribed(ledger, 'prod')
    resumed, _ = await subscribed(ledger, 'prod', known={'prod': '1'})
    await asyncio.sleep(0)
    ledger.change('prod', '2')
    ledger.move('prod', 10)
    await ledger.hub.delivery.drain()
    ledger.ready_gate.set()
    await until(lambda: 'synced' in reader.short() and 'synced' in resumed.short())
    ledger.change('prod', '3')
    await until(lambda: 'rollout prod 3' in reader.short() and 'rollout prod 3' in resumed.short())
    assert reader.short() == ['cluster prod 2', 'synced', 'desired prod 3', 'rollout prod 3']
    assert resumed.short() == ['desired prod 2', 'rollout prod 2', 'synced', 'desired prod 3', 'rollout prod 3']


@run
async def test_changes_while_the_history_is_read(ledger):
    original = ledger.reach

    async def reach(cluster, known):
        ledger.change('prod', '3')
        await asyncio.sleep(0)
        ledger.move('prod', 30)
        await original(cluster, known)

    ledger.reach = reach
    ledger.change('prod', '2')
    reader, _ = await subscribed(ledger, 'prod', known={'prod': '1'})
    await ledger.hub.delivery.drain()
    ledger.change('prod', '4')
    await until(lambda: 'rollout prod 4' in reader.short())
    expected = ['desired prod 2', 'desired prod 3', 'rollout prod 3', 'synced', 'desired prod 4', 'rollout prod 4']
    assert reader.short() == expected


@run
async def test_a_cluster_that_is_loaded_while_subscribers_are_there(ledger):
    """However it comes to be known: it was sent to none of them yet."""
    reader, _ = await subscribed(ledger, '*')
    ledger.create('new', '1')
    ledger.change('new', '2')
    await ledger.hub.delivery.drain()
    assert reader.short()[4:] == ['cluster new 1', 'desired new 2', 'rollout new 2']


@run
async def test_a_cluster_that_goes_and_comes_back(ledger):
    reader, _ = await subscribed(ledger, 'prod')
    slow, _ = await subscribed(ledger, 'prod')
    slow.stopped = True
    ledger.remove('prod')
    ledger.create('prod', '7')
    await ledger.hub.delivery.drain()
    assert reader.short()[2:] == ['rollout prod 1', 'deleted prod 1', 'cluster prod 7']
    slow.stopped = False
    await until(lambda: len(slow.got) == 3)
    assert (slow.short()[2:], slow.got[2]['merged']) == (['cluster prod 7'], 2)


@run
async def test_a_new_subscription_replaces_the_former(ledger):
    reader, subscriber = await subscribed(ledger, 'prod')
    ledger.hub.subscribe(subscriber, Subscribe(('staging',), {}))
    await until(lambda: reader.short().count('synced') == 2)
    ledger.change('prod', '2')
    ledger.change('staging', '2')
    await ledger.hub.delivery.drain()
    assert reader.short()[2:] == ['cluster staging 1', 'synced', 'desired staging 2', 'rollout staging 2']


@run
async def test_a_slow_reader_gets_what_it_missed_in_order(ledger):
    slow, _ = await subscribed(ledger, 'prod')
    quick, _ = await subscribed(ledger, 'prod')
    slow.stopped = True
    for number in range(2, 12):
        ledger.change('prod', str(number))
        await ledger.hub.delivery.drain()
    assert len(quick.got) == 2 + 20
    slow.stopped = False
    await until(lambda: 'rollout prod 11' in slow.short())
    assert slow.short()[2:] == [*(f'desired prod {number}' for number in range(2, 12)), 'rollout prod 11']
    assert slow.got[-1]['merged'] == 9


@run
async def test_a_very_slow_reader_gets_the_newest_state_and_how_much_that_stands_for(ledger):
    slow, subscriber = await subscribed(ledger, 'prod', 'staging')
    slow.stopped = True
    for number in range(2, 302):
        ledger.change('prod', str(number))
        await ledger.hub.delivery.drain()
    ledger.change('staging', '2')
    await ledger.hub.delivery.drain()
    assert list(subscriber.pending) == ['prod', 'staging'], 'all that it costs'
    slow.stopped = False
    await until(lambda: 'rollout staging 2' in slow.short())
    assert slow.short()[3:] == ['cluster prod 301', 'desired staging 2', 'rollout staging 2']
    assert slow.got[3]['merged'] == 300 + 299


@run
async def test_a_reader_that_accepts_frames_at_the_moment_of_a_change(ledger):
    """The state never comes before the event that led to it."""
    for stopped_for in (1, MOST_EVENTS + 10):
        slow, subscriber = await subscribed(ledger, 'staging')
        slow.stopped = True
        for number in range(stopped_for):
            ledger.change('staging', f'{stopped_for}-{number}')
            await ledger.hub.delivery.drain()
        slow.stopped = False
        ledger.change('staging', f'{stopped_for}-last')
        ledger.hub.delivery.writable(subscriber)
        await ledger.hub.delivery.drain()
        last = f'staging {stopped_for}-last'
        assert slow.short()[-2:] == (
            [f'desired {last}', f'rollout {last}'] if stopped_for == 1 else ['synced', f'cluster {last}']
        )


@run
async def test_a_reader_that_stops_between_two_events_of_a_batch(ledger):
    slow, subscriber = await subscribed(ledger, 'prod')
    slow.stopped = True
    for number in '23':
        ledger.change('prod', number)
        await ledger.hub.delivery.drain()
    for _ in range(3):
        slow.accepts = 1
        slow.stopped = False
        ledger.hub.delivery.writable(subscriber)
    assert slow.short()[2:] == ['desired prod 2', 'desired prod 3', 'rollout prod 3']
    assert slow.got[-1]['merged'] == 1


@run
async def test_nothing_is_described_for_readers_that_would_not_accept_it(ledger):
    readers = [(await subscribed(ledger, 'prod'))[0] for _ in range(3)]
    for reader in readers:
        reader.stopped = True
    for number in range(2, MOST_EVENTS + 10):
        ledger.change('prod', str(number))
        await ledger.hub.delivery.drain()
    described = ledger.described
    looks = readers[0].looks
    await until(lambda: readers[0].looks > looks + 2)
    assert ledger.described == described
    for reader in readers:
        reader.stopped = False
    await until(lambda: all(reader.short()[-1].startswith('cluster prod') for reader in readers))
    assert ledger.described == described + 1, 'once for all of them'


@run
async def test_the_state_is_described_again_after_each_change(ledger):
    first, _ = await subscribed(ledger, 'prod')
    second, _ = await subscribed(ledger, 'prod')
    assert ledger.described == 1
    ledger.change('prod', '2')
    third, _ = await subscribed(ledger, 'prod')
    assert first.short()[0] == second.short()[0] == 'cluster prod 1'
    assert third.short()[0] == 'cluster prod 2'


@run
async def test_rollouts_are_merged_into_the_newest(ledger):
    slow, _ = await subscribed(ledger, 'prod')
    slow.stopped = True
    ledger.move('prod', 10)
    ledger.change('prod', '2')
    for count in (20, 30, 40):
        ledger.move('prod', count)
        await ledger.hub.delivery.drain()
    slow.stopped = False
    await until(lambda: len(slow.got) == 4)
    assert slow.short()[2:] == ['desired prod 2', 'rollout prod 2'], 'a rollout never overtakes what caused it'
    assert (running(slow.got[-1]), slow.got[-1]['merged']) == (40, 4)


@run
async def test_what_moved_without_its_services_reaches_readers_that_are_behind(ledger):
    reader, _ = await subscribed(ledger, 'staging')
    reader.stopped = True
    for failed in (Unavailable('ECS does not answer.', 'ecs:DescribeServices', '503'), None):
        if failed:
            ledger.clusters.of('staging').unseen(failed)
        else:
            ledger.clusters.of('staging').looked(Observation(AT))
        await ledger.hub.delivery.drain()
    reader.stopped = False
    await until(lambda: reader.short()[-1] == 'rollout staging 1')
    assert (reader.got[-1]['failing'], reader.got[-1]['services'], reader.got[-1]['merged']) == (None, [], 1)


@run
async def test_a_cluster_deleted_while_the_reader_slept(ledger):
    slow, _ = await subscribed(ledger, 'prod')
    slow.stopped = True
    for number in range(2, 202):
        ledger.change('prod', str(number))
        await ledger.hub.delivery.drain()
    ledger.remove('prod')
    await ledger.hub.delivery.drain()
    slow.stopped = False
    await until(lambda: len(slow.got) == 3)
    assert slow.short()[2:] == ['deleted prod']


@pytest.fixture
def no_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no reader that is behind looked at but by the test: events may take longer than a tick."""
    monkeypatch.setattr(delivery, 'TICK_S', 3600.0)


@run
async def test_a_paced_reader_gets_batches(ledger, no_ticks):
    paced, subscriber = await subscribed(ledger, 'prod', paced=True)
    for count in range(30):
        ledger.move('prod', count)
        await ledger.hub.delivery.drain()
    ledger.hub.delivery._look_at(subscriber)
    assert [running(each) for each in paced.got[2:]] == [0, 29]
    assert paced.got[-1]['merged'] == 28


@run
async def test_frames_are_made_once_for_all(ledger):
    readers = [(await subscribed(ledger, 'prod'))[0] for _ in range(3)]
    ledger.change('prod', '2')
    await ledger.hub.delivery.drain()
    assert len({id(each.frames[-1]) for each in readers}) == 1


@run
async def test_the_frames_of_merged_events_are_made_once_for_all_that_are_equally_behind(ledger, no_ticks):
    paced = [await subscribed(ledger, 'prod', paced=True) for _ in range(3)]
    for count in range(30):
        ledger.move('prod', count)
        await ledger.hub.delivery.drain()
    for _, subscriber in paced:
        ledger.hub.delivery._look_at(subscriber)
    readers = [reader for reader, _ in paced]
    assert [reader.got[-1]['merged'] for reader in readers] == [28, 28, 28]
    assert len({id(reader.frames[-1]) for reader in readers}) == 1


@run
async def test_values_are_concealed_from_those_who_may_not_read_them(ledger):
    trusted, _ = await subscribed(ledger, 'prod')
    other, _ = await subscribed(ledger, 'prod', form=Form(values=False))
    ledger.hub.publish(Event('audit', 'prod', {'secret': 's3cret'}, at=AT))
    await ledger.hub.delivery.drain()
    assert (trusted.got[-1]['secret'], other.got[-1]['secret']) == ('s3cret', MASK)


@run
async def test_an_event_of_a_cluster_that_is_not_there(ledger):
    reader, _ = await subscribed(ledger, '*')
    ledger.hub.publish(Event('audit', 'removed', {}, at=AT))
    await ledger.hub.delivery.drain()
    assert reader.short()[4:] == ['audit removed']
    ledger.clusters.prune()
    assert ledger.clusters.get('removed') is None


@run
async def test_a_cluster_that_may_not_be_seen_is_not(ledger):
    reader, _ = await subscribed(ledger, '*', may_see=lambda cluster: cluster == 'prod')
    ledger.change('staging', '2')
    ledger.change('prod', '2')
    await ledger.hub.delivery.drain()
    assert reader.short() == ['cluster prod 1', 'synced', 'desired prod 2', 'rollout prod 2']


@run
async def test_many_readers_do_not_hold_up_the_loop(ledger):
    count = 5 * WRITES_A_TURN
    readers = [(await subscribed(ledger, 'prod'))[0] for _ in range(count)]
    turns = []
    ledger.hub.publish(Event('audit', 'prod', {}, at=AT))
    for _ in range(20):
        await asyncio.sleep(0)
        turns.append(sum('audit prod' in each.short() for each in readers))
    assert turns[-1] == count
    assert max(after - before for before, after in zip([0, *turns], turns, strict=False)) <= WRITES_A_TURN


@run
async def test_a_subscriber_that_leaves_is_forgotten(ledger):
    reader, subscriber = await subscribed(ledger, 'prod')
    assert ledger.hub.listens('prod')
    ledger.hub.leave(subscriber)
    ledger.change('prod', '2')
    await ledger.hub.delivery.drain()
    assert (len(reader.got), len(ledger.hub), ledger.hub.listens('prod')) == (2, 0, False)


@run
async def test_a_subscriber_that_leaves_is_not_written_to_while_others_stay(ledger):
    (gone, leaving), (stays, _) = await subscribed(ledger, 'prod'), await subscribed(ledger, 'prod')
    before = len(gone.frames)
    ledger.hub.leave(leaving)
    ledger.change('prod', '2')
    await ledger.hub.delivery.drain()
    assert len(gone.frames) == before
    assert stays.short()[-2:] == ['desired prod 2', 'rollout prod 2']
    assert ledger.hub.listens('prod')


@run
async def test_a_source_that_fails_is_reported_and_tried_again(ledger):
    ledger.hub.synchronization.retry_s = 0.01
    refresh, failures = ledger.refresh, [Unavailable('S3 does not answer.', 's3:ListObjectsV2', '503')]

    async def failing(now: bool = False) -> None:
        if failures:
            raise failures.pop()
        await refresh(now)

    ledger.refresh = failing
    reader, _ = await subscribed(ledger, 'prod')
    assert reader.short() == ['error', 'cluster prod 1', 'synced']
    assert reader.got[0]['code'] == 'aws_unavailable'


@run
async def test_a_cluster_that_cannot_be_read_holds_up_no_other(ledger):
    """Those that were brought up are not brought up again, and those after it come before it."""
    ledger.hub.synchronization.retry_s = 0.01
    reach, failures = ledger.reach, 3

    async def failing(name: str, known: str | None) -> None:
        nonlocal failures
        if name == 'staging' and failures:
            failures -= 1
            raise Unavailable('S3 does not answer.', 's3:GetObject', '503')
        await reach(name, known)

    ledger.reach = failing
    reader, _ = await subscribed(ledger, '*')
    expected = ['cluster prod 1', 'error', 'cluster test 1', 'error', 'error', 'cluster staging 1', 'synced']
    assert reader.short() == expected


@run
async def test_a_failure_after_others_were_brought_up_is_tried_again_soon(ledger):
    ledger.hub.synchronization.retry_s = 0.001
    names = [f'c{number:02}' for number in range(40)]
    for name in names:
        ledger.create(name, '1')
    reach, failing = ledger.reach, set(names[1::2])

    async def failing_once(name: str, known: str | None) -> None:
        if name in failing:
            failing.remove(name)
            raise Unavailable('S3 does not answer.', 's3:GetObject', '503')
        await reach(name, known)

    ledger.reach = failing_once
    reader, _ = await subscribed(ledger, 'c*')
    assert reader.short().count('error') == 20


@run
async def test_what_fails_unexpectedly_is_reported_logged_and_tried_again(ledger, caplog):
    ledger.hub.synchronization.retry_s = 0.01
    reach, failures = ledger.reach, [ZeroDivisionError()]

    async def failing(name: str, known: str | None) -> None:
        if name == 'prod' and failures:
            raise failures.pop()
        await reach(name, known)

    ledger.reach = failing
    reader, _ = await subscribed(ledger, 'prod', 'test')
    assert reader.short() == ['error', 'cluster test 1', 'cluster prod 1', 'synced']
    assert reader.got[0]['code'] == 'internal'
    assert 'ZeroDivisionError' in caplog.text


@run
async def test_clusters_are_loaded_some_at_a_time_and_come_in_their_order(ledger):
    names, begun, go = [f'c{number:02}' for number in range(20)], [], asyncio.Event()
    for name in names:
        ledger.clusters.of(name).listed(Mark('"1"', AT), 0.0, 0.0)

    async def reach(name: str, known: str | None) -> None:
        begun.append(name)
        await go.wait()
        ledger.create(name, '1')

    ledger.reach = reach
    reader = Reader()
    ledger.hub.subscribe(Subscriber(reader), Subscribe(('c*',), {}))
    await until(lambda: len(begun) == AT_ONCE)
    assert ledger.hub.synchronization.is_loading
    assert reader.short() == []
    go.set()
    await until(lambda: 'synced' in reader.short())
    assert reader.short() == [*(f'cluster {name} 1' for name in names), 'synced']
    assert sorted(begun) == names
    await until(lambda: not ledger.hub.synchronization.is_loading)


@run
async def test_an_event_that_cannot_be_encoded_costs_a_late_reader_no_other_one(ledger, caplog):
    slow, _ = await subscribed(ledger, '*')
    slow.stopped = True
    ledger.move('prod', 1)
    ledger.change('test', '2')
    await ledger.hub.delivery.drain()
    ledger.clusters.of('prod').movement = lambda _: Event('rollout', 'prod', {'what': object()}, at=AT)
    slow.stopped = False
    await until(lambda: 'rollout test 2' in slow.short())
    assert caplog.text.count('could not be sent') == 1


@run
async def test_an_event_that_cannot_be_encoded_costs_no_other_one(ledger, caplog):
    reader, _ = await subscribed(ledger, '*')
    ledger.hub.publish(Event('rollout', 'staging', {'what': object()}, at=AT))
    ledger.change('prod', '2')
    await ledger.hub.delivery.drain()
    assert reader.short()[4:] == ['desired prod 2', 'rollout prod 2']
    assert 'could not be sent' in caplog.text


@pytest.mark.parametrize('patience', [0, 1])
def test_a_reader_that_is_slow_from_the_start(patience: int):
    @run
    async def test(ledger):
        reader = Reader()
        reader.stopped = True
        subscriber = Subscriber(reader)
        ledger.hub.subscribe(subscriber, Subscribe(('*',), {}))
        for _ in range(patience):
            await asyncio.sleep(0.01)
            ledger.change('prod', '2')
        reader.stopped = False
        await until(lambda: 'synced' in reader.short())
        state = {each['cluster']: each['revision'] for each in reader.got if 'revision' in each}
        assert state == {cluster.name: cluster.revision.id for cluster in ledger.clusters}

    test()


@run
async def test_a_service_that_leaves_without_a_rollout_is_published_as_gone(ledger):
    reader, _ = await subscribed(ledger, 'prod')
    cluster = ledger.clusters.of('prod')
    change = Change(Origin('kim', 'test'), AT, {'verb': 'replace'}, None)
    emptied = Revision('prod', '"2"', '2', serialise({'services': []}), AT, encode('w', [change]))
    assert cluster.stored(cluster.revision, emptied)
    await ledger.hub.delivery.drain()
    assert [(row['name'], row.get('gone')) for row in reader.got[-1]['services']] == [('web', True)]


@run
async def test_a_service_that_leaves_and_goes_on_running_is_published_as_unmanaged(ledger):
    """A client drops a service that a `desired` takes out: it has to be sent the row of what still runs."""
    reader, _ = await subscribed(ledger, 'prod')
    cluster = ledger.clusters.of('prod')
    cluster.looked(Observation(AT, {'web': web(1)}))
    change = Change(Origin('kim', 'test'), AT, {'verb': 'replace'}, None)
    emptied = Revision('prod', '"2"', '2', serialise({'services': []}), AT, encode('w', [change]))
    assert cluster.stored(cluster.revision, emptied)
    await ledger.hub.delivery.drain()
    assert [(row['name'], row['managed']) for row in reader.got[-1]['services']] == [('web', False)]
