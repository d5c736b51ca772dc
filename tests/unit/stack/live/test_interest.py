"""Who asks over REST, for how long that counts, and how those who wait are woken."""

import asyncio

import pytest

from stack.errors import ShuttingDown
from stack.live.interest import ASKED_S, Askers


class Time:
    def __init__(self) -> None:
        self.now = 100.0
        self.askers = Askers(lambda: self.now)


def test_a_question_counts_for_a_while():
    time = Time()
    assert (bool(time.askers), 'prod' in time.askers) == (False, False)
    assert time.askers.ask('prod')
    assert not time.askers.ask('prod'), 'another caller has asked just now'
    assert (bool(time.askers), 'prod' in time.askers, 'other' in time.askers) == (True, True, False)
    time.now += ASKED_S + 1
    assert (bool(time.askers), 'prod' in time.askers) == (False, False)
    assert time.askers.ask('prod')


def test_who_waits_is_woken_when_it_has_come_to_that():
    async def story() -> None:
        askers, found = Time().askers, []
        waiting = asyncio.create_task(askers.until('prod', lambda: len(found) == 2, 60))
        await asyncio.sleep(0)
        assert ('prod' in askers, askers.waits('prod'), bool(askers)) == (True, True, True)
        for number in range(2):
            found.append(number)
            askers.moved('other')
            askers.moved('prod')
            await asyncio.sleep(0)
        assert await waiting
        assert not askers.waits('prod')

    asyncio.run(story())


def test_a_wait_ends_at_its_timeout_and_at_shutdown():
    async def story() -> None:
        askers = Time().askers
        assert not await askers.until('prod', lambda: False, 0)
        waiting = asyncio.create_task(askers.until('prod', lambda: False, 3600))
        await asyncio.sleep(0)
        askers.stop()
        with pytest.raises(ShuttingDown):
            await waiting
        with pytest.raises(ShuttingDown):
            await askers.until('prod', lambda: False, 3600)
        assert await askers.until('prod', lambda: True, 3600)

    asyncio.run(story())
