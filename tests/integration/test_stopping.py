"""Stopping a rollout: afterwards the desired state and ECS agree, and nothing brings the image back."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient

from stack.errors import Quarantined
from stack.sandbox.faults import Fault
from stack.state.revision_store import RevisionStore
from tests.aws import Aws
from tests.stage import Stage

BLUE_GREEN = {'deployment': {'strategy': 'blue_green', 'bake_time': '5m'}}
OLD, NEW = 'team/web:1', 'team/web:2-slow'


def web(tag: str, **settings: Any) -> dict[str, Any]:
    return {'services': [{'web': {'image': f'team/web:{tag}', 'desired_count': 2, 'memory': 64, **settings}}]}


class Stopped(Stage):
    async def begin(self, **settings: Any) -> str:
        """web:1 runs, and web:2 rolls out; the revision of that."""
        await self.open()
        await self.change(web('1', **settings))
        await self.live.state(self.name)
        await self.act_by_plan()
        await self.settled()
        revision = await self.change(web('2-slow', **settings))
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

    def deployments(self, service: str = 'web') -> list[dict[str, Any]]:
        listed = self.aws.client('ecs').list_service_deployments(cluster=self.name, service=service)
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
