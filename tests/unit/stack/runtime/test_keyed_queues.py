import asyncio
from collections import deque

import pytest

from stack.runtime.keyed_queues import KeyedQueues


@pytest.mark.parametrize('names', [['a', 'a', 'a'], ['a', 'b', 'c']])
def test_what_is_lined_up_is_done_in_order_within_a_name(names):
    done = []

    async def work(name: str, queue: deque) -> None:
        while queue:
            await asyncio.sleep(0)
            done.append((name, queue.popleft()))

    async def scenario():
        queues = KeyedQueues(work)
        for number, name in enumerate(names):
            queues.put(name, number)
        assert all(name in queues for name in names)
        await queues.idle()
        assert not any(name in queues for name in names)

    asyncio.run(scenario())
    assert sorted(done) == sorted(zip(names, range(3), strict=True))
    for name in set(names):
        assert [n for each, n in done if each == name] == sorted(n for each, n in done if each == name)


def test_names_do_not_wait_for_each_other():
    async def scenario():
        go, done = asyncio.Event(), []

        async def work(name: str, queue: deque) -> None:
            item = queue.popleft()
            if name == 'stuck':
                await go.wait()
            done.append(item)
            go.set()

        queues = KeyedQueues(work)
        queues.put('stuck', 1)
        queues.put('free', 2)
        await queues.idle()
        assert done == [2, 1]

    asyncio.run(scenario())


def test_a_worker_that_leaves_something_lets_it_go():
    async def scenario():
        async def work(name: str, queue: deque) -> None:
            queue.popleft()

        queues = KeyedQueues(work)
        queue = queues.put('a', 1)
        queues.put('a', 2)
        await queues.idle()
        assert list(queue) == [2]
        assert 'a' not in queues

    asyncio.run(scenario())


def test_a_worker_that_fails_leaves_no_queue_and_no_item_behind(caplog: pytest.LogCaptureFixture):
    async def scenario():
        done = []

        async def work(name: str, queue: deque) -> None:
            while queue:
                item = queue[0]
                if item == 'bad':
                    raise KeyError(item)
                done.append(queue.popleft())

        queues = KeyedQueues(work)
        for item in (1, 'bad', 2, 'bad'):
            queues.put('a', item)
        await queues.idle()
        assert done == [1, 2]
        assert 'a' not in queues
        queues.put('a', 3)
        await queues.idle()
        assert done == [1, 2, 3]

    asyncio.run(scenario())
    assert 'the work queue of a failed' in caplog.text
