"""Several processes of one server: real ones, each a few lines of Python."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stack.runtime import supervisor
from stack.runtime.supervisor import Supervisor

ROOT = Path(__file__).parents[4]

# Serves until it is stopped. A process appends what happens to it to the file `shown`; `do` is what the first one does.
PROGRAM = """
import asyncio, os, sys, time
sys.path.insert(0, {root!r})
from stack.runtime.siblings import SupervisedSiblings
from stack.runtime.stopping import stop_signal

def show(*words):
    with open({shown!r}, 'a') as shown:
        print(number, *words, file=shown)

async def pid():
    return os.getpid()

async def main():
    stop = stop_signal()
    siblings = await SupervisedSiblings.connect(number, int(sys.argv[2]))
    siblings.answer('pid', pid)
    siblings.answer('key', lambda: asyncio.sleep(0, siblings.session_key))
    siblings.subscribe('words', lambda words: show('heard', *words))
    siblings.subscribe('hang', lambda _: time.sleep(600))
    running = asyncio.create_task(siblings.run(stop))
    show('pid', os.getpid())
    if number == 1:
        {do}
    await stop.wait()
    show('stops')

number = int(sys.argv[1])
asyncio.run(main())
"""
ENDS = 'import sys; sys.exit({status})'


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """The file in which the processes of a test write what happens to them."""
    return tmp_path / 'shown'


class Running:
    """A supervisor that runs; `output` waits for lines of its processes."""

    def __init__(self, shown: Path, program: str, count: int, stop_within_s: float = 60.0):
        self.stop, self.started = asyncio.Event(), asyncio.Event()
        self.supervisor = Supervisor(
            count,
            lambda number, channel: [sys.executable, '-c', program, str(number), str(channel)],
            pause_s=0.01,
            stop_within_s=stop_within_s,
        )
        self._shown = shown
        self._shown.touch()

    async def run(self) -> int:
        return await self.supervisor.run(self.stop, self.started.set)

    async def output(self, text: str, times: int = 1) -> list[str]:
        """The lines with a text, once there are so many."""
        async with asyncio.timeout(60):
            while True:
                lines = [line for line in self._shown.read_text().splitlines() if text in line]
                if len(lines) >= times:
                    return lines
                await asyncio.sleep(0.01)

    async def healthy(self) -> None:
        async with asyncio.timeout(60):
            while True:
                if self.supervisor.is_healthy():
                    return
                await asyncio.sleep(0.01)

    async def pids(self, times: int) -> dict[int, list[int]]:
        """The process ids of each process, in the order of its starts."""
        found: dict[int, list[int]] = {}
        for line in await self.output(' pid ', times):
            number, _, pid = line.split()
            found.setdefault(int(number), []).append(int(pid))
        return found


@contextlib.asynccontextmanager
async def running(shown: Path, do: str = 'pass', count: int = 2) -> AsyncIterator[Running]:
    made = Running(shown, PROGRAM.format(root=str(ROOT), shown=str(shown), do=do), count)
    task = asyncio.create_task(made.run())
    try:
        async with asyncio.timeout(60):
            await made.started.wait()
        yield made
    finally:
        made.stop.set()
        assert await task == 0


def test_all_are_stopped_and_waited_for(shown: Path):
    async def play() -> None:
        async with running(shown, count=3) as made:
            assert made.supervisor.is_healthy()
            assert set(await made.pids(3)) == {1, 2, 3}
            made.stop.set()
            assert len(await made.output('stops', 3)) == 3

    asyncio.run(play())


def test_one_that_dies_is_started_again(shown: Path, caplog: pytest.LogCaptureFixture):
    async def play() -> None:
        async with running(shown) as made:
            [before] = (await made.pids(2))[2]
            os.kill(before, signal.SIGKILL)
            pids = await made.pids(3)
            assert (len(pids[1]), len(pids[2])) == (1, 2)
            await made.healthy()

    asyncio.run(play())
    assert 'process 2 ended with status -9; it is started again' in caplog.text


def test_messages_reach_the_others(shown: Path):
    do = "siblings.publish('words', ['a word'])"

    async def play() -> None:
        async with running(shown, f"while len(await siblings.ask('pid')) < 2: pass\n        {do}", count=3) as made:
            assert {line.split()[0] for line in await made.output('heard a word', 2)} <= {'2', '3'}

    asyncio.run(play())


def test_questions_are_answered_by_all_others(shown: Path):
    """The first process asks until both others serve."""
    do = (
        "while len(answers := await siblings.ask('pid')) < 2: pass\n"
        "        show('answers', *[answers[number] for number in sorted(answers)])\n"
        "        show('same', {siblings.session_key} == set((await siblings.ask('key')).values()))"
    )

    async def play() -> None:
        async with running(shown, do, count=3) as made:
            pids = await made.pids(3)
            [answers] = await made.output('answers')
            assert answers.split()[2:] == [str(pids[2][0]), str(pids[3][0])]
            assert await made.output('same') == ['1 same True']

    asyncio.run(play())


def test_one_that_hangs_is_unhealthy_and_killed(
    shown: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(supervisor, 'UNHEALTHY_AFTER_S', 5.0)
    monkeypatch.setattr(supervisor, 'KILLED_AFTER_S', 10.0)
    monkeypatch.setattr(supervisor, 'CHECKED_EACH_S', 0.01)
    do = "while not await siblings.ask('pid'): pass\n        siblings.publish('hang', None)"

    async def play() -> None:
        async with running(shown, do) as made:
            assert len((await made.pids(3))[2]) == 2

    asyncio.run(play())
    assert 'process 2 has not run for 10 s, and is killed' in caplog.text


def test_one_that_does_not_end_is_killed(
    shown: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(supervisor, 'END_WITHIN_S', 0.1)

    async def play() -> int:
        made = Running(shown, PROGRAM.format(root=str(ROOT), shown=str(shown), do='time.sleep(600)'), 1, 0.0)
        task = asyncio.create_task(made.run())
        await made.output(' pid ')
        made.stop.set()
        return await task

    assert asyncio.run(play()) == 1
    assert 'process 1 did not end in time, and is killed' in caplog.text


@pytest.mark.parametrize(('status', 'given'), [(2, 2), (1, 1), (0, 1)])
def test_a_failed_start_stops_everything_with_its_status(shown: Path, status: int, given: int):
    made = Running(shown, ENDS.format(status=status), 2)

    async def play() -> int:
        async with asyncio.timeout(60):
            return await made.supervisor.run(asyncio.Event(), made.started.set)

    assert asyncio.run(play()) == given
    assert not made.started.is_set()


def test_processes_end_with_their_supervisor(shown: Path):
    """Also where it is killed: the channel closes then."""

    async def play() -> None:
        async with running(shown) as made:
            await made.pids(2)
            for child in list(made.supervisor._children.values()):
                child.writer.transport.abort()
            assert await made.output('stops', 2)

    asyncio.run(play())
