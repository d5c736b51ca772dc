"""ECS events from a queue: they are quicker than polling, and harmless in any order."""

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
from tests.places import anywhere
from tests.rolling import BREAKER, Rolling, eventually, state_of, web


class OnDemand(Rolling):
    """A cluster whose observer looks on a hint only, never by its own schedule during the test."""

    async def open(self) -> None:
        self.client = await LiveClient.connect(await self.serve())
        self.events = EcsEvents(Queue(self.connection, ECS_EVENTS_QUEUE), self.watcher.hint, anywhere)

    async def close(self) -> None:
        await self.client.close()
        await super().close()

    async def pass_(self, seconds: float) -> None:
        """Time passes at AWS alone: what the observer's own clock would make due, never is."""
        self.aws.advance(seconds)

    async def listen(self) -> None:
        """Receive all messages of the queue, and look at their clusters."""
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


def play(aws: Aws, scenario: Callable[[OnDemand], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        rolling = OnDemand(aws)
        await rolling.open()
        try:
            await scenario(rolling)
        finally:
            await rolling.close()

    asyncio.run(whole())


async def begun(rolling: OnDemand, tag: str, **settings: Any) -> None:
    """The service runs, a subscriber listens, and another image is rolled out."""
    good = state_of(web(**settings))
    await rolling.change(good)
    await rolling.live.state(rolling.name)
    rolling.act(good)
    await rolling.settled()
    await rolling.listen()
    await rolling.client.subscribe(rolling.name)
    await rolling.change(state_of(web(tag, **settings)))
    rolling.act(state_of(web(tag, **settings)))


async def ends(rolling: OnDemand, most: int = 200) -> str:
    """How it ends, as the subscriber hears of it, though no time passes at which anybody would look."""
    clock = rolling.clock
    for _ in range(most):
        await rolling.pass_(5)
        await rolling.listen()
        if not any(each.open for each in rolling.state.rollouts.values()):
            break
    assert rolling.clock == clock
    message = await rolling.client.until(lambda each: each['type'] == 'rollout' and each['verdict'] is not None)
    return message['verdict']['ending']


@pytest.mark.parametrize('fault', [None, 'shuffle', 'duplicate'])
def test_a_subscriber_hears_of_what_moves_without_anybody_looking_by_the_clock(aws: Aws, queue: str, fault: str | None):
    async def scenario(rolling: OnDemand) -> None:
        if fault:
            rolling.aws.faults.add(Fault(fault, service='sqs'))
        await begun(rolling, '2')
        assert await ends(rolling) == 'succeeded'

    play(aws, scenario)


def test_a_rollback_in_any_order_is_a_rollback(aws: Aws, queue: str):
    async def scenario(rolling: OnDemand) -> None:
        for kind in ('shuffle', 'duplicate'):
            rolling.aws.faults.add(Fault(kind, service='sqs'))
        await begun(rolling, '2-broken', **BREAKER)
        assert await ends(rolling) == 'rolled-back'
        assert rolling.state.ecs.stopped['web'], 'the stopped tasks of the events are kept'

    play(aws, scenario)


def test_a_server_takes_them_by_itself(aws: Aws, queue: str):
    """The loop of a server, with its long poll: what happens in ECS wakes it."""

    async def scenario(rolling: OnDemand) -> None:
        hinted: list[str] = []
        loop = asyncio.create_task(
            EcsEvents(Queue(rolling.connection, ECS_EVENTS_QUEUE), lambda *hint: hinted.append(hint[1]), anywhere).run()
        )
        rolling.act(state_of(web()))
        await eventually(lambda: 'web' in hinted)
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)

    play(aws, scenario)
