"""The order of rollouts in the embedded ECS, as its clients see it: waves, migrations, and what was not begun."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from tornado.httpclient import AsyncHTTPClient

from tests.aws import Aws
from tests.rolling import Rolling, state_of

Scenario = Callable[['Stage'], Coroutine[Any, Any, None]]

LOGGING = {'log_driver': 'awslogs', 'options': {'awslogs-group': '/order', 'awslogs-stream-prefix': 'order'}}


class Stage(Rolling):
    async def rows(self) -> dict[str, dict[str, Any]]:
        """The rows of `GET …/rollout`, by service."""
        url = f'http://127.0.0.1:{self.port}/api/v1/clusters/{self.name}/rollout'
        answer = json.loads((await AsyncHTTPClient().fetch(url, raise_error=False)).body)
        self.message = answer['message']
        return {row['name']: row for row in answer['services']}

    async def roll_out(self) -> None:
        """Make passes as a scheduler does, until there is nothing left to wait for."""
        asked_at = datetime.now(UTC)
        for _ in range(30):
            ended = await self.make_pass(asked_at=asked_at, retry=False)
            assert ended.state in ('awaiting', 'complete'), ended.errors
            await self.go(30)
            if ended.state == 'complete':
                return
        raise AssertionError('the scheduler does not come to an end')

    def tasks(self, family: str) -> list[str]:
        ecs = self.aws.client('ecs')
        found = []
        for status in ('RUNNING', 'STOPPED'):
            found += ecs.list_tasks(cluster=self.name, family=family, desiredStatus=status)['taskArns']
        return found


def play(aws: Aws, scenario: Scenario) -> None:
    async def whole() -> None:
        stage = Stage(aws)
        stage.port = await stage.serve()
        try:
            await scenario(stage)
        finally:
            await stage.close()

    asyncio.run(whole())


def service(name: str, tag: str, **settings: Any) -> dict[str, Any]:
    return {name: {'image': f'team/{name}:{tag}', 'memory': 16, 'logging': LOGGING, **settings}}


def shop(tag: str) -> dict[str, Any]:
    migrate = {'migrate': {'command': ['bin/migrate'], 'timeout': 300}}
    return state_of(
        service('web', '1' if tag == '1' else '2', depends_on=['api']),
        service('api', tag, depends_on=['database'], pre_deploy=[migrate]),
        service('database', '1'),
    )


def test_a_migration_comes_between_the_rollouts_and_a_failed_one_stops_them(aws: Aws):
    async def scenario(stage: Stage) -> None:
        await stage.change(shop('1'))
        await stage.live.state(stage.name)
        assert (await stage.make_pass()).state == 'awaiting'
        await stage.go(5)
        rows = await stage.rows()
        assert rows['api']['waits'] == {'services': ['database'], 'gate': '', 'wave': 2}
        assert rows['web']['waits'] == {'services': ['api'], 'gate': '', 'wave': 3}
        assert (rows['web']['state'], rows['web']['verdict']) == ('queued', None)
        assert 'web waits for api.' in stage.message
        await stage.roll_out()
        await stage.settled()
        rows = await stage.rows()
        assert {row['verdict']['ending'] for row in rows.values()} == {'succeeded'}
        assert 'waits' not in rows['web']
        [gate] = rows['api']['gates']
        assert (gate['name'], gate['state'], gate['exit_code']) == ('migrate', 'succeeded', 0)
        assert gate['lines']

        await stage.change(shop('2-bad-migration'))
        await stage.roll_out()
        await stage.settled()
        rows = await stage.rows()
        assert {name: row['verdict']['ending'] for name, row in rows.items()} == {
            'web': 'aborted',
            'api': 'aborted',
            'database': 'succeeded',
        }
        assert rows['web']['verdict']['reason'].startswith('Not begun: it needs api. pre_deploy migrate failed: ')
        assert rows['api']['trouble']['code'] == 'GateFailed'
        [gate] = rows['api']['gates']
        assert (gate['state'], gate['exit_code'], gate['lines'][-1]) == (
            'failed',
            1,
            'relation "orders" does not exist',
        )
        assert (rows['api']['deployed']['image_tag'], rows['web']['deployed']['image_tag']) == ('1', '1')
        assert len(stage.tasks(f'{stage.name}-api-migrate')) <= 2
        family = stage.aws.client('ecs').list_task_definitions(familyPrefix=f'{stage.name}-api-migrate')
        assert family['taskDefinitionArns'] == []

    play(aws, scenario)
