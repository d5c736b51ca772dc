"""An event loop without real time: sleeping jumps, the seed draws which task goes on, and processes can be killed.

What is drawn and what is not: tasks that are ready at the same moment go on in any order, since each waited for
something of its own, and a little more or less latency would have ordered them otherwise. Plain callbacks
(`call_soon`, callbacks of futures) keep the order that asyncio promises, among each other and towards tasks.
"""

import asyncio
import contextvars
import heapq
import itertools
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

# Steps of one world: a simulation that takes more is caught in a loop.
MOST_STEPS = 400_000


class Stuck(Exception):
    """Every task waits for another one, or the tasks go on without end."""


@dataclass(eq=False)
class Process:
    """A simulated process: what runs in its context stops at once when it is killed.

    `skew` is how far its clock is ahead, in seconds.
    """

    name: str
    skew: float = 0.0
    alive: bool = True
    killed_at: float = float('inf')
    # Called when it ends, as its peers notice that.
    ended: list[Callable[[], None]] = field(default_factory=list)

    def kill(self) -> None:
        """End it, in the middle of whatever it does."""
        self.alive = False
        self.killed_at = asyncio.get_running_loop().time()
        for notice in self.ended:
            notice()


PROCESS: contextvars.ContextVar[Process | None] = contextvars.ContextVar('PROCESS', default=None)


class _Numbered:
    """Hashed by number: sets of tasks are in the same order in every run."""

    _number: int

    def __hash__(self) -> int:
        return self._number


class SimulatedTask(_Numbered, asyncio.Task):
    pass


class SimulatedFuture(_Numbered, asyncio.Future):
    pass


class SimulatedLoop(asyncio.BaseEventLoop):
    """`disorder` is how often, from 0 to 1, another task than the first of those that are ready goes on."""

    def __init__(self, seed: str, disorder: float = 0.0):
        super().__init__()
        self._clock_resolution = 1e-9
        self._now = 0.0
        self._order = random.Random(f'{seed}/order')
        self._disorder = disorder
        self._numbers = itertools.count()
        self._tasks: dict[int, SimulatedTask] = {}
        self.steps = 0
        self.failures: list[str] = []
        self.set_exception_handler(_note_failure)

    def time(self) -> float:
        return self._now

    @property
    def skew(self) -> float:
        """How far the clock of the running process is ahead, in seconds."""
        process = PROCESS.get()
        return process.skew if process else 0.0

    def create_future(self) -> SimulatedFuture:
        future = SimulatedFuture(loop=self)
        future._number = next(self._numbers)
        return future

    def create_task(
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: contextvars.Context | None = None
    ) -> SimulatedTask:
        number = next(self._numbers)
        # Hashed by the constructor already, which registers it.
        task = SimulatedTask.__new__(SimulatedTask)
        task._number = number
        task.__init__(coro, loop=self, name=name or f'task-{number}', context=context)
        self._tasks[number] = task
        task.add_done_callback(self._forget)
        return task

    def start(self, process: Process | None, work: Coroutine[Any, Any, Any]) -> SimulatedTask:
        """Run something in the context of a process; with None in that of the world, which cannot be killed."""
        context = contextvars.Context()
        context.run(PROCESS.set, process)
        return self.create_task(work, context=context)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """Run the function in one of the next turns, in the place of a thread."""
        future = self.create_future()

        async def run() -> None:
            try:
                result = func(*args)
            except Exception as error:  # noqa: BLE001  handed on, as an executor does
                if not future.cancelled():
                    future.set_exception(error)
            else:
                if not future.cancelled():
                    future.set_result(result)

        self.create_task(run())
        return future

    def discard(self) -> None:
        """Close the loop, and with it every task that has not ended, without any of its clean-up having an effect."""
        self._ready.clear()
        self._scheduled.clear()
        for task in list(self._tasks.values()):
            task._log_destroy_pending = False
            try:
                task.get_coro().close()
            except (RuntimeError, ValueError):
                continue
        self._ready.clear()
        self._scheduled.clear()
        self.close()

    def _forget(self, task: SimulatedTask) -> None:
        self._tasks.pop(task._number, None)

    def _run_once(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Stuck(f'{MOST_STEPS} steps, and no end')
        if not self._ready:
            self._advance()
        handle = self._draw()
        process = handle._context.get(PROCESS)
        if not handle._cancelled and (process is None or process.alive):
            handle._run()

    def _advance(self) -> None:
        """Jump to the next timer."""
        scheduled = self._scheduled
        while scheduled and scheduled[0]._cancelled:
            heapq.heappop(scheduled)._scheduled = False
        if not scheduled:
            raise Stuck('nothing is ready, and nothing waits for the clock')
        self._now = max(self._now, scheduled[0]._when)
        while scheduled and scheduled[0]._when <= self._now:
            timer = heapq.heappop(scheduled)
            timer._scheduled = False
            self._ready.append(timer)

    def _draw(self) -> asyncio.Handle:
        ready = self._ready
        if len(ready) > 1 and self._disorder and self._order.random() < self._disorder:
            steps = 0
            for handle in ready:
                if not isinstance(getattr(handle._callback, '__self__', None), asyncio.Task):
                    break
                steps += 1
            if steps > 1:
                index = self._order.randrange(steps)
                handle = ready[index]
                del ready[index]
                return handle
        return ready.popleft()

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers are skipped when their time comes."""

    def _process_events(self, event_list: Any) -> None:
        """There is no selector."""

    def _write_to_self(self) -> None:
        """There are no other threads to wake it."""


def _note_failure(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get('exception')
    loop.failures.append(f'{context.get("message")}: {error!r}')


def within(process: Process, call: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in the context of a process: the tasks that it starts are those of the process."""
    context = contextvars.Context()
    context.run(PROCESS.set, process)
    return context.run(call, *arguments)
