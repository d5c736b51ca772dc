"""The news of the audit, among replicas over a real bucket."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from stack.aws.s3 import Bucket
from stack.changes.entry_chain import Mark
from stack.errors import AwsFailed
from stack.live.audit_news import AuditNews
from stack.live.event import Event
from stack.sandbox.faults import Fault
from tests.aws import Aws
from tests.server import connect


class FakeHub:
    """A hub with one subscriber, which records the clusters of the published events."""

    def __init__(self) -> None:
        self.clusters: list[str] = []

    def publish(self, event: Event) -> None:
        assert event.type == 'audit'
        self.clusters.append(event.cluster)

    def __len__(self) -> int:
        return 1


class Replica(AuditNews):
    def __init__(self, bucket: Bucket):
        self.hub = FakeHub()
        super().__init__(bucket, self.hub)


@pytest.fixture
def bucket(aws: Aws) -> Bucket:
    return Bucket(connect(aws.endpoint, aws.region)[0], aws.bucket())


def play(bucket: Bucket, test: Callable[[Replica, Replica], Awaitable[None]]) -> None:
    asyncio.run(test(Replica(bucket), Replica(bucket)))


def test_what_another_replica_recorded_is_published_once(bucket: Bucket):
    async def test(here: Replica, there: Replica) -> None:
        await there.look()
        for entries in ('one', 'two'):
            await here.wrote('prod', Mark(entries))
            await there.look()
            await there.look()
        await here.wrote('staging', Mark('three'))
        await there.look()
        assert there.hub.clusters == ['prod', 'prod', 'staging']

    play(bucket, test)


def test_own_entries_are_published_at_once_and_not_again(bucket: Bucket):
    async def test(here: Replica, there: Replica) -> None:
        await here.look()
        await here.wrote('prod', Mark('one'))
        assert here.hub.clusters == ['prod']
        await here.look()
        assert here.hub.clusters == ['prod']
        await there.wrote('prod', Mark('two'))
        await here.look()
        assert here.hub.clusters == ['prod', 'prod']

    play(bucket, test)


def test_what_is_there_at_the_first_look_is_no_news(bucket: Bucket):
    async def test(here: Replica, there: Replica) -> None:
        await here.wrote('prod', Mark('one'))
        await there.look()
        assert there.hub.clusters == []

    play(bucket, test)


def test_a_mark_that_cannot_be_made_keeps_nobody_here_from_hearing(bucket: Bucket, aws: Aws, caplog):
    async def test(here: Replica, there: Replica) -> None:
        aws.faults.add(Fault('deny', service='s3', operation='PutObject'))
        await here.wrote('prod', Mark('one'))
        assert here.hub.clusters == ['prod']

    play(bucket, test)
    assert 'other replicas do not know of a refusal yet' in caplog.text


def test_a_look_that_fails_loses_nothing(bucket: Bucket, aws: Aws):
    async def test(here: Replica, there: Replica) -> None:
        await there.look()
        await here.wrote('prod', Mark('one'))
        aws.faults.add(Fault('deny', service='s3', operation='ListObjectsV2'))
        with pytest.raises(AwsFailed):
            await there.look()
        aws.faults.clear()
        await there.look()
        assert there.hub.clusters == ['prod']

    play(bucket, test)
