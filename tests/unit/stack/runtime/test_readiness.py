"""Whether everything is there that the server needs."""

import asyncio

from stack.errors import Unavailable
from stack.runtime.readiness import Readiness


class HeldBucket:
    name = 'states'

    def __init__(self) -> None:
        self.asked = 0
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def keeps_versions(self) -> bool:
        self.asked += 1
        self.reached.set()
        await self.go.wait()
        return True


class BrokenQueue:
    name = 'changes'

    async def check(self) -> None:
        raise Unavailable('SQS does not answer', 'sqs:GetQueueAttributes', 'down')


def test_probes_share_the_calls_and_each_check_has_its_own_outcome():
    async def scenario() -> None:
        bucket = HeldBucket()
        readiness = Readiness(bucket, BrokenQueue())
        probes = [asyncio.create_task(readiness.findings()) for _ in range(50)]
        await bucket.reached.wait()
        probes += [asyncio.create_task(readiness.findings()) for _ in range(50)]
        bucket.go.set()
        for found in await asyncio.gather(*probes):
            assert [(each.what, each.ok) for each in found] == [('bucket states', True), ('queue changes', False)]
        assert bucket.asked == 2

    asyncio.run(scenario())
