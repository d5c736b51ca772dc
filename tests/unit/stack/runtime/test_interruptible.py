import asyncio

import pytest

from stack.runtime.interruptible import Interrupted, InterruptibleSleep


def test_it_sleeps_for_the_given_time():
    async def scenario() -> None:
        await InterruptibleSleep(asyncio.Event())(0.01)

    asyncio.run(scenario())


@pytest.mark.parametrize('before', [True, False])
def test_every_wait_ends_at_once_when_the_process_is_to_end(before: bool):
    async def scenario() -> None:
        stop = asyncio.Event()
        if before:
            stop.set()
        asyncio.get_running_loop().call_soon(stop.set)
        with pytest.raises(Interrupted):
            await InterruptibleSleep(stop)(3600)

    asyncio.run(scenario())
