"""Which passes may be made, on real buckets and a real ECS, embedded."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.aws.s3 import Bucket
from stack.errors import Unavailable
from stack.rollouts.pass_outcome import PassOutcome
from stack.sandbox.faults import Fault
from stack.scheduler import pass_outcomes
from stack.scheduler.lease import Leases
from stack.scheduler.passes import Ask, Passes
from stack.state.revision_store import RevisionStore, serialise
from stack.state.revisions import Change, Origin
from tests.aws import Aws
from tests.cluster import Cluster, clusters
from tests.places import InOnePlace


class Scene:
    """A cluster with its desired state, and the passes of one process."""

    def __init__(self, aws: Aws, cluster: Cluster):
        self.aws = aws
        self.cluster = cluster
        bucket = Bucket(cluster.connection, aws.bucket())
        self.store = RevisionStore(bucket)
        self.leases = Leases(bucket, clock=cluster.time.clock, sleep=cluster.time.sleep)
        self.frozen = False
        self.reconciler = cluster.reconciler()
        self.passes = Passes(self.store, self.leases, InOnePlace(self.reconciler), self._is_frozen)

    async def _is_frozen(self, _: Any) -> bool:
        return self.frozen

    async def write(self, tag: str, announce: str | None = 'deploy', **settings: Any) -> None:
        """A new revision, with one service."""
        document = {'services': [{'mailer': {'image': f'team/mailer:{tag}', 'memory': 16} | settings}]}
        change = Change(Origin('ann', 'test'), datetime.now(UTC), {'verb': 'replace'}, announce)
        base = self.store.known(self.cluster.name)
        await self.store.write(base, self.cluster.name, serialise(document), [change])

    async def make(self, **options: Any) -> str:
        return (await self.passes.make(Ask(self.cluster.name, **options))).state

    def image(self) -> str | None:
        ecs = self.aws.client('ecs')
        found = ecs.describe_services(cluster=self.cluster.name, services=['mailer'])['services']
        if not found:
            return None
        definition = ecs.describe_task_definition(taskDefinition=found[0]['taskDefinition'])['taskDefinition']
        return definition['containerDefinitions'][0]['image']

    def runs(self) -> int:
        """How many tasks have been run so far."""
        ecs = self.aws.client('ecs')
        found = (ecs.list_tasks(cluster=self.cluster.name, desiredStatus=each) for each in ('RUNNING', 'STOPPED'))
        return sum(len(each['taskArns']) for each in found)


@pytest.fixture
def scene(aws: Aws) -> Iterator[Scene]:
    with clusters(aws) as new_cluster:
        yield Scene(aws, new_cluster())


def test_a_cluster_that_is_not_managed(scene: Scene):
    assert asyncio.run(scene.make()) == 'gone'


def test_what_is_no_desired_state_fails_and_changes_nothing(scene: Scene):
    async def scenario() -> None:
        await scene.write('1')
        key = scene.cluster.name
        scene.aws.client('s3').put_object(Bucket=scene.store._bucket.name, Key=key, Body=b'[1]')
        ended = await scene.passes.make(Ask(key))
        assert ended.state == 'failed'
        assert 'not a JSON object' in ended.errors[0]

    asyncio.run(scenario())


def test_a_frozen_cluster_is_left_alone(scene: Scene):
    async def scenario() -> None:
        await scene.write('1')
        scene.frozen = True
        assert await scene.make() == 'frozen'
        scene.frozen = False
        assert await scene.make() == 'complete'

    asyncio.run(scenario())
    assert scene.image() == 'team/mailer:1'


def test_a_pass_is_busy_while_another_process_has_the_lease(scene: Scene):
    async def scenario() -> None:
        await scene.write('1')
        other = Leases(scene.leases._bucket, clock=scene.cluster.time.clock, sleep=scene.cluster.time.sleep)
        async with other.held(scene.cluster.name):
            assert await scene.make() == 'busy'
        assert await scene.make() == 'complete'

    asyncio.run(scenario())


def test_a_look_that_finds_nothing_to_do_writes_nothing(scene: Scene):
    async def scenario() -> None:
        await scene.write('1')
        assert await scene.make() == 'complete'
        with scene.cluster.changes() as changes:
            assert await scene.make(hinted=False) == 'complete'
        assert changes == []

    asyncio.run(scenario())


class TestStoredWithoutBeingAnnounced:
    def test_it_is_not_deployed_because_a_clock_says_so(self, scene: Scene):
        async def scenario() -> None:
            await scene.write('1')
            await scene.make()
            await scene.write('2', announce=None)
            assert await scene.make(hinted=False) == 'held'

        asyncio.run(scenario())
        assert scene.image() == 'team/mailer:1'

    def test_drift_is_corrected_once_the_revision_was_deployed(self, scene: Scene):
        async def scenario() -> None:
            await scene.write('1', announce=None)
            assert await scene.make(hinted=False) == 'held'
            assert await scene.make() == 'complete'
            scene.aws.client('ecs').update_service(cluster=scene.cluster.name, service='mailer', desiredCount=5)
            assert await scene.make(hinted=False) == 'complete'
            found = scene.aws.client('ecs').describe_services(cluster=scene.cluster.name, services=['mailer'])
            assert found['services'][0]['desiredCount'] == 1

        asyncio.run(scenario())

    def test_a_silent_revision_that_says_the_same_changes_nothing_of_that(self, scene: Scene):
        async def scenario() -> None:
            await scene.write('1')
            await scene.make()
            await scene.write('1', announce=None)
            assert await scene.make(hinted=False) == 'complete'

        asyncio.run(scenario())

    @pytest.mark.parametrize('hinted', [True, False])
    def test_one_that_says_the_same_runs_no_task_again(self, scene: Scene, hinted: bool):
        async def scenario() -> None:
            await scene.write('1', type='task')
            assert await scene.make() == 'complete'
            for _ in range(2):
                await scene.write('1', announce=None, type='task')
                assert await scene.make(hinted=hinted) == 'complete'

        asyncio.run(scenario())
        assert scene.runs() == 1

    def test_one_that_says_something_else_does_when_it_is_deployed(self, scene: Scene):
        async def scenario() -> None:
            await scene.write('1', type='task')
            await scene.make()
            await scene.write('2', announce=None, type='task')
            assert await scene.make() == 'complete'

        asyncio.run(scenario())
        assert scene.runs() == 2

    def test_what_another_program_wrote_is_deployed(self, scene: Scene):
        async def scenario() -> None:
            body = json.dumps({'services': [{'mailer': {'image': 'team/mailer:9', 'memory': 16}}]})
            bucket = scene.store._bucket.name
            scene.aws.client('s3').put_object(Bucket=bucket, Key=scene.cluster.name, Body=body.encode())
            assert await scene.make(hinted=False) == 'complete'

        asyncio.run(scenario())
        assert scene.image() == 'team/mailer:9'


class HeldBucket:
    """A bucket whose next write of a lease waits, so that others can write meanwhile."""

    def __init__(self, bucket: Bucket):
        self._bucket = bucket
        self.reached = asyncio.Event()
        self.go = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bucket, name)

    async def put(self, key: str, body: bytes, *, over: str | None) -> Any:
        self.reached.set()
        await self.go.wait()
        return await self._bucket.put(key, body, over=over)


class TestWhatIsStoredWhileAPassWaitsForItsLease:
    """What permits a pass is asked again of the revision that it deploys."""

    def during(self, scene: Scene, meanwhile: Any, **options: Any) -> str:
        async def scenario() -> str:
            await scene.write('1')
            held = HeldBucket(scene.leases._bucket)
            scene.leases._bucket = held
            making = asyncio.create_task(scene.make(**options))
            await held.reached.wait()
            await meanwhile(scene)
            held.go.set()
            return await making

        return asyncio.run(scenario())

    def test_a_freeze(self, scene: Scene):
        async def freeze(scene: Scene) -> None:
            scene.frozen = True
            await scene.write('1', announce=None)

        assert self.during(scene, freeze) == 'frozen'
        assert scene.image() is None

    def test_what_is_not_to_be_deployed(self, scene: Scene):
        assert self.during(scene, lambda scene: scene.write('2', announce=None), hinted=False) == 'held'
        assert scene.image() is None

    def test_a_newer_revision(self, scene: Scene):
        assert self.during(scene, lambda scene: scene.write('2')) == 'complete'
        assert scene.image() == 'team/mailer:2'


def test_a_freeze_ends_a_pass_before_its_next_call(scene: Scene):
    async def scenario() -> str:
        await scene.write('1')

        async def freeze_at(service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
            answer = await call(service, operation, **arguments)
            if operation == 'RegisterTaskDefinition':
                scene.frozen = True
                await scene.write('1', announce=None)
            return answer

        call = scene.reconciler._call
        scene.reconciler._call = freeze_at
        return await scene.make()

    assert asyncio.run(scenario()) == 'stopped'
    assert scene.image() is None


def test_a_pass_that_cannot_ask_whether_it_may_go_on_stops(scene: Scene):
    async def scenario() -> str:
        await scene.write('1')
        read = scene.store.read

        async def unreadable(cluster: str) -> Any:
            raise Unavailable('S3 did not answer', 's3:HeadObject', 'ConnectTimeout')

        ended = await scene.passes.make(
            Ask(scene.cluster.name), on_plan=lambda _: setattr(scene.store, 'read', unreadable)
        )
        scene.store.read = read
        return ended.state

    assert asyncio.run(scenario()) == 'stopped'
    assert scene.image() is None


class TestWhatIsStoredSilentlyAfterAnAnnouncedRevision:
    def test_the_announced_one_is_deployed(self, scene: Scene):
        async def scenario() -> None:
            await scene.write('1')
            announced = (await scene.store.read(scene.cluster.name)).id
            await scene.write('2', announce=None)
            assert await scene.make(announced=frozenset({announced})) == 'complete'
            assert scene.image() == 'team/mailer:1'
            assert await scene.make(hinted=False) == 'held'
            assert await scene.make() == 'complete'

        asyncio.run(scenario())
        assert scene.image() == 'team/mailer:2'

    def test_a_late_message_does_not_go_back_behind_what_is_deployed(self, scene: Scene):
        async def scenario() -> None:
            await scene.write('1')
            old = (await scene.store.read(scene.cluster.name)).id
            await scene.write('2')
            assert await scene.make() == 'complete'
            await scene.write('3', announce=None)
            assert await scene.make(announced=frozenset({old})) == 'complete'

        asyncio.run(scenario())
        assert scene.image() == 'team/mailer:2'


class TestWhatAPassRecords:
    """Its outcome, in the lease, for every replica and the next pass."""

    async def outcome(self, scene: Scene) -> PassOutcome:
        found = await pass_outcomes.read(scene.leases._bucket, scene.cluster.name)
        assert found is not None
        return found

    def test_a_pass_that_leaves_nothing_to_do(self, scene: Scene):
        async def scenario() -> PassOutcome:
            await scene.write('1')
            await scene.make()
            return await self.outcome(scene)

        found = asyncio.run(scenario())
        assert (found.refused, found.unfinished, found.ended, found.given_up) == ({}, set(), True, False)

    def test_what_is_not_made_yet_is_recorded_before_the_first_step(self, scene: Scene):
        seen: list[PassOutcome | None] = []

        async def look(_: Any) -> None:
            seen.append(await pass_outcomes.read(scene.leases._bucket, scene.cluster.name))

        async def scenario() -> None:
            document = scene.cluster.example()
            await scene.store.write(None, scene.cluster.name, serialise(document), [])
            call = scene.reconciler._call

            async def observed(service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
                if operation == 'CreateLoadBalancer' and not seen:
                    await look(None)
                return await call(service, operation, **arguments)

            scene.reconciler._call = observed
            await scene.make()

        asyncio.run(scenario())
        assert seen[0] is not None
        assert 'web' in seen[0].unfinished
        assert not seen[0].ended

    def test_a_refusal_is_counted_until_it_is_given_up_and_forgotten_once_it_is_over(self, scene: Scene):
        async def scenario() -> None:
            await scene.write('1')
            with scene.aws.faults.during(Fault('deny', 'ecs', 'CreateService', scene.cluster.name)):
                assert await scene.make() == 'failed'
                assert await scene.make(gives_up=frozenset({'failed'})) == 'failed'
            found = await self.outcome(scene)
            refusal = found.of('mailer')
            assert refusal is not None
            assert (refusal.call, refusal.code, refusal.tries) == ('ecs:CreateService', 'AccessDeniedException', 2)
            assert found.is_final('mailer')
            assert await scene.make(hinted=False) == 'complete'
            assert (await self.outcome(scene)).refused == {}

        asyncio.run(scenario())

    def test_a_pass_that_may_not_even_look(self, scene: Scene):
        async def scenario() -> None:
            await scene.write('1')
            with scene.aws.faults.during(Fault('deny', 'ecs', 'ListServices', scene.cluster.name)):
                assert await scene.make(gives_up=frozenset({'failed'})) == 'failed'
            refusal = (await self.outcome(scene)).of('mailer')
            assert refusal is not None
            assert refusal.call == 'ecs:ListServices'

        asyncio.run(scenario())

    def test_a_refusal_that_ended_by_itself_is_no_longer_recorded(self, scene: Scene):
        async def scenario() -> None:
            await scene.write('1')
            with scene.aws.faults.during(Fault('deny', 'ecs', 'ListServices', scene.cluster.name)):
                assert await scene.make() == 'failed'
            await scene.make()
            with scene.cluster.changes() as changes:
                assert await scene.make(hinted=False) == 'complete'
            assert changes == []
            assert (await self.outcome(scene)).failed is None

        asyncio.run(scenario())

    def test_a_blocked_service_is_recorded_once(self, scene: Scene):
        async def scenario() -> None:
            await scene.write('1', memory='lots')
            assert await scene.make() == 'complete'
            assert (await self.outcome(scene)).is_final('mailer')
            with scene.cluster.changes() as changes:
                assert await scene.make(hinted=False) == 'complete'
            assert changes == []

        asyncio.run(scenario())
