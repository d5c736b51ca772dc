import asyncio
from collections import deque

import pytest

from stack.runtime.keyed_queues import KeyedQueues


@pytest.mark.parametrize('names', [['a', 'a', 'a'], ['a', 'b', 'c']])
def test_what_is_lined_up_is_done_in_order_within_a_name(names):
    done = []

    async def work(name: str, lane: deque) -> None:
        while lane:
            await asyncio.sleep(0)
            done.append((name, lane.popleft()))

    async def scenario():
        lanes = KeyedQueues(work)
        for number, name in enumerate(names):
            lanes.put(name, number)
        assert all(name in lanes for name in names)
        await lanes.idle()
        assert not any(name in lanes for name in names)

    asyncio.run(scenario())
    assert sorted(done) == sorted(zip(names, range(3), strict=True))
    for name in set(names):
        assert [n for each, n in done if each == name] == sorted(n for each, n in done if each == name)


def test_names_do_not_wait_for_each_other():
    async def scenario():
        go, done = asyncio.Event(), []

        async def work(name: str, lane: deque) -> None:
            item = lane.popleft()
            if name == 'stuck':
                await go.wait()
            done.append(item)
            go.set()

        lanes = KeyedQueues(work)
        lanes.put('stuck', 1)
        lanes.put('free', 2)
        await lanes.idle()
        assert done == [2, 1]

    asyncio.run(scenario())


def test_a_worker_that_leaves_something_lets_it_go():
    async def scenario():
        async def work(name: str, lane: deque) -> None:
            lane.popleft()

        lanes = KeyedQueues(work)
        lane = lanes.put('a', 1)
        lanes.put('a', 2)
        await lanes.idle()
        assert list(lane) == [2]
        assert 'a' not in lanes

    asyncio.run(scenario())


def test_a_worker_that_fails_leaves_no_lane_and_no_item_behind(caplog: pytest.LogCaptureFixture):
    async def scenario():
        done = []

        async def work(name: str, lane: deque) -> None:
            while lane:
                item = lane[0]
                if item == 'bad':
                    raise KeyError(item)
                done.append(lane.popleft())

        lanes = KeyedQueues(work)
        for item in (1, 'bad', 2, 'bad'):
            lanes.put('a', item)
        await lanes.idle()
        assert done == [1, 2]
        assert 'a' not in lanes
        lanes.put('a', 3)
        await lanes.idle()
        assert done == [1, 2, 3]

    asyncio.run(scenario())
    assert 'the work queue of a failed' in caplog.text
