"""One observer, however many subscribers: AWS is called as often for five hundred as for one."""

import asyncio

from stack.live.client_messages import Subscribe
from stack.live.subscriber import Subscriber
from tests.aws import Aws
from tests.rolling import Rolling, state_of

SERVICES = [{f's{number}': {'image': 'team/app:1', 'memory': 8, 'ports': ['0:80']}} for number in range(25)]


class Everything:
    """An outlet that takes everything."""

    def ready(self) -> bool:
        return True

    def offer(self, frame: bytes) -> bool:
        return True


def test_calls_do_not_depend_on_the_number_of_subscribers(aws: Aws):
    async def whole() -> None:
        rolling = Rolling(aws)
        rolling.asked_for = False
        document = state_of(*SERVICES)
        await rolling.change(document)
        rolling.act(document)
        counted: dict[int, int] = {}
        for subscribers in (0, 1, 500):
            await rolling.live.loader.load(rolling.name)
            while len(rolling.live.hub) < subscribers:
                subscriber = Subscriber(Everything())
                rolling.live.hub.subscribe(subscriber, Subscribe(('*',), {}))
                await subscriber.bringing_up
            if subscribers:
                await rolling.go(60)  # what is new is looked at first
            rolling.calls.clear()
            await rolling.go(120)
            counted[subscribers] = sum(each.startswith('ecs:') for each in rolling.calls)
        assert counted[1] == counted[500] > 0
        await rolling.close()

    asyncio.run(whole())


def test_nobody_listens_and_nothing_rolls_out(aws: Aws):
    async def whole() -> None:
        rolling = Rolling(aws)
        rolling.asked_for = False
        document = state_of(*SERVICES[:3])
        await rolling.change(document)
        rolling.act(document)
        await rolling.live.loader.load(rolling.name)
        state = await rolling.until(lambda state: not state.moving())
        assert {each.verdict.ending for each in state.rollouts.values()} == {'succeeded'}
        rolling.calls.clear()
        await rolling.go(300, step=20)
        assert [each for each in rolling.calls if each.startswith('ecs:')] == []
        await rolling.close()

    asyncio.run(whole())
