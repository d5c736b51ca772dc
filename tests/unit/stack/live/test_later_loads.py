"""Clusters that are loaded after subscribers were sent their summaries."""

import asyncio
from datetime import UTC, datetime

import pytest

from stack.errors import Unavailable
from stack.live.cluster import Cluster, Surroundings
from stack.live.later_loads import LaterLoads
from stack.live.log import NOTHING
from stack.live.subscriber import Subscriber
from tests.asynchronous import asynchronous
from tests.rolling import eventually

DOWN = Unavailable('S3 does not answer.', 's3:GetObject', '503')


class Scene:
    """Clusters with a reader each, whose loads are counted; `failures` are raised one after the other."""

    def __init__(self, *failures: Exception):
        self.failures = list(failures)
        self.tried: list[str] = []
        self.later = LaterLoads(self.load, retry_s=0)

    async def load(self, name: str) -> None:
        self.tried.append(name)
        if self.failures:
            raise self.failures.pop(0)

    def add(self, name: str, *, read: bool = True) -> None:
        cluster = Cluster(name, Surroundings(lambda: datetime.now(UTC)))
        if read:
            cluster.readers[Subscriber(None)] = NOTHING
        self.later.add(cluster)

    async def done(self, tries: int) -> None:
        await eventually(lambda: len(self.tried) == tries and self.later._task is None)


@asynchronous
async def test_nothing_is_loaded_before_the_start():
    scene = Scene()
    scene.add('a')
    await asyncio.sleep(0)
    assert scene.tried == []
    scene.later.start()
    scene.later.start()
    await scene.done(1)


@asynchronous
async def test_clusters_are_loaded_in_their_order_and_a_failed_one_after_the_others(caplog: pytest.LogCaptureFixture):
    scene = Scene(DOWN)
    for name in ('a', 'b', 'c'):
        scene.add(name)
    scene.later.start()
    await scene.done(4)
    assert scene.tried == ['a', 'b', 'c', 'a']
    assert caplog.text.count('only its summary is known') == 1


@asynchronous
async def test_a_cluster_without_readers_is_not_loaded():
    scene = Scene()
    scene.add('a', read=False)
    scene.add('b')
    scene.later.start()
    await scene.done(1)
    assert scene.tried == ['b']


@asynchronous
async def test_an_error_of_one_cluster_costs_no_other(caplog: pytest.LogCaptureFixture):
    scene = Scene(ValueError('a bug'))
    scene.add('a')
    scene.add('b')
    scene.later.start()
    await scene.done(2)
    assert 'could not be loaded' in caplog.text


@asynchronous
async def test_close_ends_what_is_under_way():
    reached = asyncio.Event()

    async def load(_: str) -> None:
        reached.set()
        await asyncio.Event().wait()

    scene = Scene()
    scene.later = LaterLoads(load, retry_s=0)
    scene.add('a')
    scene.later.start()
    await reached.wait()
    await scene.later.close()
    assert scene.later._task is None
