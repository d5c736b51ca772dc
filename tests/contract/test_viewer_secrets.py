"""What a viewer, a chat and the logs get of planted secrets: none, on whatever route, event, plan or line.

The routes come from the routing table, so that a new one is walked as well.
"""

import asyncio
import itertools
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from handlers.document.openapi import endpoints
from handlers.document.schemas import SCHEMAS
from handlers.routes import ROUTES
from stack.access.access import ROLES
from stack.access.tokens import Asked, make
from stack.chat.chat_lines import ChatLines
from stack.reconcile.plan import Change, Note, Plan, Row
from stack.runtime.log_lines import JsonLines, TerminalLines
from stack.scheduler.plan_text import in_brief, plan_lines
from tests.aws import Aws
from tests.live_client import LiveClient
from tests.rolling import BREAKER, Rolling, state_of

# By name, whatever the value.
NAMES = """
    DB_PASSWORD dbPassword PGPASSWORD DB_PASSWORD_OLD SECRET_KEY_BASE ENCRYPTION_KEY MYSQL_PWD REDISCLI_AUTH API_KEY
    GITHUB_TOKEN CLIENT_SECRET SENTRY_DSN SLACK_WEBHOOK_URL
"""

# By value, under names that do not give them away.
VALUES = [
    '-Dfoo.password={} -Xmx512m',
    'run --token {} --verbose',
    'postgres://app:{}@db/app',
    'https://hooks.slack.com/services/T0/B0/{}',
    'https://{}@o0.ingest.sentry.io/1',
    'Server=db;Password={};Encrypt=yes',
    'eyJhbGciOiJI.{}.abcdefgh',
    'ghp_{}',
    'sk_live_{}',
    '-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----',
    '{{"password": "{}"}}',
]

# What every text that people or AWS write may hold.
IN_TEXT = 'it failed with --password {} at postgres://app:{}@db'


class Plants:
    """Secrets, each another one, all with one mark in them."""

    MARK = 'pl4nted'

    def __init__(self, log_group: str = '/ecs/planted') -> None:
        self._numbers = itertools.count(1)
        self.log_group = log_group

    def one(self) -> str:
        return f'{self.MARK}{next(self._numbers):04d}secret'

    def text(self) -> str:
        return IN_TEXT.format(self.one(), self.one())

    def environment(self) -> dict[str, str]:
        named = {name: self.one() for name in NAMES.split()}
        return named | {f'OPTION_{i}': value.format(self.one()) for i, value in enumerate(VALUES)}

    def service(self, tag: str, **settings: Any) -> dict[str, Any]:
        logging = {
            'log_driver': 'awslogs',
            'options': {'awslogs-group': self.log_group, 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'svc'},
        }
        return {
            'image': f'team/web:{tag}',
            'memory': 64,
            'desired_count': 1,
            'command': ['run', '--token', self.one(), f'--db-password={self.one()}'],
            'environment': [{name: value} for name, value in self.environment().items()],
            'logging': logging,
            **settings,
        }

    def document(self, tag: str = '1') -> dict[str, Any]:
        worker = self.service(tag + '-exit-3' * (tag != '1'), **BREAKER)
        return {
            'defaults': {'environment': self.environment()},
            'approvals': {'by': ['role:admin']},
            **state_of({'web': self.service('1')}, {'worker': worker}),
        }


class Scene(Rolling):
    """A cluster with planted secrets wherever there can be any: wanted, running, drifted, failed, frozen."""

    async def begin(self) -> None:
        records = {role: make(Asked(role, ROLES[role]), None, datetime.now(UTC)) for role in ('viewer', 'admin')}
        self.tokens = {role: token for role, (token, _) in records.items()}
        profile = self.bucket.name
        self.aws.secret(profile, {'NYSA_TOKENS': [record.record() for _, record in records.values()]})
        self.plants = Plants(f'/ecs/{self.name}')
        self.port = await self.serve(PROFILE=profile, NYSA_AUTH='on', NYSA_RATE_LIMIT='1000000')
        self.running = asyncio.create_task(self.live.run())
        self.aws.client('logs').create_log_group(logGroupName=self.plants.log_group)

    async def close(self) -> None:
        self.running.cancel()
        await super().close()

    async def play(self) -> None:
        good = self.plants.document()
        self.first = (await self.change(good, message=self.plants.text())).id
        await self.live.state(self.name)
        self.act(good)
        await self.settled(step=10)
        bad = json.loads(json.dumps(good))
        bad['services'][1] = self.plants.document('2')['services'][1]
        self.second = (await self.change(bad, message=self.plants.text())).id
        self.act(bad)
        await self.until(self._over, step=10, within=3000)
        await self.recorder.finished()
        self.drift()
        await self.go(300, step=10)
        reason = {'reason': self.plants.text(), 'until': '2099-01-01T00:00:00Z'}
        assert (await self.ask('admin', 'PUT', f'/api/v1/clusters/{self.name}/freeze', reason))[0] == 200
        change = {'image_tag': self.plants.text()}
        refused = await self.ask('admin', 'PUT', f'/api/v1/clusters/{self.name}/services/web', change)
        assert refused[0] in (400, 423)
        run = {'command': ['migrate', '--token', self.plants.one()], 'environment': self.plants.environment()}
        address = f'/api/v1/clusters/{self.name}/services/web/run?message=by+hand'
        status, answer = await self.ask('admin', 'POST', address, run)
        assert status == 202, answer
        self.run = json.loads(answer.partition('\0')[2])['id']
        address = f'/api/v1/clusters/{self.name}/proposals?message=--token+{self.plants.one()}'
        status, answer = await self.ask('admin', 'POST', address, {'config': self.plants.document('3')})
        assert status == 201, answer
        self.proposal = json.loads(answer.partition('\0')[2])['id']
        await self.go(10)

    def _over(self, state: Any) -> bool:
        """Whether the rollouts have ended; what failing tasks log meanwhile is planted."""
        logs = self.aws.client('logs')
        for stream in logs.describe_log_streams(logGroupName=self.plants.log_group)['logStreams']:
            event = {'timestamp': int(self.now().timestamp() * 1000), 'message': self.plants.text()}
            logs.put_log_events(
                logGroupName=self.plants.log_group, logStreamName=stream['logStreamName'], logEvents=[event]
            )
        return not any(rollout.open for rollout in state.rollouts.values())

    def drift(self) -> None:
        """By hand: another task definition, with an empty variable, and a task stopped with a reason."""
        ecs = self.aws.client('ecs')
        service = ecs.describe_services(cluster=self.name, services=['web'])['services'][0]
        definition = ecs.describe_task_definition(taskDefinition=service['taskDefinition'])['taskDefinition']
        container = definition['containerDefinitions'][0]
        pairs = [{'name': name, 'value': value} for name, value in self.plants.environment().items()]
        container['environment'] = [{'name': 'EMPTY', 'value': ''}, {'name': 'BARE'}, *pairs]
        container['command'] = ['--token', self.plants.one()]
        made = ecs.register_task_definition(family=definition['family'], containerDefinitions=[container])
        arn = made['taskDefinition']['taskDefinitionArn']
        ecs.update_service(cluster=self.name, service='web', taskDefinition=arn)
        task = ecs.list_tasks(cluster=self.name, serviceName='web')['taskArns'][0]
        ecs.stop_task(cluster=self.name, task=task, reason=self.plants.text())

    async def ask(self, role: str, verb: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        headers = {'Authorization': f'Bearer {self.tokens[role]}', 'Content-Type': 'application/json', **headers}
        sent = None if body is None else json.dumps(body)
        url = f'http://127.0.0.1:{self.port}{path}'
        request = HTTPRequest(url, verb, headers, sent, allow_nonstandard_methods=True, follow_redirects=False)
        answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        return answer.code, f'{answer.headers}\0{answer.body.decode()}'

    def names_in_path(self, name: str) -> list[str]:
        """What is put into a path: a new name in the routing table needs its values here."""
        return {
            'cluster': [self.name, 'unknown'],
            'service': ['web', 'worker', 'unknown'],
            'revision': ['current', self.first, self.second],
            'token': [self.tokens['viewer'].split('_')[1]],
            'run': [self.run, 'unknown'],
            'proposal': [self.proposal, 'unknown'],
        }[name]

    def requests(self) -> Iterator[tuple[str, str, Any]]:
        """Every verb of every route, with the names and queries that lead to something, and a body from its schema."""
        against = f'against={self.first}'
        for endpoint in endpoints(ROUTES):
            for names in itertools.product(*map(self.names_in_path, endpoint.names)):
                path = endpoint.path.format(**dict(zip(endpoint.names, names, strict=True)))
                body = None
                if endpoint.operation.body == 'Stackfile':
                    body = state_of({'web': {'image': 'team/web:9', 'memory': 64, 'environment': {'EMPTY': ''}}})
                elif endpoint.operation.body:
                    body = SCHEMAS[endpoint.operation.body]['examples'][0]
                for query in ('', f'?{against}&limit=200&removed=true&managed=false&dry_run=true&cluster={self.name}'):
                    yield endpoint.verb.upper(), path + query, body


def play(aws: Aws, story: Any) -> None:
    async def whole() -> None:
        scene = Scene(aws)
        try:
            await scene.begin()
            await story(scene)
        finally:
            await scene.close()

    asyncio.run(whole())


def test_a_viewer_reads_no_secret_on_any_route(aws: Aws):
    async def story(scene: Scene) -> None:
        await scene.play()
        leaks, shown = [], set()
        for verb, path, body in scene.requests():
            for accept in ('application/json', 'application/yaml'):
                status, text = await scene.ask('viewer', verb, path, body, Accept=accept)
                assert status != 429, (verb, path)
                assert status < 500 or path.startswith('/readyz'), (verb, path, status, text)
                if Plants.MARK in text:
                    leaks.append((verb, path, accept, around(text)))
                if '••' in text or '\\u2022' in text:
                    shown.add(path.partition('?')[0].replace(scene.name, '{}'))
        assert not leaks
        # Where the masks are there was something to see.
        here = '/api/v1/clusters/{}'
        kept, newer = (f'{here}/revisions/{revision}' for revision in (scene.first, scene.second))
        assert shown >= {
            here, f'{here}/config', f'{here}/rollout', f'{here}/services/web', f'{here}/services/worker', kept,
            f'{newer}/diff', f'{here}/revisions', f'{here}/freeze', f'{here}/audit', f'{here}/plan',
            f'{here}/services/web/runs/{scene.run}', f'{here}/proposals/{scene.proposal}', f'{here}/proposals',
        }  # fmt: skip

    play(aws, story)


def test_where_a_viewer_sees_a_mask_an_admin_sees_what_is_there(aws: Aws):
    async def story(scene: Scene) -> None:
        await scene.play()
        for part in ('drift', 'stop_reasons', 'settings'):
            drifted = await report(scene, 'web')
            assert Plants.MARK in json.dumps(drifted[part]), part
        worker = await report(scene, 'worker')
        assert Plants.MARK in json.dumps(worker['flight']['log'])
        assert 'environment' in [change['path'] for change in drifted['drift']]

    play(aws, story)


async def report(scene: Scene, service: str) -> dict[str, Any]:
    path = f'/api/v1/clusters/{scene.name}/services/{service}'
    return json.loads((await scene.ask('admin', 'GET', path))[1].partition('\0')[2])


def test_events_and_the_chat_have_no_secret(aws: Aws):
    async def story(scene: Scene) -> None:
        heard: dict[str, LiveClient] = {}
        for role in ('viewer', 'admin'):
            bearer = f'Bearer {scene.tokens[role]}'
            heard[role] = await LiveClient.connect(scene.port, Authorization=bearer)
            await heard[role].subscribe('*')
        await scene.play()
        assert (await scene.ask('admin', 'DELETE', f'/api/v1/clusters/{scene.name}?override=now'))[0] < 300
        for client in heard.values():
            await client.type('deleted')
        again = await LiveClient.connect(scene.port, '?cluster=*', Authorization=f'Bearer {scene.tokens["viewer"]}')
        await again.type('synced')
        kinds = {message['type'] for message in heard['viewer'].got}
        assert kinds >= {'hello', 'cluster', 'rollout', 'desired', 'frozen', 'deleted'}
        leaks = [
            around(json.dumps(each)) for each in heard['viewer'].got + again.got if Plants.MARK in json.dumps(each)
        ]
        assert not leaks
        assert Plants.MARK in json.dumps(heard['admin'].got)
        chat = ChatLines('https://nysa.example.com')
        lines = [line for message in heard['admin'].got for line in chat.of(message)]
        assert len(lines) >= 4
        assert not [line for line in lines if Plants.MARK in line]
        for client in (*heard.values(), again):
            await client.close()

    play(aws, story)


def test_plans_in_words_have_no_secret():
    plants = Plants()
    changes = [Change(f'environment.{name}', value, plants.one()) for name, value in plants.environment().items()]
    changes = [each for each in changes if not each.path.partition('.')[2].startswith('OPTION')] + [
        Change('command', ['--token', plants.one()], [plants.text()]),
        Change('environment', [{'name': 'DB_PASSWORD', 'value': plants.one()}], None),
        Change('environment', None, plants.environment()),
    ]
    plan = Plan('prod', (Row('web', 'update', tuple(changes)),), notes=(Note('web', plants.text()),))
    lines = [*plan_lines(plan, 1.0), *(in_brief([Row('web', 'update', (each,))]) for each in changes)]
    assert not [line for line in lines if Plants.MARK in line]


def test_log_lines_have_no_secret():
    plants = Plants()
    try:
        raise ValueError(plants.text())
    except ValueError as error:
        why = (type(error), error, error.__traceback__)
    record = logging.LogRecord('nysa', logging.ERROR, 'x.py', 1, 'failed: %s', (plants.text(),), why)
    for formatter in (JsonLines(), TerminalLines()):
        assert Plants.MARK not in formatter.format(record)


def around(text: str) -> str:
    at = text.index(Plants.MARK)
    return text[max(0, at - 120) : at + 40]
