"""A scheduler that is killed at any boundary of a whole site's passes: the next one makes the same, or removes all.

A boundary is where a changing call of AWS, those of S3 included, has taken effect: the process dies without its answer,
or before the next such call. What AWS holds there is saved during an undisturbed run, and another process goes on from
it. A test takes every `STRIDE`th boundary; `make kills` takes each of them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster import READS, Cluster
from tests.saved_aws import Saved, restore, save
from tests.site import EVERYTHING, found, removed, site, whole
from tests.site_passes import Process, Stage, no_trouble

if TYPE_CHECKING:
    from stack.sandbox.server import EmbeddedAws

STRIDE = 30


@pytest.fixture
def cluster(swift_cluster: Cluster) -> Cluster:
    return swift_cluster


class Observed(Process):
    """A process that saves what AWS holds after some of its changing calls: the `first` and each `STRIDE`th further."""

    def __init__(self, stage: Stage, first: int):
        super().__init__(stage, no_trouble)
        self._aws = stage.cluster.aws.embedded
        self._first = first
        self.changes = 0
        self.boundaries: dict[int, Saved] = {}

    async def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        answer = await super().call(service, operation, **arguments)
        self._note(operation)
        return answer

    async def _changing(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        answer = await super()._changing(service, operation, **arguments)
        self._note(operation)
        return answer

    def _note(self, operation: str) -> None:
        if operation.startswith(READS):
            return
        if self.changes % STRIDE == self._first:
            self.boundaries[self.changes] = save(self._aws)
        self.changes += 1


async def made(stage: Stage) -> None:
    process = Process(stage, no_trouble)
    await stage.change(site(stage.cluster))
    await stage.settle(lambda: process.make_pass(stage))


async def kill_at_each(stage: Stage, first: int, expected: Any) -> int:
    """Go on from some of the boundaries of an undisturbed run; gives how many boundaries it has in all."""
    undisturbed = Observed(stage, first)
    await stage.settle(lambda: undisturbed.make_pass(stage))
    assert end(stage) == expected
    for number, saved in undisturbed.boundaries.items():
        restore(stage.cluster.aws.embedded, saved)
        stage.migrations.clear()
        process = Process(stage, no_trouble)
        await stage.settle(lambda process=process: process.make_pass(stage))
        assert end(stage) == expected, number
    return undisturbed.changes


def end(stage: Stage) -> Any:
    return found(stage.cluster), len(stage.migrations)


def test_a_site_is_made_whichever_call_is_the_last_of_a_process(cluster: Cluster, first_kill: int):
    async def scenario() -> None:
        stage = Stage(cluster)
        await stage.change(site(cluster))
        assert await kill_at_each(stage, first_kill, (whole(), 1)) > 87

    asyncio.run(scenario())


def test_a_site_is_removed_whichever_call_is_the_last_of_a_process(cluster: Cluster, first_kill: int):
    async def scenario() -> None:
        stage = Stage(cluster)
        await made(stage)
        await stage.change({**site(cluster), 'services': []}, *EVERYTHING)
        assert await kill_at_each(stage, first_kill, (removed(), 1)) > 60

    asyncio.run(scenario())


def test_an_aws_that_is_set_back_holds_what_it_held(swift_aws: EmbeddedAws, cluster: Cluster):
    s3, ecs = cluster.aws.client('s3'), cluster.aws.client('ecs')
    bucket, empty = cluster.aws.bucket(), cluster.aws.cluster(instances=0)

    def held() -> Any:
        return (
            [each['VersionId'] for each in s3.list_object_versions(Bucket=bucket).get('Versions', [])],
            [each['status'] for each in ecs.describe_clusters(clusters=[empty])['clusters']],
            [each['LoadBalancerArn'] for each in cluster.load_balancers()],
            swift_aws.clock.now(),
        )

    s3.put_object(Bucket=bucket, Key='key', Body=b'1')
    before, saved = held(), save(swift_aws)
    s3.put_object(Bucket=bucket, Key='key', Body=b'2')
    cluster.aws.client('elbv2').create_load_balancer(Name=f'{cluster.name}-lb', Subnets=cluster.subnets[:2])
    ecs.delete_cluster(cluster=empty)
    cluster.wait(60)
    assert all(now != then for now, then in zip(held(), before, strict=True))
    restore(swift_aws, saved)
    assert held() == before
