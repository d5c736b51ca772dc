"""What AWS refuses of a rollout, as two replicas know it: with the product's own passes on the embedded AWS."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from stack.rollouts.cluster_view import service_row
from stack.sandbox.faults import Fault
from tests.aws import Aws
from tests.cluster import Cluster, clusters
from tests.rolling import Rolling
from tests.unit.stack.reconcile import settled

RECORD = Fault('deny', 'route53', 'ChangeResourceRecordSets')


@pytest.fixture
def cluster(aws: Aws) -> Iterator[Cluster]:
    with clusters(aws) as new_cluster:
        yield new_cluster()


def only_web(cluster: Cluster) -> dict[str, Any]:
    document = cluster.example()
    web = settled.service_in(document, 'web')
    return document | {'services': [{'web': web}]}


def row(replica: Rolling) -> dict[str, Any]:
    return service_row(replica.state, 'web')


@contextlib.asynccontextmanager
async def replicas(aws: Aws, cluster: Cluster):
    one = Rolling(aws, cluster=cluster.name)
    other = Rolling(aws, one.bucket.name, cluster.name, beside=one)
    try:
        yield one, other
    finally:
        await other.close()
        await one.close()


async def passes(one: Rolling, **ask: Any) -> None:
    """Passes until AWS has nothing more in the making."""
    for _ in range(20):
        if (await one.make_pass(**ask)).state != 'waiting':
            return
        one.aws.advance(10)
    raise AssertionError('AWS goes on making something')


def test_a_service_without_its_record_has_not_succeeded_until_the_record_is_made(aws: Aws, cluster: Cluster):
    async def scenario() -> None:
        async with replicas(aws, cluster) as (one, other):
            await one.change(only_web(cluster))
            with aws.faults.during(RECORD):
                await passes(one)
                for replica in (one, other):
                    await replica.go(120)
                    shown = row(replica)
                    assert shown['deployed']['running'] == shown['desired_count']
                    assert (shown['verdict'], shown['state']) == (None, 'rolling-out')
                    assert shown['trouble']['kind'] == 'refused'
                    assert shown['trouble']['call'] == 'route53:ChangeResourceRecordSets'
            await passes(one)
            for replica in (one, other):
                await replica.settled()
                assert (row(replica)['verdict']['ending'], row(replica)['trouble']) == ('succeeded', None)

    asyncio.run(scenario())


def test_what_the_scheduler_gives_up_is_aborted_at_every_replica(aws: Aws, cluster: Cluster):
    async def scenario() -> None:
        async with replicas(aws, cluster) as (one, other):
            await one.change(only_web(cluster))
            with aws.faults.during(RECORD):
                await passes(one)
                await passes(one, gives_up=frozenset({'failed'}))
            for replica in (one, other):
                await replica.go(10)
                verdict = row(replica)['verdict']
                assert (verdict['ending'], verdict['failed']) == ('aborted', True)
                assert 'route53:ChangeResourceRecordSets' in verdict['reason']

    asyncio.run(scenario())


def test_a_blocked_service_is_aborted_and_the_other_one_goes_on(aws: Aws, cluster: Cluster):
    async def scenario() -> None:
        async with replicas(aws, cluster) as (one, _):
            worker = {'worker': {'image': 'team/worker:1', 'memory': 16}}
            await one.change({'services': [{'web': {'image': 'team/web:1', 'memory': 'lots'}}, worker]})
            await one.act_by_plan()
            await one.settled()
            assert row(one)['verdict']['ending'] == 'aborted'
            assert 'memory' in row(one)['trouble']['message']
            assert service_row(one.state, 'worker')['verdict']['ending'] == 'succeeded'

    asyncio.run(scenario())


def test_a_rollout_that_is_announced_again_after_it_was_given_up_is_tried_again(aws: Aws, cluster: Cluster):
    async def scenario() -> None:
        async with replicas(aws, cluster) as (one, _):
            await one.change(only_web(cluster))
            with aws.faults.during(Fault('deny', 'ecs', 'CreateService', cluster.name)):
                await passes(one, gives_up=frozenset({'failed'}))
                await one.go(10)
                assert row(one)['verdict']['ending'] == 'aborted'
                await one.live.announced(await one.store.read(one.name), one.now())
                await one.go(10)
                assert row(one)['verdict'] is None
            await passes(one)
            await one.settled()
            assert row(one)['verdict']['ending'] == 'succeeded'

    asyncio.run(scenario())
