"""Answering a pause: the first answer counts, and others get its state."""

import asyncio
from typing import Any

from stack.aws.ecs_deployments import EcsDeployments
from stack.scheduler.hook_answers import HookAnswers
from tests.aws import Aws
from tests.integration.test_stopping import Stopped, run, web
from tests.places import InOnePlace, in_no_account

HOOK = {'type': 'pause', 'stages': ['post_scale_up'], 'message': 'run the smoke test'}
PAUSED = {'deployment': {'strategy': 'blue_green', 'bake_time': '1m', 'hooks': [HOOK]}}


class Paused(Stopped):
    async def pause(self) -> dict[str, Any]:
        """A rollout that waits; its row."""
        revision = await self.begin_paused()
        await self.until(lambda state: state.rollouts['web'].state == 'paused')
        code, body = await self.rest(f'wait=0&revision={revision}')
        assert (code, body['state'], body['settled']) == (202, 'paused', False)
        row = body['services'][0]
        assert row['waiting']['message'] == 'run the smoke test'
        return row

    async def begin_paused(self) -> str:
        self.answers = HookAnswers(self.bucket, InOnePlace(EcsDeployments(self.connection)), in_no_account)
        await self.open()
        await self.change(web('1', **PAUSED))
        await self.live.state(self.name)
        await self.act_by_plan()
        # The first deployment pauses too.
        await self.until(lambda state: state.rollouts['web'].state == 'paused')
        await self.answer(action='continue')
        await self.settled()
        revision = await self.change(web('2', **PAUSED))
        await self.act_by_plan()
        return revision.id

    async def answer(self, **body: Any) -> tuple[int, dict[str, Any]]:
        """Post an answer while a scheduler looks for one."""
        posting = asyncio.create_task(self.post('continue', **body))
        while not posting.done():
            await self.answers.look()
            await asyncio.sleep(0.01)
        return await posting


def test_a_pause_is_continued_once(aws: Aws):
    async def scenario(stage: Paused) -> None:
        row = await stage.pause()
        seen = {'hook': row['waiting']['hook'], 'deployment': row['deployment_arn']}
        code, listed = await stage.read('services')
        assert (code, listed['content'][0]['waiting'], listed['content'][0]['stage']) == (
            200,
            row['waiting'],
            'POST_SCALE_UP',
        )
        code, moved = await stage.post('continue', hook=seen['hook'], deployment='arn:another')
        assert (code, moved['error']) == (409, 'deployment_moved')
        code, answer = await stage.answer(**seen, reason='smoke test passed')
        assert (code, answer['state'], answer['by'], answer['action']) == (200, 'done', 'ada', 'continue'), answer
        # Another person gets the state, also for the other action.
        code, again = await stage.answer(**seen, action='rollback')
        assert (code, again['state']) == (200, 'done'), again
        await stage.settled()
        assert stage.state.rollouts['web'].verdict.ending == 'succeeded'
        code, over = await stage.answer(hook=seen['hook'])
        assert (code, over['state']) == (200, 'done')
        await stage.context.audit.close()
        _, audit = await stage.read('audit')
        answers = [entry for entry in audit['content'] if (entry.get('did') or {}).get('verb') == 'continue']
        assert next((entry['by'], entry['message']) for entry in answers) == ('ada', 'smoke test passed')

    run(aws, scenario, Paused)


def test_a_pause_answered_with_a_rollback_is_a_rollback_by_a_hook(aws: Aws):
    async def scenario(stage: Paused) -> None:
        row = await stage.pause()
        code, answer = await stage.answer(hook=row['waiting']['hook'], action='rollback', reason='smoke test failed')
        assert (code, answer['state']) == (200, 'done'), answer
        await stage.settled()
        verdict = stage.state.rollouts['web'].verdict
        assert (verdict.ending, verdict.cause) == ('rolled-back', 'hook')
        await stage.stop()
        await stage.restart()
        _, after = await stage.rest('')
        assert (after['verdict']['ending'], after['verdict']['cause']) == ('rolled-back', 'hook')

    run(aws, scenario, Paused)


def test_what_does_not_wait_cannot_be_continued(aws: Aws):
    async def scenario(stage: Paused) -> None:
        await stage.begin()
        await stage.go(10)
        code, answer = await stage.post('continue')
        assert (code, answer['error']) == (409, 'conflict')
        assert (await stage.post('continue', action='maybe'))[0] == 400
        assert (await stage.post('continue', service='other'))[0] == 404

    run(aws, scenario, Paused)
