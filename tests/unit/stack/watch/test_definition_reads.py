"""Task definitions that looks left out: which is read when, and what becomes of failures."""

import asyncio
import logging
from collections.abc import Mapping

import pytest

from stack.configuration.accounts import HOME, Place
from stack.errors import AwsFailed, Unavailable
from stack.reconcile.definition_cache import DefinitionCache
from stack.reconcile.observed import TaskDefinition
from stack.watch.definition_reads import DefinitionReads
from tests.asynchronous import asynchronous
from tests.rolling import eventually

DENIED = AwsFailed('No.', 'ecs:DescribeTaskDefinition', 'AccessDeniedException')


class Scene:
    """Clusters whose names begin with that of their region; those in `asked` come first.

    A read waits for `go`, and ends with the first of `failures`.
    """

    def __init__(self, *failures: Exception):
        self.failures = list(failures)
        self.asked: set[str] = set()
        self.read: list[str] = []
        self.found: list[tuple[str, str, bool]] = []
        self.pauses: list[float] = []
        self.absent: set[str] = set()
        self.go = asyncio.Event()
        self.go.set()
        self.cache = DefinitionCache()
        self.reads = DefinitionReads(
            self,
            self.cache,
            lambda cluster: Place(HOME, cluster.partition('-')[0]),
            lambda cluster: cluster not in self.asked,
            self.take,
            sleep=self.sleep,
            chance=lambda: 1.0,
        )

    async def of(self, cluster: str) -> 'Scene':
        return self

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def definition(self, arn: str) -> TaskDefinition | None:
        self.read.append(arn)
        await self.go.wait()
        if self.failures:
            raise self.failures.pop(0)
        return None if arn in self.absent else TaskDefinition(arn, 'family', {}, {})

    async def take(self, cluster: str, found: Mapping[str, TaskDefinition | None]) -> None:
        self.found += [(cluster, arn, each is not None) for arn, each in found.items()]

    async def settled(self) -> None:
        self.go.set()
        await self.reads.settled()


@asynchronous
async def test_what_is_asked_for_comes_first_then_what_is_urgent_then_the_rest():
    scene = Scene()
    scene.go.clear()
    scene.reads.want('eu-1', ['first', 'a', 'b'], urgent=False)
    await eventually(lambda: scene.read == ['first'])
    scene.reads.want('eu-2', ['c'], urgent=False)
    scene.reads.want('eu-3', ['d'], urgent=True)
    scene.reads.want('eu-1', ['b'], urgent=True)
    scene.reads.want('eu-4', ['e'], urgent=False)
    scene.asked.add('eu-4')
    await scene.settled()
    assert scene.read == ['first', 'e', 'b', 'd', 'a', 'c']
    assert scene.found[1] == ('eu-4', 'e', True)


@asynchronous
async def test_one_is_read_at_a_time_in_each_place():
    scene = Scene()
    scene.go.clear()
    scene.reads.want('eu-1', ['a', 'b'], urgent=False)
    scene.reads.want('us-1', ['c', 'd'], urgent=False)
    await eventually(lambda: scene.read == ['a', 'c'])
    await scene.settled()
    assert sorted(scene.read) == ['a', 'b', 'c', 'd']


@asynchronous
async def test_a_definition_is_read_once_for_all_clusters_of_a_place():
    scene = Scene()
    scene.reads.want('eu-1', ['a'], urgent=False)
    scene.reads.want('eu-2', ['a'], urgent=False)
    await scene.settled()
    assert scene.read == ['a']
    assert scene.found == [('eu-1', 'a', True), ('eu-2', 'a', True)]


@asynchronous
async def test_a_definition_is_awaited_until_it_is_read_or_could_not_be():
    for scene in (Scene(), Scene(DENIED)):
        scene.go.clear()
        assert not scene.reads.awaits('eu-1', ['a'])
        scene.reads.want('eu-1', ['a'], urgent=False)
        scene.reads.want('eu-1', ['b'], urgent=True)
        assert scene.reads.awaits('eu-1', ['a', 'b'])
        assert not scene.reads.awaits('eu-1', ['a', 'c'])
        assert not scene.reads.awaits('eu-2', ['a'])
        await scene.settled()
        assert not scene.reads.awaits('eu-1', ['a'])


@asynchronous
async def test_a_definition_that_is_gone_is_reported_as_such():
    scene = Scene()
    scene.absent.add('a')
    scene.reads.want('eu-1', ['a'], urgent=False)
    await scene.settled()
    assert scene.found == [('eu-1', 'a', False)]


@asynchronous
async def test_what_is_wanted_while_the_last_read_ends_is_read():
    scene = Scene()
    for arn in 'abc':
        scene.reads.want('eu-1', [arn], urgent=False)
        await scene.settled()
    assert scene.read == ['a', 'b', 'c']
    take = scene.take

    async def want_more(cluster: str, found: Mapping[str, TaskDefinition | None]) -> None:
        await take(cluster, found)
        if 'd' in found:
            scene.reads.want(cluster, ['e'], urgent=False)

    scene.reads._found = want_more
    scene.reads.want('eu-1', ['d'], urgent=False)
    await scene.settled()
    assert scene.read[-2:] == ['d', 'e']


@asynchronous
async def test_failures_are_reported_once_they_repeat_and_hold_up_no_other_definition(
    caplog: pytest.LogCaptureFixture,
):
    scene = Scene(DENIED, DENIED, DENIED)
    scene.go.clear()
    scene.reads.want('eu-1', ['a', 'b', 'c'], urgent=False)
    await scene.settled()
    assert scene.read == ['a', 'b', 'c']
    assert scene.reads.failure('eu-1') is DENIED
    assert scene.reads.failure('us-1') is None
    assert scene.pauses == sorted(scene.pauses)
    assert 'eu-1' in caplog.text
    scene.reads.want('eu-1', ['a'], urgent=False)
    await scene.settled()
    assert scene.found == [('eu-1', 'a', True)]
    assert scene.reads.failure('eu-1') is None


@asynchronous
async def test_one_failure_is_not_reported():
    scene = Scene(Unavailable('ECS does not answer.', 'ecs:DescribeTaskDefinition', '503'))
    scene.reads.want('eu-1', ['a'], urgent=False)
    await scene.settled()
    assert scene.reads.failure('eu-1') is None


@asynchronous
async def test_an_unexpected_failure_is_logged_and_costs_no_other_definition(caplog: pytest.LogCaptureFixture):
    scene = Scene(ZeroDivisionError())
    scene.reads.want('eu-1', ['a', 'b'], urgent=False)
    await scene.settled()
    assert [arn for _, arn, _ in scene.found] == ['b']
    assert caplog.records[-1].levelno == logging.ERROR


@asynchronous
async def test_what_a_cluster_waited_for_is_forgotten_with_it():
    scene = Scene()
    scene.go.clear()
    scene.reads.want('eu-1', ['a', 'b'], urgent=False)
    scene.reads.want('eu-2', ['c'], urgent=False)
    await eventually(lambda: scene.read == ['a'])
    scene.reads.keep_only({'eu-2'})
    await scene.settled()
    assert scene.read == ['a', 'c']


@asynchronous
async def test_what_is_under_way_is_cancelled_at_the_end():
    scene = Scene()
    scene.go.clear()
    scene.reads.want('eu-1', ['a'], urgent=False)
    await eventually(lambda: scene.read == ['a'])
    await scene.reads.close()
    assert scene.found == []
