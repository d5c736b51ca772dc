"""Stopping a rollout: afterwards the desired state and ECS agree, and nothing brings the image back."""

import asyncio
import contextlib
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient

import nysa_server
from stack.aws.client import AwsClient
from stack.aws.ecs_look import EcsLook
from stack.aws.inventory import Inventory
from stack.aws.limitations import Limitations
from stack.aws.paced import PacedConnection
from stack.aws.s3 import Bucket
from stack.changes.change_request import ChangeRequest
from stack.changes.gate import Gate
from stack.changes.rollback import Rollback
from stack.changes.rollback_target import Targets
from stack.changes.stopping import Stopping, StopRequest
from stack.configuration.settings import read_settings
from stack.errors import NysaError, Quarantined, Unavailable
from stack.runtime.metrics import Metrics
from stack.runtime.pacing import Pace
from stack.sandbox.faults import Fault
from stack.scheduler.gate_look import GateLook
from stack.scheduler.lease import Leases
from stack.scheduler.passes import Ask, Passes
from stack.scheduler.reconciler import Reconciler
from stack.state.revision_store import RevisionStore
from stack.state.revisions import Origin
from tests.aws import Aws
from tests.places import InOnePlace, in_region
from tests.stage import Stage

BLUE_GREEN = {'deployment': {'strategy': 'blue_green', 'bake_time': '5m'}}
OLD, NEW = 'team/web:1', 'team/web:2-slow'
# Its tasks never run, so that a rollout lasts until it is stopped, however long its stop takes.
ENDLESS = 'team/web:2-broken'


def web(tag: str, **settings: Any) -> dict[str, Any]:
    return {'services': [{'web': {'image': f'team/web:{tag}', 'desired_count': 2, 'memory': 64, **settings}}]}


class Stopped(Stage):
    async def begin(self, image: str = NEW, **settings: Any) -> str:
        """web:1 runs, and another image rolls out; the revision of that."""
        await self.open()
        await self.change(web('1', **settings))
        await self.live.state(self.name)
        await self.act_by_plan()
        await self.settled()
        revision = await self.change(web(image.partition(':')[2], **settings))
        await self.act_by_plan()
        return revision.id

    async def post(self, verb: str, service: str = 'web', **body: Any) -> tuple[int, dict[str, Any]]:
        url = f'{self.origin}/api/v1/clusters/{self.name}/services/{service}/rollout/{verb}'
        headers = {'X-Nysa-Actor': 'ada', 'Content-Type': 'application/json'}
        fetched = await AsyncHTTPClient().fetch(
            url, method='POST', body=json.dumps(body), headers=headers, raise_error=False, request_timeout=60
        )
        # The replica, which does not poll the bucket here, reads what it stored.
        await self.rest('')
        return fetched.code, json.loads(fetched.body)

    async def agree(self, image: str = OLD) -> None:
        """The desired state and ECS have the image, and nothing is left to do, then and later."""
        for _ in range(60):
            ended = await self.make_pass(hinted=False, retry=False)
            await self.go(10)
            if ended.state == 'complete' and not self.moving():
                break
        assert ended.state == 'complete', ended
        assert (await self.wanted(), self.deployed()) == (image, image)

    async def wanted(self) -> str:
        document = (await RevisionStore(self.bucket).read(self.name)).document
        return document['services'][0]['web']['image']

    def described(self) -> dict[str, Any]:
        return self.aws.client('ecs').describe_services(cluster=self.name, services=['web'])['services'][0]

    def moving(self) -> bool:
        return len(self.described()['deployments']) > 1

    def deployed(self) -> str:
        definition = self.described()['taskDefinition']
        found = self.aws.client('ecs').describe_task_definition(taskDefinition=definition)
        return found['taskDefinition']['containerDefinitions'][0]['image']

    def deployments(self) -> list[dict[str, Any]]:
        listed = self.aws.client('ecs').list_service_deployments(cluster=self.name, service='web')
        return listed['serviceDeployments']

    def verdict(self, revision: str) -> tuple[str, str | None]:
        found = self.state.of_revision(revision)['web'].verdict
        return found.ending, found.cause


def run(aws: Aws, scenario: Callable[[Any], Awaitable[None]], kind: type[Stopped] = Stopped) -> None:
    async def whole() -> None:
        stage = kind(aws)
        try:
            await scenario(stage)
        finally:
            await stage.close()

    asyncio.run(whole())


@pytest.mark.parametrize('settings', [{}, BLUE_GREEN], ids=['rolling', 'blue_green'])
def test_a_stop_is_one_change_which_ecs_rolls_back(aws: Aws, settings: dict[str, Any]):
    async def scenario(stage: Stopped) -> None:
        revision = await stage.begin(**settings)
        await stage.go(20)
        row = (await stage.read('services'))[1]['content'][0]
        _, rollout = await stage.rest('')
        assert 'deployment_arn' in rollout['services'][0], rollout
        seen = rollout['services'][0]['deployment_arn']
        assert row['state'] != 'steady'
        code, moved = await stage.post('stop', deployment=f'{seen}x')
        assert (code, moved['error'], moved['deployment']) == (409, 'deployment_moved', seen)
        before = len(stage.deployments())
        code, answer = await stage.post('stop', reason='loses sessions', deployment=seen)
        assert (code, answer['service'], answer['deployment']) == (202, 'web', seen), answer
        assert [each['image'] for each in answer['quarantined']] == [NEW]
        assert await stage.wanted() == OLD
        await stage.agree()
        # ECS went back by itself: no other deployment replaced the one that was stopped.
        assert len(stage.deployments()) == before
        assert stage.deployments()[0]['status'] == 'ROLLBACK_SUCCESSFUL'
        await stage.go(5)
        assert stage.verdict(revision) == ('rolled-back', 'stopped')
        _, rollout = await stage.rest(f'revision={revision}')
        verdict = rollout['verdict']
        assert (verdict['cause'], verdict['reason'], verdict['by']) == (
            'stopped',
            'Stopped by ada: loses sessions.',
            answer['revision'],
        )
        assert stage.verdict(answer['revision']) == ('succeeded', None)
        code, again = await stage.post('stop')
        assert (code, again['error']) == (409, 'conflict')
        await stage.stop()
        await stage.restart()
        _, after = await stage.rest(f'revision={revision}')
        assert after['verdict'] == verdict
        _, history = await stage.read('revisions')
        assert history['content'][0]['changes'][0]['did']['verb'] == 'stop'

    run(aws, scenario)


def test_the_image_does_not_return(aws: Aws):
    async def scenario(stage: Stopped) -> None:
        await stage.begin()
        await stage.go(20)
        await stage.post('stop', reason='bad')
        await stage.agree()
        url = f'{stage.origin}/api/v1/clusters/{stage.name}/services/web'
        answer = await AsyncHTTPClient().fetch(url, method='PUT', body='{"image_tag": "2-slow"}', raise_error=False)
        assert (answer.code, json.loads(answer.body)['error']) == (409, Quarantined.code)
        # A periodic pass changes nothing either, nor does a deploy.
        assert (await stage.make_pass()).state == 'complete'
        assert stage.deployed() == OLD

    run(aws, scenario)


def test_a_stop_before_the_next_pass_survives_another_change(aws: Aws):
    """The order is in the guards of every later revision."""

    async def scenario(stage: Stopped) -> None:
        await stage.begin()
        await stage.go(20)
        before = len(stage.deployments())
        await stage.post('stop')
        document = (await RevisionStore(stage.bucket).read(stage.name)).document
        url = f'{stage.origin}/api/v1/clusters/{stage.name}/config'
        body = json.dumps({**document, 'services': [*document['services'], {'api': {'image': 'team/api:1'}}]})
        answer = await AsyncHTTPClient().fetch(url, method='PUT', body=body, raise_error=False)
        assert answer.code == 202, answer.body
        await stage.agree()
        assert len(stage.deployments()) == before

    run(aws, scenario)


def test_what_cannot_be_stopped(aws: Aws):
    async def scenario(stage: Stopped) -> None:
        await stage.open()
        await stage.change(web('1'))
        await stage.live.state(stage.name)
        code, answer = await stage.post('stop')
        assert (code, answer['error']) == (409, 'conflict')
        await stage.make_pass()
        code, answer = await stage.post('stop')
        assert (code, answer['error']) == (422, 'unprocessable'), answer
        assert 'first deployment' in answer['message']
        assert (await stage.post('stop', service='other'))[0] == 404
        assert (await stage.post('stop', mode='maybe'))[0] == 400
        assert await stage.wanted() == OLD

    run(aws, scenario)


@pytest.mark.parametrize('settings', [{}, BLUE_GREEN], ids=['rolling', 'blue_green'])
def test_a_stop_that_a_scheduler_finds_after_ecs_has_succeeded(aws: Aws, settings: dict[str, Any]):
    """A scheduler carries out a late stop by another deployment; the verdict is that of the stop."""

    async def scenario(stage: Stopped) -> None:
        revision = await stage.begin(**settings)
        await stage.go(20)
        before = len(stage.deployments())
        code, answer = await stage.post('stop', reason='loses sessions')
        assert code == 202, answer
        while stage.deployments()[0]['status'] != 'SUCCESSFUL':
            assert stage.deployments()[0]['status'] == 'IN_PROGRESS'
            await stage.go(60, step=60)
        await stage.agree()
        assert len(stage.deployments()) == before + 1
        await stage.go(10)
        assert stage.verdict(revision) == ('rolled-back', 'stopped')
        assert stage.verdict(answer['revision']) == ('succeeded', None)

    run(aws, scenario)


def test_an_abort_that_aws_refuses_shows_its_words(aws: Aws):
    async def scenario(stage: Stopped) -> None:
        await stage.begin()
        await stage.go(20)
        aws.faults.add(
            Fault(
                'error', service='ecs', operation='StopServiceDeployment', code='InvalidParameterException', status=400
            )
        )
        code, _ = await stage.post('stop', mode='abort')
        assert code == 202
        assert (await stage.make_pass()).state == 'failed'
        await stage.go(5)
        _, rollout = await stage.rest('')
        trouble = rollout['services'][0]['trouble']
        assert (trouble['call'], trouble['code']) == ('ecs:StopServiceDeployment', 'InvalidParameterException')
        aws.faults.clear()
        await stage.agree()

    run(aws, scenario)


class Mortal(AwsClient):
    """A connection of a process that dies at a call: before it, or once AWS has made it. Later calls fail."""

    def __init__(self, connection: AwsClient, dies_at: int, *, made: bool):
        self._connection = connection
        self._left = dies_at
        self._made = made
        self.is_dead = False

    @property
    def region(self) -> str | None:
        return self._connection.region

    @property
    def limitations(self) -> Limitations:
        return self._connection.limitations

    async def call(self, service: str, operation: str, /, **arguments: Any) -> Any:
        self._left -= 1
        if not self.is_dead and self._left == 0:
            if self._made:
                await self._connection.call(service, operation, **arguments)
            self.is_dead = True
        if self.is_dead:
            raise Unavailable('Killed', f'{service}:{operation}', 'Killed')
        return await self._connection.call(service, operation, **arguments)


def stopping(stage: Stopped, connection: AwsClient) -> Stopping:
    names = {'AWS_S3_BUCKET': stage.bucket.name, 'AWS_SQS_NOTIFICATION_QUEUE': stage.aws.queue().rpartition('/')[2]}
    settings = read_settings({'PROFILE': 'test', 'NYSA_AUTH': 'off'} | names)
    core = nysa_server.make_core(nysa_server.Aws(settings, connection, Metrics()))

    async def unknown(_: str) -> None:
        return None

    rollback = Rollback(core.changes, core.freezing, core.history, Targets(core.history, core.freezing, unknown))
    return Stopping(core.changes, rollback, core.history, InOnePlace(EcsLook(connection)), in_region(stage.aws.region))


async def one_pass(stage: Stopped, connection: AwsClient) -> None:
    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    bucket, paced = Bucket(connection, stage.bucket.name), PacedConnection(connection, Pace(share=1), sleep=at_once)
    gate = Gate(bucket, lambda _: at_once(0))
    reconciler = Reconciler(Inventory(paced), paced.call, region=paced.region, patience=0.0)
    leases = Leases(bucket, clock=lambda: stage.clock)
    gates = GateLook(InOnePlace(EcsLook(paced)))
    await Passes(
        RevisionStore(bucket), leases, InOnePlace(reconciler), gate.is_shut, gates=gates, stops=gate.stops
    ).make(Ask(stage.name))


@pytest.mark.parametrize('seed', range(10))
def test_a_stop_whose_processes_are_killed_is_finished_or_was_never_made(aws: Aws, seed: int):
    """Five random instants each: the server or the scheduler dies at a random call.

    Calls run in threads, so which of them are under way at a death differs from run to run, and with it the length of
    a scenario in ECS's time.
    """
    chance = random.Random(seed)

    async def scenario(stage: Stopped) -> None:
        settings = chance.choice([{}, BLUE_GREEN])
        revision = await stage.begin(ENDLESS, **settings)
        await stage.go(chance.randrange(5, 90), step=5)
        for _ in range(5):
            server = Mortal(stage.connection, chance.randrange(1, 40), made=chance.random() < 0.5)
            scheduler = Mortal(stage.connection, chance.randrange(1, 60), made=chance.random() < 0.5)
            request = ChangeRequest(Origin('ada', 'test', 'bad'))
            with contextlib.suppress(NysaError):
                await stopping(stage, server).stop(stage.name, request, StopRequest('web'))
            is_stopped = await stage.wanted() == OLD
            await one_pass(stage, scheduler)
            await stage.go(chance.randrange(0, 20))
            if is_stopped:
                break
        if await stage.wanted() != OLD:
            await stopping(stage, stage.connection).stop(stage.name, request, StopRequest('web'))
        await stage.agree()
        await stage.go(10)
        assert stage.verdict(revision) == ('rolled-back', 'stopped')
        (entry,) = (await Gate(stage.bucket, None).guards(stage.name, await stage.store.read(stage.name))).quarantine
        assert entry.image == ENDLESS

    run(aws, scenario)
