"""Tasks by key: one at a time, without effect on others."""

import asyncio

import pytest

from stack.runtime.keyed_tasks import KeyedTasks
from tests.asynchronous import asynchronous


@asynchronous
async def test_a_key_has_its_task_until_that_ends():
    tasks, go = KeyedTasks[str]('work'), asyncio.Event()

    async def work() -> None:
        await go.wait()

    tasks.start('a', work())
    assert ('a' in tasks, 'b' in tasks, len(tasks)) == (True, False, 1)
    go.set()
    await tasks.settled()
    assert ('a' in tasks, len(tasks)) == (False, 0)


@asynchronous
async def test_one_that_fails_is_logged_and_ends_no_other(caplog: pytest.LogCaptureFixture):
    tasks, ended = KeyedTasks[str]('work'), asyncio.Event()

    async def fail() -> None:
        raise ValueError('of no use')

    async def work() -> None:
        await asyncio.sleep(0)
        ended.set()

    tasks.start('a', fail())
    tasks.start('b', work())
    with pytest.raises(ValueError, match='of no use'):
        await tasks.settled()
    await ended.wait()
    await tasks.settled()
    assert 'work failed' in caplog.text
    assert len(tasks) == 0


@asynchronous
async def test_all_are_cancelled_without_a_line(caplog: pytest.LogCaptureFixture):
    tasks = KeyedTasks[str]('work')
    tasks.start('a', asyncio.sleep(3600))
    await asyncio.sleep(0)
    tasks.cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks.settled()
    assert caplog.text == ''
