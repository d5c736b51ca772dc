"""Removed services and one-off tasks, followed in the embedded ECS to their end."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient

from tests.aws import Aws
from tests.live_client import LiveClient
from tests.rolling import Rolling, state_of

Story = Callable[['Stage'], Coroutine[Any, Any, None]]


class Stage(Rolling):
    def __init__(self, aws: Aws):
        # Another test may have turned the clock of ECS far ahead of that of S3.
        self.ahead = timedelta(seconds=max(0.0, aws.embedded.clock.now() - time.time()))
        super().__init__(aws)

    def now(self) -> datetime:
        return super().now() - self.ahead

    async def rest(self, path: str) -> tuple[int, dict[str, Any]]:
        url = f'http://127.0.0.1:{self.port}/api/v1/clusters/{self.name}/{path}'
        answer = await AsyncHTTPClient().fetch(url, raise_error=False)
        return answer.code, json.loads(answer.body)

    async def begin(self, *services: dict[str, Any]) -> None:
        """All that is wanted at first runs."""
        await self.change(state_of(*services))
        await self.live.state(self.name)
        await self.act_by_plan()
        await self.settled()


def play(aws: Aws, story: Story) -> None:
    async def whole() -> None:
        stage = Stage(aws)
        stage.port = await stage.serve()
        try:
            await story(stage)
        finally:
            await stage.close()

    asyncio.run(whole())


def web() -> dict[str, Any]:
    return {'web': {'image': 'team/web:1', 'memory': 64, 'desired_count': 2}}


def job(tag: str = '1', **settings: Any) -> dict[str, Any]:
    return {'migrate': {'image': f'team/migrate:{tag}', 'memory': 64, 'type': 'task', **settings}}


def other() -> dict[str, Any]:
    return {'other': {'image': 'team/other:1', 'memory': 64}}


REMOVALS = {
    'one': ('destroy', {'verb': 'remove', 'service': 'web'}),
    'pruned': ('deploy', {'destroyed': ['web']}),
}


@pytest.mark.parametrize('how', REMOVALS)
def test_a_service_that_is_taken_out(aws: Aws, how: str):
    async def story(stage: Stage) -> None:
        await stage.begin(web(), other())
        client = await LiveClient.connect(stage.port)
        await client.subscribe(stage.name)
        announce, did = REMOVALS[how]
        revision = await stage.change(state_of(other()), announce, **did)
        question = f'rollout?wait=0&revision={revision.id}'
        code, body = await stage.rest(question)
        assert (code, body['rollout']['services'][0]['state']) == (504, 'queued')
        await stage.act_by_plan('web')
        stage.watcher.hint(stage.name, 'web')
        await stage.see()
        code, body = await stage.rest(question)
        row = body['rollout']['services'][0]
        assert (code, row['name'], row['state'], row['sync']) == (504, 'web', 'removing', 'rolling-out')
        assert (await stage.rest('rollout'))[1]['unmanaged'] == []
        await stage.settled(step=1)
        services = aws.client('ecs').describe_services(cluster=stage.name, services=['web'])['services']
        assert [each['status'] for each in services] in ([], ['INACTIVE'])
        code, body = await stage.rest(question)
        assert (code, body['verdict']['ending'], body['services'][0]['state']) == (200, 'removed', 'removed')
        states: list[str] = []
        while states[-1:] != ['removed']:
            message = await client.type('rollout')
            states += [row['state'] for row in message['services'] if row['name'] == 'web']
        assert list(dict.fromkeys(states)) == ['queued', 'removing', 'removed']
        await client.close()

    play(aws, story)


def test_a_service_that_is_left_out_without_being_pruned_is_nobodys(aws: Aws):
    async def story(stage: Stage) -> None:
        await stage.begin(web(), other())
        revision = await stage.change(state_of(other()))
        code, body = await stage.rest(f'rollout?wait=0&revision={revision.id}')
        assert (code, body['services'], body['unmanaged']) == (200, [], ['web'])

    play(aws, story)


def test_a_removal_goes_on_through_other_revisions_and_a_restart(aws: Aws):
    async def story(stage: Stage) -> None:
        await stage.begin(web(), other())
        removal = await stage.change(state_of(other()), 'destroy', verb='remove', service='web')
        await stage.change(state_of({'other': {'image': 'team/other:2', 'memory': 64}}))
        await stage.records.keep_now(stage.name)
        stage.start()
        await stage.live.state(stage.name)
        assert stage.state.rollouts['web'].goal.revision == removal.id
        await stage.act_by_plan('web')
        await stage.settled(step=2)
        assert stage.state.of_revision(removal.id)['web'].verdict.ending == 'removed'

    play(aws, story)


def test_a_service_that_comes_back(aws: Aws):
    async def story(stage: Stage) -> None:
        await stage.begin(web(), other())
        removal = await stage.change(state_of(other()), 'destroy', verb='remove', service='web')
        back = await stage.change(state_of(web(), other()))
        assert stage.state.of_revision(removal.id)['web'].verdict.by == back.id
        await stage.act_by_plan()
        await stage.settled()
        assert stage.state.rollouts['web'].verdict.ending == 'succeeded'

    play(aws, story)


def test_nobody_removes_it(aws: Aws):
    async def story(stage: Stage) -> None:
        await stage.begin(web(), other())
        await stage.change(state_of(other()), 'destroy', verb='remove', service='web')
        state = await stage.settled(step=60)
        assert (state.rollouts['web'].state, state.rollouts['web'].verdict.ending) == ('failed', 'stalled')

    play(aws, story)


def test_a_task_that_runs_once(aws: Aws):
    async def story(stage: Stage) -> None:
        await stage.begin(web())
        revision = await stage.change(state_of(web(), job()))
        question = f'rollout?wait=0&revision={revision.id}'
        assert (await stage.rest(question))[1]['rollout']['services'][0]['state'] == 'queued'
        await stage.act_by_plan()
        await stage.until(lambda state: state.rollouts['migrate'].running == 1, step=1)
        code, body = await stage.rest(question)
        assert (code, body['rollout']['services'][0]['state']) == (504, 'running')
        await stage.settled(step=1)
        code, body = await stage.rest(question)
        assert (code, body['verdict']['ending']) == (200, 'succeeded')
        row = body['services'][0]
        assert (row['state'], row['health'], row['sync'], row['trouble']) == ('steady', 'healthy', 'in-sync', None)

    play(aws, story)


def test_a_task_that_fails_leaves_a_card_that_lasts(aws: Aws):
    async def story(stage: Stage) -> None:
        await stage.begin(web())
        revision = await stage.change(state_of(web(), job('2-exit-3')), message='a migration')
        await stage.act_by_plan()
        await stage.settled(step=1)
        await stage.recorder.finished()
        code, body = await stage.rest(f'rollout?wait=0&revision={revision.id}')
        assert (code, body['rollout']['verdict']['ending']) == (409, 'aborted')
        aws.advance(2 * 3600)
        stage.start()
        flight = await stage.recorder.read(stage.name, revision.id, 'migrate')
        assert (flight['reason']['kind'], flight['tasks'][0]['exit_code']) == ('application-exit', 3)
        assert flight['introduced_by']['message'] == 'a migration'
        code, report = await stage.rest('services/migrate')
        assert (report['health'], report['flight']['revision']) == ('failing', revision.id)

    play(aws, story)


def test_a_run_is_judged_by_its_own_tasks_alone(aws: Aws):
    """The next revision runs the task again, whatever the outcome of the previous run."""

    async def story(stage: Stage) -> None:
        await stage.begin(web(), job())
        assert stage.state.rollouts['migrate'].verdict.ending == 'succeeded'
        again = await stage.change(state_of(web(), job('2-exit-1')))
        await stage.go(10)
        assert stage.state.rollouts['migrate'].state == 'queued'
        await stage.act_by_plan()
        await stage.settled(step=1)
        assert stage.state.of_revision(again.id)['migrate'].verdict.ending == 'aborted'

    play(aws, story)


def test_a_silent_revision_runs_nothing(aws: Aws):
    async def story(stage: Stage) -> None:
        await stage.begin(web(), job())
        before = stage.state.rollouts['migrate']
        await stage.change(state_of(web(), job()), announce=None)
        assert stage.state.rollouts['migrate'] is before
        code, _ = await stage.rest('rollout?wait=0')
        assert code == 200

    play(aws, story)


def test_what_ran_long_ago_is_not_waited_for(aws: Aws):
    """ECS has forgotten the tasks, and no server observed them."""

    async def story(stage: Stage) -> None:
        await stage.change(state_of(job()))
        aws.advance(2 * 3600)
        await stage.live.state(stage.name)
        assert stage.state.rollouts == {}
        # … until it is run again.
        moved = stage.state.announce(stage.now())
        assert (moved, stage.state.rollouts['migrate'].state) == ({'migrate'}, 'queued')

    play(aws, story)
