"""Runs on request and by schedule, over HTTP, with real tasks in the embedded ECS."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import nysa_server
from stack.sandbox.faults import Fault
from tests.client import Answer, path
from tests.server import Server

ROLE = 'arn:aws:iam::123456789012:role/scheduler'
SERVICES = [
    {
        'report': {
            'image': 'team/report:1',
            'memory': 64,
            'type': 'task',
            'scheduler_role': ROLE,
            'schedule': {'cron': '0 3 * * ? 2199'},
        }
    },
    {'migrate': {'image': 'team/migrate:exit-3', 'memory': 64, 'type': 'task'}},
    {'web': {'image': 'team/web:1', 'memory': 64}},
]


class Stage:
    """A cluster with a scheduled task, a task and a service; their task definitions are registered."""

    def __init__(self, server: Server):
        self.server = server
        self.name = server.cluster({'services': SERVICES})
        self.ecs = server.aws.client('ecs')
        for item in SERVICES:
            [(name, settings)] = item.items()
            container = {'name': name, 'image': settings['image'], 'memory': 64}
            self.ecs.register_task_definition(family=f'{self.name}-{name}', containerDefinitions=[container])

    def call(self, method: str, rest: str, body: Any = None, **options: Any) -> Answer:
        return self.server.api(method, path('clusters', self.name, 'services') + rest, body, **options)

    def follow(self) -> None:
        """Have the server look at the runs that are due."""

        async def looked() -> None:
            watcher = self.server.context.run_watcher
            watcher._due.clear()
            await watcher.tick()

        asyncio.run_coroutine_threadsafe(looked(), self.server._loop).result(30)

    def start(self) -> None:
        """Have a scheduler carry out what is requested."""
        starter = nysa_server.make_run_starter(
            nysa_server.Aws(self.server._settings, self.server._connection, self.server._metrics)
        )
        asyncio.run_coroutine_threadsafe(starter.look(), self.server._loop).result(30)

    def tasks(self, service: str) -> list[dict[str, Any]]:
        arns = [
            arn
            for status in ('RUNNING', 'STOPPED')
            for arn in self.ecs.list_tasks(cluster=self.name, family=f'{self.name}-{service}', desiredStatus=status)[
                'taskArns'
            ]
        ]
        return self.ecs.describe_tasks(cluster=self.name, tasks=arns, include=['TAGS'])['tasks'] if arns else []


@pytest.fixture
def stage(server: Server) -> Stage:
    return Stage(server)


def test_a_task_runs_now_and_its_end_is_kept(stage: Stage):
    answer = stage.call('POST', '/report/run?message=after%20the%20import', {'command': ['report', 'all']})
    assert answer.status == 202, answer.json
    run = answer.json
    assert (run['state'], run['trigger'], run['message']) == ('requested', 'request', 'after the import')
    assert run['overrides'] == {'command': ['report', 'all']}
    assert stage.tasks('report') == []
    stage.start()
    [task] = stage.tasks('report')
    assert task['startedBy'] == f'nysa-run/{run["id"]}'
    assert task['overrides']['containerOverrides'] == [{'name': 'report', 'command': ['report', 'all']}]
    assert {tag['key']: tag['value'] for tag in task['tags']} == {'nysa:cluster': stage.name, 'nysa:service': 'report'}
    stage.server.aws.advance(120)
    stage.follow()
    ended = stage.call('GET', f'/report/runs/{run["id"]}').json
    assert (ended['state'], ended['exit_code'], ended['by']) == ('succeeded', 0, run['by'])
    assert ended['seconds'] > 0
    page = stage.call('GET', '/report/runs').json
    assert [row['id'] for row in page['content']] == [run['id']]
    assert page['schedule']['expression'] == 'cron(0 3 * * ? 2199)'
    assert stage.call('GET', '/report').json['schedule']['state'] == 'pending'


def test_a_run_that_fails_states_why(stage: Stage):
    run = stage.call('POST', '/migrate/run').json
    stage.start()
    stage.server.aws.advance(120)
    stage.follow()
    ended = stage.call('GET', f'/migrate/runs/{run["id"]}').json
    assert (ended['state'], ended['reason']['kind'] != '') == ('failed', True)
    assert stage.call('GET', '/migrate').json['schedule'] is None


def test_the_same_client_token_gives_the_same_run(stage: Stage):
    first, second = (stage.call('POST', '/report/run', {'client_token': 'today'}).json['id'] for _ in range(2))
    other = stage.call('POST', '/report/run', {'client_token': 'tomorrow'}).json['id']
    assert first == second != other
    stage.start()
    assert stage.call('POST', '/report/run', {'client_token': 'today'}).json['state'] == 'starting'
    stage.start()
    assert len(stage.tasks('report')) == 2
    answer = stage.call('POST', '/report/run', {'client_token': 'today', 'command': ['other']})
    assert answer.status == 409


def test_a_service_needs_a_command(stage: Stage):
    assert stage.call('POST', '/web/run').status == 422
    answer = stage.call(
        'POST', '/web/run', {'command': ['rails', 'db:migrate'], 'environment': {'RAILS_ENV': 'x'}, 'memory': 128}
    )
    assert answer.status == 202
    assert answer.json['overrides'] == {'command': ['rails', 'db:migrate'], 'environment': ['RAILS_ENV'], 'memory': 128}
    stage.start()
    [task] = stage.tasks('web')
    assert task['overrides']['containerOverrides'][0] == {
        'name': 'web',
        'command': ['rails', 'db:migrate'],
        'environment': [{'name': 'RAILS_ENV', 'value': 'x'}],
        'memory': 128,
    }


def test_a_run_is_in_the_audit(stage: Stage):
    stage.call('POST', '/report/run?message=because', {'command': ['report']})
    asyncio.run_coroutine_threadsafe(stage.server.context.audit.close(), stage.server._loop).result(30)
    entries = stage.server.api('GET', path('clusters', stage.name, 'audit')).json['content']
    assert entries[0]['did'] == {'verb': 'run', 'service': 'report', 'command': ['report']}
    assert entries[0]['message'] == 'because'


def test_a_frozen_cluster_runs_tasks(stage: Stage):
    frozen = stage.server.api('PUT', path('clusters', stage.name, 'freeze'), {'reason': 'sale'})
    assert frozen.status < 300, frozen.json
    assert stage.call('POST', '/report/run').status == 202


@pytest.mark.parametrize(
    'body',
    [
        {'command': 'report'},
        {'command': []},
        {'command': [1]},
        {'environment': ['A=b']},
        {'environment': {'A': 1}},
        {'cpu': 0},
        {'cpu': True},
        {'memory': '64'},
        {'client_token': ''},
        {'client_token': 'x' * 65},
        {'image': 'other'},
    ],
)
def test_bad_input_starts_nothing(stage: Stage, body: dict[str, Any]):
    answer = stage.call('POST', '/report/run', body)
    assert (answer.status, bool(answer.json['details'])) == (400, True)
    stage.start()
    assert stage.tasks('report') == []


def test_what_does_not_exist_is_not_found(stage: Stage):
    assert stage.call('POST', '/none/run').status == 404
    assert stage.call('GET', '/none/runs').status == 404
    assert stage.call('GET', '/report/runs/none').status == 404
    assert stage.call('GET', '/report/runs?after=none').status == 400


def test_a_run_that_ecs_refuses_states_what_to_do(stage: Stage):
    definition = stage.ecs.list_task_definitions(familyPrefix=f'{stage.name}-report')['taskDefinitionArns'][0]
    stage.ecs.deregister_task_definition(taskDefinition=definition)
    stage.call('POST', '/report/run')
    stage.start()
    [run] = stage.call('GET', '/report/runs').json['content']
    assert run['state'] == 'refused'
    assert 'deploy it first' in run['reason']['what']


def test_what_a_killed_scheduler_left_is_carried_out_once(stage: Stage):
    stage.call('POST', '/report/run')
    stage.server.aws.faults.add(Fault('deny', service='s3', operation='DeleteObject'))
    stage.start()
    stage.server.aws.faults.clear()
    stage.start()
    stage.start()
    assert len(stage.tasks('report')) == 1
    assert (
        stage.server.aws.client('s3').list_objects_v2(Bucket=stage.server.bucket, Prefix='run-requests/')['KeyCount']
        == 0
    )


def test_runs_come_page_by_page(stage: Stage):
    made = [stage.call('POST', '/report/run').json['id'] for _ in range(3)]
    first = stage.call('GET', '/report/runs?limit=2').json
    second = stage.call('GET', f'/report/runs?limit=2&after={first["next"]}').json
    assert [row['id'] for row in [*first['content'], *second['content']]] == made[::-1]
    assert second['next'] is None


def test_a_run_by_the_schedule_is_kept_with_its_time(stage: Stage):
    aws = stage.server.aws
    due = (datetime.fromtimestamp(aws.embedded.clock.now(), UTC) + timedelta(minutes=2)).replace(
        second=0, microsecond=0
    )
    scheduler, group = aws.client('scheduler'), f'nysa-{stage.name}'
    scheduler.create_schedule_group(Name=group)
    scheduler.create_schedule(
        GroupName=group,
        Name='report',
        ScheduleExpression=f'at({due:%Y-%m-%dT%H:%M:%S})',
        FlexibleTimeWindow={'Mode': 'OFF'},
        Target={
            'Arn': f'arn:aws:ecs:us-east-1:{aws.account}:cluster/{stage.name}',
            'RoleArn': ROLE,
            'EcsParameters': {
                'TaskDefinitionArn': f'arn:aws:ecs:us-east-1:{aws.account}:task-definition/{stage.name}-report:1'
            },
        },
    )
    aws.advance(300)
    stage.follow()
    [run] = stage.call('GET', '/report/runs').json['content']
    assert (run['trigger'], run['state'], run['created_at'][:16]) == ('schedule', 'succeeded', f'{due:%Y-%m-%dT%H:%M}')
    scheduler.delete_schedule_group(Name=group)
