"""Clusters that are loaded before a subscriber's turn comes to them."""

import asyncio

import pytest

from stack.errors import Unavailable
from stack.live.read_ahead import AT_ONCE, ReadAhead
from tests.asynchronous import asynchronous

NAMES = dict.fromkeys(f'c{number:02}' for number in range(2 * AT_ONCE))


class Loads:
    def __init__(self, *failing: str, needed: bool = True):
        self.begun: list[str] = []
        self.ended: list[str] = []
        self._failing = failing
        self.ahead = ReadAhead(self.load, lambda name, known: needed)

    async def load(self, name: str, known: str | None) -> None:
        self.begun.append(name)
        await asyncio.sleep(0)
        if name in self._failing:
            raise Unavailable('S3 does not answer.', 's3:GetObject', '503')
        self.ended.append(name)


@asynchronous
async def test_the_next_ones_are_begun_with_the_first_and_loaded_once():
    loads, joining = Loads(), dict(NAMES)
    await loads.ahead.reach(joining)
    assert loads.begun == list(NAMES)[:AT_ONCE]
    for name in NAMES:
        del joining[name]
        if joining:
            await loads.ahead.reach(joining)
    assert sorted(loads.ended) == list(NAMES)


@asynchronous
async def test_what_need_not_be_loaded_is_not_begun_before_its_turn():
    loads = Loads(needed=False)
    await loads.ahead.reach(NAMES)
    assert loads.begun == list(NAMES)[:1]


@asynchronous
async def test_a_failure_is_raised_in_its_turn_and_costs_no_other_one():
    first, second, *_ = NAMES
    loads = Loads(second)
    await loads.ahead.reach(NAMES)
    with pytest.raises(Unavailable):
        await loads.ahead.reach(dict.fromkeys(list(NAMES)[1:]))
    assert first in loads.ended
    assert len(loads.ended) >= AT_ONCE - 1


@asynchronous
async def test_what_is_under_way_is_cancelled_at_the_end():
    loads = Loads()
    waiting = asyncio.create_task(loads.ahead.reach(NAMES))
    await asyncio.sleep(0)
    loads.ahead.close()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert loads.ended == []
