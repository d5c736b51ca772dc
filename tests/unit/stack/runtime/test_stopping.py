"""Stop signals, and work that goes on until one arrives."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from stack.runtime.stopping import run_until, stop_signal
from tests.process import ROOT


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


# A thread of the event loop that works without end, as one does that resolves a name.
BUSY = """
import asyncio, sys, threading
from stack.runtime.stopping import end_process, run_to_end

# The event loop itself keeps no task from the garbage collector.
tasks = []

async def program():
    begun = threading.Event()
    def work():
        begun.set()
        threading.Event().wait()
    tasks.append(asyncio.ensure_future(asyncio.to_thread(work)))
    async def idle():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.to_thread(str)
            print('tidied')
    tasks.append(asyncio.ensure_future(idle()))
    while not begun.is_set():
        await asyncio.sleep(0)
    print('returns')
    return 3

end_process(run_to_end(program()))
"""


def test_a_process_ends_while_a_thread_is_busy_and_its_output_is_complete():
    ended = subprocess.run(
        [sys.executable, '-c', BUSY], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, 'returns\ntidied\n', '')
