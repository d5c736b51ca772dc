"""Answers that serve for a while."""

import asyncio

import pytest

from stack.runtime.recent_reads import RecentReads
from tests.asynchronous import asynchronous


class Source:
    """A source that answers when the test lets it."""

    def __init__(self) -> None:
        self.reads = 0
        self.go = asyncio.Event()

    async def read(self) -> int:
        self.reads += 1
        number = self.reads
        await self.go.wait()
        return number


@asynchronous
async def test_callers_share_a_read_and_a_cancelled_one_spoils_it_for_nobody():
    source, reads = Source(), RecentReads(10, 10, lambda: 0.0)
    first, second = (asyncio.create_task(reads.get('a', source.read)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    source.go.set()
    assert await second == 1
    assert await reads.get('a', source.read) == 1
    assert await reads.get('b', source.read) == 2


@asynchronous
async def test_a_failure_reaches_all_who_wait_and_is_not_kept():
    calls = 0

    async def fail() -> int:
        nonlocal calls
        calls += 1
        raise LookupError(calls)

    reads = RecentReads(10, 10, lambda: 0.0)
    failures = await asyncio.gather(*(reads.get('a', fail) for _ in range(2)), return_exceptions=True)
    assert [str(failure) for failure in failures] == ['1', '1']
    with pytest.raises(LookupError, match='2'):
        await reads.get('a', fail)
