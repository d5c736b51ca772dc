"""Background work that outlives its caller."""

import asyncio

import pytest

from stack.runtime.under_way import UnderWay


def test_a_limited_wait_leaves_the_work_running():
    async def scenario() -> None:
        work, held, ended = UnderWay(), asyncio.Event(), []

        async def change() -> None:
            await held.wait()
            ended.append(True)

        await work.run_within(change(), 0)
        assert ended == []
        held.set()
        await work.finished()
        assert ended == [True]

    asyncio.run(scenario())


def test_the_result_of_the_work():
    async def answer() -> str:
        return 'done'

    assert asyncio.run(UnderWay().run(answer())) == 'done'


def test_work_goes_on_when_its_caller_is_cancelled():
    async def scenario() -> None:
        work, held, ended = UnderWay(), asyncio.Event(), []

        async def change() -> None:
            await held.wait()
            ended.append(True)

        caller = asyncio.create_task(work.run(change()))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        held.set()
        await work.finished()
        assert ended == [True]

    asyncio.run(scenario())


def test_a_failure_reaches_the_caller():
    async def scenario() -> None:
        async def fail() -> None:
            raise ValueError('no')

        with pytest.raises(ValueError, match='no'):
            await UnderWay().run(fail())

    asyncio.run(scenario())
