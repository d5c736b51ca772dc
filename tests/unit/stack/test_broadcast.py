"""The hub: order, resuming, and readers that are slow."""

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from stack.broadcast import WRITES_A_TURN, Hub
from stack.errors import Unavailable
from stack.events import Event, Subscribe
from stack.masking import MASK
from stack.subscriber import MOST_EVENTS, Subscriber

AT = datetime(2026, 3, 1, tzinfo=UTC)


class Reader:
    """An outlet whose reader takes everything, until it stops."""

    def __init__(self) -> None:
        self.got: list[dict] = []
        self.stopped = False
        self.frames: list[bytes] = []
        self.looks = 0

    def ready(self) -> bool:
        self.looks += 1
        return not self.stopped

    def offer(self, frame: bytes) -> bool:
        if self.stopped:
            return False
        self.frames.append(frame)
        self.got.append(json.loads(frame))
        return True

    def short(self) -> list[str]:
        """What came, as `type cluster revision`."""
        words = ([each['type'], each.get('cluster'), each.get('revision')] for each in self.got)
        return [' '.join(filter(None, each)) for each in words]


class Ledger:
    """A source in memory: each cluster's revisions, and one service's percent."""

    def __init__(self, **histories: list[str]):
        self.histories = histories
        self.percent: dict[str, int] = {}
        self.described = 0
        self.ready_gate = asyncio.Event()
        self.ready_gate.set()
        self.hub = Hub(self)

    async def names(self, anew: bool = False) -> list[str]:
        return sorted(self.histories)

    async def ready(self, cluster: str) -> None:
        await self.ready_gate.wait()

    def revision(self, cluster: str) -> str | None:
        return self.histories[cluster][-1] if cluster in self.histories else None

    async def since(self, cluster: str, known: str) -> tuple[list[Event], str] | None:
        await self.ready_gate.wait()
        history = self.histories[cluster]
        if known not in history:
            return None
        return [desired(cluster, each) for each in history[history.index(known) + 1 :]], history[-1]

    def snapshot(self, cluster: str, covers_since: str | None = None) -> Event:
        self.described += 1
        if cluster not in self.histories:
            return Event('deleted', cluster, {}, at=AT)
        return Event('cluster', cluster, {'revision': self.revision(cluster), 'covers_since': covers_since}, at=AT)

    def movement(self, cluster: str, services: Iterable[str] | None) -> Event | None:
        if cluster not in self.percent:
            return None
        content = {'revision': self.revision(cluster), 'percent': self.percent[cluster]}
        return Event('rollout', cluster, content, at=AT, services=services or ())

    def synced(self, clusters: Iterable[str]) -> Event:
        return Event('synced', None, {'revisions': {each: self.revision(each) for each in clusters}}, at=AT)

    def change(self, cluster: str, revision: str) -> None:
        self.histories.setdefault(cluster, []).append(revision)
        self.hub.publish(desired(cluster, revision))

    def move(self, cluster: str, percent: int, services: Iterable[str] = ('web',)) -> None:
        self.percent[cluster] = percent
        self.hub.publish(self.movement(cluster, services))


def desired(cluster: str, revision: str, size: int = 10) -> Event:
    return Event('desired', cluster, {'revision': revision, 'padding': 'x' * size}, at=AT)


async def subscribed(ledger: Ledger, *clusters: str, known: dict | None = None, **options) -> tuple[Reader, Subscriber]:
    reader = Reader()
    subscriber = Subscriber(reader, **options)
    ledger.hub.subscribe(subscriber, Subscribe(clusters, known or {}))
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

    def wrapped():
        async def whole():
            ledger = Ledger(prod=['1'], staging=['1'], test=['1'])
            await test(ledger)
            await ledger.hub.close()

        asyncio.run(whole())

    wrapped.__name__ = test.__name__
    return wrapped


@run
async def test_a_new_subscriber_gets_each_cluster_it_asks_for(ledger):
    reader, _ = await subscribed(ledger, 'prod', 'st*')
    assert reader.short() == ['cluster prod 1', 'cluster staging 1', 'synced']
    assert reader.got[-1]['revisions'] == {'prod': '1', 'staging': '1'}


@run
async def test_events_come_in_order_and_only_those_asked_for(ledger):
    reader, _ = await subscribed(ledger, 'prod')
    ledger.change('prod', '2')
    ledger.change('test', '2')
    ledger.move('prod', 50)
    ledger.change('prod', '3')
    await ledger.hub.drain()
    assert reader.short()[2:] == ['desired prod 2', 'rollout prod 2', 'desired prod 3']


@run
async def test_what_is_known_is_not_sent_again(ledger):
    ledger.percent['prod'] = 40
    reader, _ = await subscribed(ledger, 'prod', 'staging', known={'prod': '1', 'staging': '1'})
    assert reader.short() == ['rollout prod 1', 'synced']


@run
async def test_every_revision_since_the_known_one(ledger):
    ledger.histories['prod'] = ['1', '2', '3', '4']
    ledger.percent['prod'] = 40
    reader, _ = await subscribed(ledger, 'prod', known={'prod': '2'})
    assert reader.short() == ['desired prod 3', 'desired prod 4', 'rollout prod 4', 'synced']


@run
async def test_a_revision_that_nobody_knows_is_covered_by_the_state(ledger):
    reader, _ = await subscribed(ledger, 'prod', known={'prod': 'nonsense'})
    assert reader.short() == ['cluster prod 1', 'synced']
    assert reader.got[0]['covers_since'] == 'nonsense'


@run
async def test_a_known_cluster_that_is_gone(ledger):
    reader, _ = await subscribed(ledger, '*', known={'old': '7', 'prod': '1', 'staging': '1', 'test': '1'})
    assert reader.short() == ['deleted old', 'synced']


@run
async def test_nothing_is_lost_or_repeated_between_the_state_and_the_stream(ledger):
    """Changes while the subscriber is brought up: each is in what it is sent first, or comes after it, once."""
    ledger.ready_gate.clear()
    reader, _ = await subscribed(ledger, 'prod')
    resumed, _ = await subscribed(ledger, 'prod', known={'prod': '1'})
    await asyncio.sleep(0)
    ledger.change('prod', '2')
    ledger.move('prod', 10)
    await ledger.hub.drain()
    ledger.ready_gate.set()
    await until(lambda: 'synced' in reader.short() and 'synced' in resumed.short())
    ledger.change('prod', '3')
    await until(lambda: 'desired prod 3' in reader.short() and 'desired prod 3' in resumed.short())
    assert reader.short() == ['cluster prod 2', 'synced', 'desired prod 3']
    assert resumed.short() == ['desired prod 2', 'rollout prod 2', 'synced', 'desired prod 3']


@run
async def test_changes_while_the_history_is_read(ledger):
    """The way from the known revision is read in steps; what comes meanwhile is a further step, not a repetition."""
    ledger.histories['prod'] = ['1', '2']
    original = ledger.since

    async def since(cluster, known):
        found = await original(cluster, known)
        if known == '1':
            ledger.change('prod', '3')
            ledger.move('prod', 30)
        return found

    ledger.since = since
    reader, _ = await subscribed(ledger, 'prod', known={'prod': '1'})
    await ledger.hub.drain()
    ledger.change('prod', '4')
    await until(lambda: 'desired prod 4' in reader.short())
    assert reader.short() == ['desired prod 2', 'desired prod 3', 'rollout prod 3', 'synced', 'desired prod 4']


@run
async def test_a_cluster_that_appears_while_its_history_is_read(ledger):
    """A replica that has just started learns of the cluster itself then: what it says of that is old news."""
    original = ledger.since

    async def since(cluster, known):
        if known == '1':
            ledger.histories['prod'] = ['1', '2']
            ledger.hub.publish(Event('cluster', 'prod', {'revision': '2'}, at=AT))
            ledger.change('prod', '3')
        return await original(cluster, known)

    ledger.since = since
    ledger.histories['prod'] = ['1', '2']
    reader, _ = await subscribed(ledger, 'prod', known={'prod': '1'})
    await ledger.hub.drain()
    ledger.change('prod', '4')
    await until(lambda: 'desired prod 4' in reader.short())
    assert reader.short() == ['desired prod 2', 'desired prod 3', 'synced', 'desired prod 4']


@run
async def test_a_new_subscription_replaces_the_former(ledger):
    reader, subscriber = await subscribed(ledger, 'prod')
    ledger.hub.subscribe(subscriber, Subscribe(('staging',), {}))
    await until(lambda: reader.short().count('synced') == 2)
    ledger.change('prod', '2')
    ledger.change('staging', '2')
    await ledger.hub.drain()
    assert reader.short()[2:] == ['cluster staging 1', 'synced', 'desired staging 2']


@run
async def test_a_slow_reader_gets_what_it_missed_in_order(ledger):
    slow, _ = await subscribed(ledger, 'prod')
    quick, _ = await subscribed(ledger, 'prod')
    slow.stopped = True
    for number in range(2, 12):
        ledger.change('prod', str(number))
    await ledger.hub.drain()
    assert len(quick.got) == 2 + 10
    slow.stopped = False
    await until(lambda: 'desired prod 11' in slow.short())
    assert slow.short()[2:] == [f'desired prod {number}' for number in range(2, 12)]


@run
async def test_a_very_slow_reader_gets_the_newest_state_and_is_told_what_it_missed(ledger):
    slow, subscriber = await subscribed(ledger, 'prod', 'staging')
    slow.stopped = True
    for number in range(2, 302):
        ledger.change('prod', str(number))
        ledger.move('prod', number % 100)
    ledger.change('staging', '2')
    await ledger.hub.drain()
    assert sum(len(each.events) for each in subscriber.behind.values()) <= MOST_EVENTS + 1
    slow.stopped = False
    await until(lambda: 'desired staging 2' in slow.short())
    assert slow.short()[3:] == ['cluster prod 301', 'desired staging 2']
    assert slow.got[3]['merged'] == 300 + 299


@run
async def test_nothing_is_described_for_readers_that_would_not_take_it(ledger):
    readers = [(await subscribed(ledger, 'prod'))[0] for _ in range(3)]
    for reader in readers:
        reader.stopped = True
    for number in range(2, MOST_EVENTS + 10):
        ledger.change('prod', str(number))
    await ledger.hub.drain()
    before, looks = ledger.described, readers[0].looks
    await until(lambda: readers[0].looks > looks + 2)
    assert ledger.described == before
    for reader in readers:
        reader.stopped = False
    await until(lambda: all(reader.short()[-1].startswith('cluster prod') for reader in readers))
    assert ledger.described == before + 1, 'once for all of them'


@run
async def test_the_state_is_described_anew_after_each_change(ledger):
    first, _ = await subscribed(ledger, 'prod')
    second, _ = await subscribed(ledger, 'prod')
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
    for percent in (20, 30, 40):
        ledger.move('prod', percent)
    await ledger.hub.drain()
    slow.stopped = False
    await until(lambda: len(slow.got) == 4)
    assert slow.short()[2:] == ['desired prod 2', 'rollout prod 2'], 'a rollout never overtakes what caused it'
    assert (slow.got[-1]['percent'], slow.got[-1]['merged']) == (40, 3)


@run
async def test_what_moved_without_its_services_reaches_readers_that_are_behind(ledger):
    reader, _ = await subscribed(ledger, 'staging')
    reader.stopped = True
    ledger.move('staging', 1, ())
    await ledger.hub.drain()
    ledger.move('staging', 2, ())
    await ledger.hub.drain()
    reader.stopped = False
    await until(lambda: reader.short()[-1] == 'rollout staging 1')
    assert (reader.got[-1]['percent'], reader.got[-1]['merged']) == (2, 1)


@run
async def test_what_a_stopped_reader_costs_is_bounded_over_all_clusters(ledger):
    slow, subscriber = await subscribed(ledger, '*')
    slow.stopped = True
    for number in range(50):
        for cluster in ('prod', 'staging', 'test'):
            ledger.hub.publish(desired(cluster, str(number), size=2000))
    await ledger.hub.drain()
    assert sum(each.bytes for each in subscriber.behind.values()) <= 64 * 1024
    assert any(each.snapshot for each in subscriber.behind.values())


@run
async def test_a_cluster_deleted_while_the_reader_slept(ledger):
    slow, _ = await subscribed(ledger, 'prod')
    slow.stopped = True
    for number in range(2, 202):
        ledger.change('prod', str(number))
    del ledger.histories['prod']
    await ledger.hub.drain()
    slow.stopped = False
    await until(lambda: len(slow.got) == 3)
    assert slow.short()[2:] == ['deleted prod']


@run
async def test_a_paced_reader_gets_batches(ledger):
    paced, _ = await subscribed(ledger, 'prod', paced=True)
    for percent in range(30):
        ledger.move('prod', percent)
        await ledger.hub.drain()
    await until(lambda: len(paced.got) == 4)
    assert [each['percent'] for each in paced.got[2:]] == [0, 29]
    assert paced.got[-1]['merged'] == 28


@run
async def test_frames_are_made_once_for_all(ledger):
    readers = [(await subscribed(ledger, 'prod'))[0] for _ in range(3)]
    ledger.change('prod', '2')
    await ledger.hub.drain()
    assert len({id(each.frames[-1]) for each in readers}) == 1


@run
async def test_values_are_concealed_from_those_who_may_not_read_them(ledger):
    trusted, _ = await subscribed(ledger, 'prod')
    other, _ = await subscribed(ledger, 'prod', values=False)
    ledger.hub.publish(Event('desired', 'prod', {'secret': 's3cret'}, at=AT))
    await ledger.hub.drain()
    assert (trusted.got[-1]['secret'], other.got[-1]['secret']) == ('s3cret', MASK)


@run
async def test_a_cluster_that_may_not_be_seen_is_not(ledger):
    reader, _ = await subscribed(ledger, '*', may_see=lambda cluster: cluster == 'prod')
    ledger.change('staging', '2')
    ledger.change('prod', '2')
    await ledger.hub.drain()
    assert reader.short() == ['cluster prod 1', 'synced', 'desired prod 2']


@run
async def test_many_readers_do_not_hold_up_the_loop(ledger):
    count = 5 * WRITES_A_TURN
    readers = [(await subscribed(ledger, 'prod'))[0] for _ in range(count)]
    turns = []
    ledger.change('prod', '2')
    for _ in range(20):
        await asyncio.sleep(0)
        turns.append(sum('desired prod 2' in each.short() for each in readers))
    assert turns[-1] == count
    assert max(after - before for before, after in zip([0, *turns], turns, strict=False)) <= WRITES_A_TURN


@run
async def test_whoever_leaves_is_forgotten(ledger):
    reader, subscriber = await subscribed(ledger, 'prod')
    assert ledger.hub.listens('prod')
    ledger.hub.leave(subscriber)
    ledger.change('prod', '2')
    await ledger.hub.drain()
    assert (len(reader.got), len(ledger.hub), ledger.hub.listens('prod')) == (2, 0, False)


@run
async def test_a_source_that_fails_is_told_and_tried_again(ledger):
    ledger.hub = Hub(ledger, retry_s=0.01)
    names, failures = ledger.names, [Unavailable('S3 does not answer.', 's3:ListObjectsV2', '503')]

    async def failing() -> list[str]:
        if failures:
            raise failures.pop()
        return await names()

    ledger.names = failing
    reader, _ = await subscribed(ledger, 'prod')
    assert reader.short() == ['error', 'cluster prod 1', 'synced']
    assert reader.got[0]['code'] == 'aws_unavailable'


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
        await until(lambda: reader.short()[-1:] == ['desired prod 2' if patience else 'synced'])
        state = {each['cluster']: each['revision'] for each in reader.got if 'revision' in each}
        assert state == {cluster: ledger.revision(cluster) for cluster in ledger.histories}

    test()
