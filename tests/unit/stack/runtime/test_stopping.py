"""Stop signals, and work that goes on until one arrives."""

import asyncio
import os
import signal

import pytest

from stack.runtime.stopping import run_until, stop_signal


async def idle() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_wait(number: signal.Signals):
    async def scenario() -> None:
        stop = stop_signal()
        working = asyncio.create_task(idle())
        waiting = asyncio.create_task(run_until(stop, working, idle))
        await asyncio.sleep(0)
        os.kill(os.getpid(), number)
        await asyncio.wait_for(waiting, 30)
        assert not working.done()
        working.cancel()

    asyncio.run(scenario())


def test_the_wait_ends_with_the_work():
    async def scenario() -> None:
        beats = []

        async def beat() -> None:
            beats.append(True)
            await idle()

        working = asyncio.create_task(asyncio.sleep(0))
        await asyncio.wait_for(run_until(asyncio.Event(), working, beat), 30)
        assert working.done()

    asyncio.run(scenario())
