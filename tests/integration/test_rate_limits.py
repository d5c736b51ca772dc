"""A hundred services at once under AWS's own limits, in time that the test turns."""

import asyncio
from collections.abc import Iterator

import pytest

from stack.reconcile.estimate import estimate
from stack.runtime.pacing import Pace
from tests.aws import Aws
from tests.cluster import Cluster


@pytest.fixture
def limited(aws: Aws) -> Iterator[None]:
    aws.advance(60)
    aws.embedded.ecs.limits = True
    yield
    aws.embedded.ecs.limits = False


def many(tag: str) -> dict:
    return {'services': [{f'worker-{n}': {'image': f'team/worker-{n}:{tag}', 'memory': 6}} for n in range(100)]}


def test_nothing_is_throttled_and_the_estimate_is_right(cluster: Cluster, limited: None):
    async def deploy() -> None:
        await cluster.reconcile(many('1'))
        cluster.aws.advance(600)
        cluster.time.now += 600
        refused = []
        plan = await cluster.plan(many('2'))
        outcome = await cluster.reconcile(many('2'), sink=lambda each: refused.append(each) if each.error else None)
        assert outcome.is_complete, [str(each.error) for each in outcome.failed][:3]
        assert refused == []
        assert len(outcome.done) == 200
        assert outcome.seconds == pytest.approx(estimate(plan, Pace(share=1)), rel=0.2)
        assert outcome.seconds > 70

    with cluster.aws.embedded.application.recording() as calls:
        asyncio.run(deploy())
    registered = calls.count('ecs:RegisterTaskDefinition')
    assert registered == 200, 'each was called once: none was refused and made again'


def test_a_refused_call_is_made_again_and_nobody_hears_of_it(cluster: Cluster, limited: None):
    """Another client in the account has used up the limit."""

    async def deploy() -> None:
        ecs = cluster.aws.client('ecs')
        for _ in range(20):
            ecs.register_task_definition(
                family=f'{cluster.name}-other', containerDefinitions=[{'name': 'a', 'image': 'a', 'memory': 6}]
            )
        outcome = await cluster.reconcile({'services': many('1')['services'][:5]})
        assert outcome.is_complete, outcome.failed
        assert outcome.seconds > 3

    asyncio.run(deploy())
