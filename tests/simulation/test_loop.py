"""The simulated loop keeps its own promises: without them no seed could be run again."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from tests.simulation.loop import Process, SimulatedLoop, Stuck, within


@contextlib.contextmanager
def loop_of(seed: str, disorder: float = 0.0) -> Iterator[SimulatedLoop]:
    loop = SimulatedLoop(seed, disorder)
    try:
        yield loop
    finally:
        loop.discard()


def run(work: Callable[[SimulatedLoop], Coroutine[Any, Any, Any]], seed: str = '1', disorder: float = 0.0) -> Any:
    with loop_of(seed, disorder) as loop:
        return loop.run_until_complete(work(loop))


async def _race(loop: SimulatedLoop) -> list[int]:
    order: list[int] = []

    async def one(number: int) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
            order.append(number)

    await asyncio.gather(*(one(number) for number in range(5)))
    return order


def test_sleeping_takes_no_time_and_turns_the_clock():
    async def work(loop: SimulatedLoop) -> float:
        await asyncio.sleep(86_400)
        return loop.time()

    assert run(work) == 86_400


def test_the_same_seed_gives_the_same_order():
    assert run(_race, '7', 0.5) == run(_race, '7', 0.5)


def test_seeds_give_different_orders():
    assert len({tuple(run(_race, str(seed), 0.5)) for seed in range(10)}) > 5


def test_without_disorder_tasks_go_on_in_the_order_of_asyncio():
    assert run(_race) == [0, 1, 2, 3, 4] * 3


def test_callbacks_keep_their_order():
    async def work(loop: SimulatedLoop) -> list[int]:
        order: list[int] = []
        for number in range(20):
            loop.call_soon(order.append, number)
        await asyncio.sleep(0)
        return order

    assert run(work, '3', 1.0) == list(range(20))


def test_a_killed_process_goes_no_further():
    async def work(loop: SimulatedLoop) -> list[str]:
        done: list[str] = []
        process = Process('A')

        async def child() -> None:
            await asyncio.sleep(1)
            done.append('child')

        async def parent() -> None:
            try:
                await asyncio.create_task(child())
            finally:
                done.append('cleaned up')

        loop.start(process, parent())
        within(process, loop.call_later, 1.0, done.append, 'callback')
        await asyncio.sleep(0.5)
        process.kill()
        await asyncio.sleep(5)
        return list(done)

    assert run(work) == []


def test_a_thread_is_a_turn_of_the_loop():
    async def work(loop: SimulatedLoop) -> int:
        return await asyncio.to_thread(lambda: 42)

    assert run(work) == 42


def test_waiting_for_nothing_ends_the_world():
    async def work(loop: SimulatedLoop) -> None:
        await asyncio.Event().wait()

    with loop_of('1') as loop, pytest.raises(Stuck, match='nothing waits'):
        loop.run_until_complete(work(loop))
