"""ECS's own events, by way of a queue: they are faster than looking again and again, and do no harm in any order."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from stack.aws.sqs import Queue
from stack.sandbox.event_bus import ECS_EVENTS_QUEUE
from stack.sandbox.faults import Fault
from stack.watch.ecs_events import EcsEvents
from tests.aws import Aws
from tests.live_client import LiveClient
from tests.rolling import BREAKER, Rolling, eventually, state_of, web


class Told(Rolling):
    """A cluster whose observer looks when it is told to, and for as long as the test lasts never by itself."""

    async def open(self) -> None:
        self.client = await LiveClient.connect(await self.serve())
        self.events = EcsEvents(Queue(self.connection, ECS_EVENTS_QUEUE), self.watcher.hint)

    async def close(self) -> None:
        await self.client.close()
        await super().close()

    async def pass_(self, seconds: float) -> None:
        """Time passes at AWS alone: what the observer's own clock would make due, never is."""
        self.aws.advance(seconds)

    async def listen(self) -> None:
        """Take all that is in the queue, and look where it says."""
        while self.queued():
            await self.events.take()
        while self.watcher.start_one():
            await self.watcher.settle()
        await self.watcher.settle()

    def queued(self) -> int:
        sqs = self.aws.client('sqs')
        found = sqs.get_queue_attributes(QueueUrl=self.url(), AttributeNames=['ApproximateNumberOfMessages'])
        return int(found['Attributes']['ApproximateNumberOfMessages'])

    def url(self) -> str:
        return self.aws.client('sqs').get_queue_url(QueueName=ECS_EVENTS_QUEUE)['QueueUrl']


@pytest.fixture
def queue(aws: Aws) -> Iterator[str]:
    url = aws.client('sqs').create_queue(QueueName=ECS_EVENTS_QUEUE)['QueueUrl']
    yield url
    aws.client('sqs').delete_queue(QueueUrl=url)


def play(aws: Aws, story: Callable[[Told], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        told = Told(aws)
        await told.open()
        try:
            await story(told)
        finally:
            await told.close()

    asyncio.run(whole())


async def begun(told: Told, tag: str, **settings: Any) -> None:
    """The service runs, a subscriber listens, and another image is rolled out."""
    good = state_of(web(**settings))
    await told.change(good)
    await told.live.state(told.name)
    told.act(good)
    await told.settled()
    await told.listen()
    await told.client.subscribe(told.name)
    await told.change(state_of(web(tag, **settings)))
    told.act(state_of(web(tag, **settings)))


async def ends(told: Told, most: int = 200) -> str:
    """How it ends, as the subscriber hears of it, though no time passes at which anybody would look."""
    clock = told.clock
    for _ in range(most):
        await told.pass_(5)
        await told.listen()
        if not any(each.open for each in told.state.rollouts.values()):
            break
    assert told.clock == clock
    message = await told.client.until(lambda each: each['type'] == 'rollout' and each['verdict'] is not None)
    return message['verdict']['ending']


@pytest.mark.parametrize('fault', [None, 'shuffle', 'duplicate'])
def test_a_subscriber_hears_of_what_moves_without_anybody_looking_by_the_clock(aws: Aws, queue: str, fault: str | None):
    async def story(told: Told) -> None:
        if fault:
            told.aws.faults.add(Fault(fault, service='sqs'))
        await begun(told, '2')
        assert await ends(told) == 'succeeded'

    play(aws, story)


def test_a_rollback_in_any_order_is_a_rollback(aws: Aws, queue: str):
    async def story(told: Told) -> None:
        for kind in ('shuffle', 'duplicate'):
            told.aws.faults.add(Fault(kind, service='sqs'))
        await begun(told, '2-broken', **BREAKER)
        assert await ends(told) == 'rolled-back'
        assert told.state.ecs.stopped['web'], 'what ECS told of the tasks that stopped is kept'

    play(aws, story)


def test_a_server_takes_them_by_itself(aws: Aws, queue: str):
    """The loop of a server, with its long poll: what happens in ECS wakes it."""

    async def story(told: Told) -> None:
        hinted: list[str] = []
        loop = asyncio.create_task(
            EcsEvents(Queue(told.connection, ECS_EVENTS_QUEUE), lambda *told: hinted.append(told[1])).run()
        )
        told.act(state_of(web()))
        await eventually(lambda: 'web' in hinted)
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)

    play(aws, story)
