"""What the scheduler works on first, with passes that a test holds."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from stack.configuration.accounts import AccountTable, FindPlace, Place, found_in_one_place
from stack.errors import NotFound, Unavailable
from stack.runtime.observers import Observers
from stack.scheduler.passes import Ask, Ended
from stack.scheduler.scheduler import CLUSTERS_AT_ONCE, IDLE_AT_ONCE, LEFT_HIDDEN_S, MOST_MESSAGES, RENEW_S, Scheduler
from stack.scheduler.scheduler_metrics import SchedulerMetrics
from stack.state.places import Places
from stack.state.revisions import Revision


@dataclass
class Message:
    body: str
    id: str = 'm'
    handle: str = 'h'
    group: str | None = None


class Queue:
    """A queue whose messages a test puts in; `present` are those that a look finds without waiting."""

    def __init__(self) -> None:
        self.present: list[Message] = []
        self._batches: asyncio.Queue[list[Message]] = asyncio.Queue()
        self._asked: asyncio.Queue[None] = asyncio.Queue()
        self.deleted: asyncio.Queue[str] = asyncio.Queue()
        self.hidden: asyncio.Queue[tuple[str, int]] = asyncio.Queue()

    async def put(self, *messages: Message) -> None:
        """Returns once they are received, and the scheduler asks for more."""
        await self._asked.get()
        self._batches.put_nowait(list(messages))
        await self._asked.get()
        self._asked.put_nowait(None)

    def end(self) -> None:
        self._batches.put_nowait([])

    async def receive(self, wait: int, hidden: int) -> list[Message]:
        if wait == 0:
            return self.present
        self._asked.put_nowait(None)
        return await self._batches.get()

    async def delete(self, messages: list[Message]) -> None:
        for message in messages:
            self.deleted.put_nowait(message.handle)

    async def hide(self, messages: list[Message], seconds: int) -> None:
        for message in messages:
            self.hidden.put_nowait((message.handle, seconds))


class HeldPasses:
    """Passes that end when a test lets them, those on the clusters in `busy` at once."""

    def __init__(self) -> None:
        self.begun: asyncio.Queue[Ask] = asyncio.Queue()
        self.go = asyncio.Event()
        self.busy: set[str] = set()

    async def make(self, ask: Ask, on_plan: Any, goes_on: Any) -> Ended:
        self.begun.put_nowait(ask)
        if ask.cluster in self.busy:
            return Ended('busy')
        await self.go.wait()
        return Ended('complete')


class Reports:
    def ends(self, *_: Any) -> None:
        pass

    async def finished(self) -> None:
        pass


def deploy(cluster: str, handle: str = 'h') -> Message:
    body = {'event_type': 'cluster-deploy', 'callback_url': None, 'cluster': cluster, 'payload': {}}
    return Message(json.dumps(body), handle=handle)


class Scene:
    def __init__(
        self, clusters: int, place_of: FindPlace = found_in_one_place, queue: Queue | None = None, **options: Any
    ):
        async def names() -> list[str]:
            return [f'c{number:02}' for number in range(clusters)]

        self.queue, self.passes = queue or Queue(), HeldPasses()
        metrics = SchedulerMetrics(CollectorRegistry())
        self.scheduler = Scheduler(self.queue, self.passes, Reports(), metrics, names, place_of=place_of, **options)

    async def __aenter__(self) -> 'Scene':
        self._running = asyncio.create_task(self.scheduler.run())
        return self

    async def __aexit__(self, *_: Any) -> None:
        self.passes.go.set()
        self.scheduler.stop()
        self.queue.end()
        await self._running


async def by_prefix(cluster: str) -> Place:
    return Place(cluster.partition('-')[0])


async def next_of(queue: asyncio.Queue[Any], count: int) -> list[Any]:
    async with asyncio.timeout(30):
        return [await queue.get() for _ in range(count)]


def test_a_deployment_does_not_wait_behind_looks_at_other_clusters():
    async def scenario() -> None:
        async with Scene(clusters=20) as scene:
            looks = await next_of(scene.passes.begun, IDLE_AT_ONCE)
            assert [(ask.cluster, ask.hinted) for ask in looks] == [('c00', False), ('c01', False)]
            await scene.queue.put(deploy('c19'))
            (ask,) = await next_of(scene.passes.begun, 1)
            assert (ask.cluster, ask.hinted) == ('c19', True)

    asyncio.run(scenario())


def test_a_message_that_is_there_at_the_start_comes_before_the_look_at_its_cluster():
    async def scenario() -> None:
        scene = Scene(clusters=2)
        scene.queue.present = [deploy('c00')]
        async with scene:
            asks = await next_of(scene.passes.begun, 2)
        assert [(ask.cluster, ask.hinted) for ask in asks] == [('c00', True), ('c01', False)]

    asyncio.run(scenario())


def test_looks_at_a_large_fleet_are_spread_over_the_interval():
    """The time of the scheduler's clock goes on when it sleeps."""

    async def scenario() -> None:
        pauses: list[float] = []
        passed = asyncio.Event()

        async def sleep(seconds: float) -> None:
            # Messages are kept hidden all the time; that loop is held.
            if seconds == RENEW_S:
                await asyncio.Event().wait()
            pauses.append(seconds)
            if sum(pauses) > 599:
                passed.set()
                await asyncio.Event().wait()

        scene = Scene(clusters=1000, sleep=sleep, chance=lambda: 0.5)
        scene.passes.go.set()
        async with scene:
            async with asyncio.timeout(60):
                await passed.wait()
                looks = {(await scene.passes.begun.get()).cluster for _ in range(1000)}
        assert len(looks) == 1000
        assert sum(pauses) == pytest.approx(600)
        assert max(pauses[:-1]) < 10

    asyncio.run(scenario())


def test_an_account_that_hangs_takes_no_room_of_another():
    async def scenario() -> None:
        async with Scene(clusters=0, place_of=by_prefix) as scene:
            # These passes do not end: twice as many as have room.
            await scene.queue.put(*(deploy(f'hangs-{number}') for number in range(2 * CLUSTERS_AT_ONCE)))
            await next_of(scene.passes.begun, CLUSTERS_AT_ONCE)
            await scene.queue.put(deploy('works-1'))
            (ask,) = await next_of(scene.passes.begun, 1)
            assert ask.cluster == 'works-1'

    asyncio.run(scenario())


def test_an_account_with_too_many_messages_leaves_room_for_those_of_another():
    async def scenario() -> None:
        async with Scene(clusters=0, place_of=by_prefix) as scene:
            await scene.queue.put(*(deploy(f'hangs-{number % 50}', f'{number}') for number in range(MOST_MESSAGES)))
            await next_of(scene.passes.begun, CLUSTERS_AT_ONCE)
            await scene.queue.put(deploy('works-1'), deploy('hangs-1', 'one too many'))
            (ask,) = await next_of(scene.passes.begun, 1)
            assert ask.cluster == 'works-1'
            assert await next_of(scene.queue.hidden, 1) == [('one too many', LEFT_HIDDEN_S)]

    asyncio.run(scenario())


def test_a_stop_returns_the_messages_of_others_while_a_pass_hangs():
    async def scenario() -> None:
        async with Scene(clusters=0, place_of=by_prefix) as scene:
            scene.passes.busy.add('works-1')
            await scene.queue.put(deploy('hangs-1', 'of the pass that hangs'), deploy('works-1', 'waits'))
            await next_of(scene.passes.begun, 2)
            scene.scheduler.stop()
            assert await next_of(scene.queue.hidden, 1) == [('waits', 0)]

    asyncio.run(scenario())


class SilentQueue(Queue):
    """A queue that answers no call which hides messages; `asked` is set by the first one."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def hide(self, messages: list[Message], seconds: int) -> None:
        self.asked.set()
        raise Unavailable('SQS did not answer.', 'sqs:ChangeMessageVisibilityBatch', 'ConnectTimeoutError')


def test_a_stop_finishes_the_passes_under_way_while_sqs_returns_no_messages():
    async def scenario() -> None:
        queue = SilentQueue()
        async with Scene(clusters=0, place_of=by_prefix, queue=queue) as scene:
            scene.passes.busy.add('works-1')
            await queue.put(deploy('slow-1', 'of the pass under way'), deploy('works-1', 'waits'))
            await next_of(scene.passes.begun, 2)
            scene.scheduler.stop()
            await queue.asked.wait()
            scene.passes.go.set()
            assert await next_of(queue.deleted, 1) == ['of the pass under way']

    asyncio.run(scenario())


class Unread:
    """Desired states of another region, none of which is read at first."""

    def __init__(self) -> None:
        self.seen: Observers[[Revision]] = Observers()
        self._read: dict[str, Revision] = {}

    def known(self, cluster: str) -> Revision | None:
        return self._read.get(cluster)

    async def read(self, cluster: str) -> Revision:
        if cluster.startswith('works'):
            raise NotFound(cluster)
        body = json.dumps({'region': 'eu-west-1', 'services': []}).encode()
        return self._read.setdefault(cluster, Revision(cluster, '"e"', None, body, datetime.now(UTC)))


def test_a_region_that_hangs_takes_no_room_of_another_before_its_clusters_are_read():
    async def scenario() -> None:
        places = Places(AccountTable(home_region='us-east-1'), Unread())
        async with Scene(clusters=0, place_of=places.found) as scene:
            await scene.queue.put(*(deploy(f'hangs-{number}') for number in range(2 * CLUSTERS_AT_ONCE)))
            await next_of(scene.passes.begun, CLUSTERS_AT_ONCE)
            await scene.queue.put(deploy('works-1'))
            (ask,) = await next_of(scene.passes.begun, 1)
            assert ask.cluster == 'works-1'

    asyncio.run(scenario())


def test_what_comes_for_a_cluster_while_it_waits_for_a_slot_is_part_of_its_pass():
    async def scenario() -> None:
        async with Scene(clusters=0) as scene:
            await scene.queue.put(*(deploy(f'busy-{number}') for number in range(CLUSTERS_AT_ONCE)))
            await next_of(scene.passes.begun, CLUSTERS_AT_ONCE)
            await scene.queue.put(deploy('late', '1'))
            await scene.queue.put(deploy('late', '2'))
            scene.passes.go.set()
            assert set(await next_of(scene.queue.deleted, CLUSTERS_AT_ONCE + 2)) == {'h', '1', '2'}
            (ask,) = await next_of(scene.passes.begun, 1)
            assert ask.cluster == 'late'
            assert scene.passes.begun.empty()

    asyncio.run(scenario())
