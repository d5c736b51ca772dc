"""Deadlines that share a timer."""

import asyncio
from collections.abc import Awaitable, Callable

from handlers.http.deadlines import Deadlines

Expired = asyncio.Queue[tuple[str, float]]


def play(scenario: Callable[[Deadlines[str], Expired], Awaitable[None]]) -> None:
    async def whole() -> None:
        expired: Expired = asyncio.Queue()
        await scenario(Deadlines(lambda item, seconds: expired.put_nowait((item, seconds))), expired)

    asyncio.run(whole())


def test_items_expire_in_the_order_of_their_deadlines_unless_they_are_removed():
    async def scenario(deadlines: Deadlines[str], expired: Expired) -> None:
        deadlines.add('late', 0.2)
        for name in ('removed', 'first', 'second'):
            deadlines.add(name, 0.1)
        deadlines.remove('removed')
        assert [await expired.get() for _ in range(3)] == [('first', 0.1), ('second', 0.1), ('late', 0.2)]
        deadlines.add('again', 0.1)
        assert await expired.get() == ('again', 0.1)

    play(scenario)


def test_an_item_that_is_added_again_has_the_new_time():
    async def scenario(deadlines: Deadlines[str], expired: Expired) -> None:
        deadlines.add('waiting', 0.01)
        deadlines.add('waiting', 0.2)
        assert await expired.get() == ('waiting', 0.2)
        deadlines.remove('waiting')
        assert expired.empty()

    play(scenario)


def test_items_that_ended_leave_no_timer():
    async def scenario(deadlines: Deadlines[str], expired: Expired) -> None:
        for number in range(1000):
            deadlines.add(str(number), 0.05)
            deadlines.remove(str(number))
        assert len(deadlines._timers) == 1
        # Its look comes after that of the others.
        deadlines.add('last', 0.1)
        await expired.get()
        assert not deadlines._timers

    play(scenario)
