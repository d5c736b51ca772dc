"""Long calculations leave the event loop free."""

import asyncio
import threading

import pytest

from stack.runtime.off_loop import LARGE, call_by_size, call_off_loop


def test_the_loop_goes_on_and_one_piece_is_done_at_a_time():
    async def whole() -> None:
        first, second = threading.Event(), threading.Event()
        going: list[str] = []

        def work(name: str, until: threading.Event) -> str:
            going.append(name)
            assert until.wait(60)
            going.remove(name)
            return name

        tasks = [asyncio.create_task(call_off_loop(work, 'first', first))]
        while not going:  # noqa: ASYNC110  that this comes to pass is what is tested
            await asyncio.sleep(0)
        tasks.append(asyncio.create_task(call_off_loop(work, 'second', second)))
        second.set()
        for _ in range(100):
            await asyncio.sleep(0)
        assert going == ['first']
        first.set()
        assert await asyncio.gather(*tasks) == ['first', 'second']

    asyncio.run(whole())


def test_what_it_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        asyncio.run(call_off_loop(lambda: 1 / 0))


def test_only_what_is_large_is_computed_in_a_thread():
    for size, in_thread in ((LARGE - 1, False), (LARGE, True)):
        thread = asyncio.run(call_by_size(size, threading.current_thread))
        assert (thread is not threading.main_thread()) == in_thread
