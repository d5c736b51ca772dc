"""The server with a stopwatch on its event loop: `python -m tests.bench._stalls FILE nysa_server.py --port=0`.

FILE gets a line for each callback of more than 10 ms: when it ended, by the monotonic clock, how many milliseconds it
took by the clock and by the processor, and what it is. On a busy machine the former contains what others had the
processor for.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import nysa_server

SHORTEST_S = 0.01


class Stall(NamedTuple):
    ended_at: float
    wall_ms: float
    cpu_ms: float
    what: str


def watch(file: Path) -> None:
    """Time every callback of the event loops of this process."""
    run, lines = asyncio.Handle._run, file.open('a', buffering=1)

    def timed(handle: asyncio.Handle) -> Any:
        wall, cpu = time.monotonic(), time.thread_time()
        try:
            return run(handle)
        finally:
            now = time.monotonic()
            if now - wall >= SHORTEST_S:
                spent = (time.thread_time() - cpu) * 1000
                lines.write(f'{now} {(now - wall) * 1000:.1f} {spent:.1f} {_name(handle._callback)}\n')

    asyncio.Handle._run = timed


def _name(callback: Any) -> str:
    """A function, or the coroutine of a task that goes on."""
    task = getattr(callback, '__self__', None)
    of = task.get_coro() if isinstance(task, asyncio.Task) else callback
    return getattr(of, '__qualname__', type(of).__name__)


def stalls(file: Path, since: float) -> list[Stall]:
    """What was noted since a time."""
    noted = (line.split() for line in file.read_text().splitlines())
    found = (Stall(*map(float, numbers), what) for *numbers, what in noted)
    return [stall for stall in found if stall.ended_at >= since]


if __name__ == '__main__':
    watch(Path(sys.argv[1]))
    sys.exit(nysa_server.main(sys.argv[3:]))
