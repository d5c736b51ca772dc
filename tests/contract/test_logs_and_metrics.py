"""Logs and metrics of a service, over HTTP and the live channel, by real boto3 against the embedded AWS."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.client import path
from tests.live_client import LiveClient
from tests.server import Server

_numbers = itertools.count(1)


class Logged:
    """A cluster with the service `web`, which writes to a log group of its own."""

    def __init__(self, server: Server):
        self.server = server
        self.group = f'/ecs/web-{next(_numbers)}'
        options = {'awslogs-group': self.group, 'awslogs-region': server.aws.region, 'awslogs-stream-prefix': 'svc'}
        web = {'image': 'web:1', 'logging': {'log_driver': 'awslogs', 'options': options}}
        self.name = server.cluster({'services': [{'web': web}]})
        server.aws.client('logs').create_log_group(logGroupName=self.group)

    def get(self, kind: str) -> tuple[int, dict[str, Any]]:
        answer = self.server.api('GET', path('clusters', self.name, 'services', 'web') + kind)
        return answer.status, answer.json

    def write(self, *lines: str, task: str = 'task-1', at: datetime | None = None) -> None:
        logs, stream = self.server.aws.client('logs'), f'svc/web/{task}'
        streams = logs.describe_log_streams(logGroupName=self.group)['logStreams']
        if stream not in [each['logStreamName'] for each in streams]:
            logs.create_log_stream(logGroupName=self.group, logStreamName=stream)
        first = int((at or datetime.now(UTC)).timestamp() * 1000)
        events = [{'timestamp': first + number, 'message': line} for number, line in enumerate(lines)]
        logs.put_log_events(logGroupName=self.group, logStreamName=stream, logEvents=events)


@pytest.fixture
def logged(server: Server) -> Logged:
    return Logged(server)


def lines(body: dict[str, Any]) -> list[str]:
    return [line['line'] for line in body['content']]


def test_a_log_is_read_page_by_page(logged: Logged):
    logged.write(*(f'line {number}' for number in range(5)), at=datetime.now(UTC) - timedelta(minutes=5))
    status, body = logged.get('/logs?order=oldest&limit=2&filter=line')
    assert status == 200, body
    assert body['sources'] == [{'container': 'web', 'driver': 'awslogs', 'group': logged.group, 'readable': True}]
    read = lines(body)
    while body['cursor']:
        _, body = logged.get(f'/logs?limit=2&cursor={body["cursor"]}')
        read += lines(body)
    assert read == [f'line {number}' for number in range(5)]


def test_a_log_is_narrowed_to_a_task_a_time_and_a_text(logged: Logged):
    old = datetime.now(UTC) - timedelta(hours=3)
    logged.write('GET /old', at=old)
    logged.write('GET /one', 'POST /one', task='task-1')
    logged.write('GET /two', task='task-2')
    assert 'GET /old' not in lines(logged.get('/logs')[1])
    assert lines(logged.get('/logs?task=task-2')[1]) == ['GET /two']
    assert sorted(lines(logged.get('/logs?filter=GET')[1])) == ['GET /one', 'GET /two']
    until = (old + timedelta(minutes=1)).isoformat().replace('+', '%2B')
    assert 'GET /old' in lines(logged.get(f'/logs?since=4h&until={until}')[1])


@pytest.mark.parametrize(
    ('query', 'status'),
    [
        ('/logs?since=yesterday', 400),
        ('/logs?since=2026-01-01T00:00:00', 400),
        ('/logs?since=1h&until=2h', 400),
        ('/logs?order=random', 400),
        ('/logs?limit=0', 400),
        ('/logs?limit=1001', 400),
        ('/logs?cursor=x', 400),
        ('/logs?container=other', 422),
        ('/metrics?range=1y', 400),
        ('/metrics?step=61', 400),
        ('/metrics?range=1w&step=60', 400),
    ],
)
def test_questions_that_are_refused(logged: Logged, query: str, status: int):
    answer = logged.get(query)
    assert answer[0] == status, answer


def test_there_is_nothing_of_a_service_or_cluster_that_is_not_there(logged: Logged):
    for kind in ('logs', 'metrics'):
        assert logged.server.api('GET', path('clusters', logged.name, 'services', 'missing', kind)).status == 404
        assert logged.server.api('GET', path('clusters', 'missing', 'services', 'web', kind)).status == 404
    assert logged.server.api('GET', path('clusters', 'missing', 'metrics')).status == 404


def test_metrics_have_units_and_the_rollouts_as_marks(logged: Logged):
    status, body = logged.get('/metrics?range=1h')
    assert status == 200, body
    assert [(series['name'], series['unit']) for series in body['series']] == [
        ('cpu', 'Percent'),
        ('memory', 'Percent'),
    ]
    assert [len(series['points']) for series in body['series']] == [60, 60]
    assert [mark['image'] for mark in body['marks']] == ['web:1']
    answer = logged.server.api('GET', path('clusters', logged.name, 'metrics'))
    assert list(answer.json['content']['web']) == ['cpu', 'memory']


def follow(server: Server, test: Callable[[LiveClient], Awaitable[None]], **headers: str) -> None:
    async def whole() -> None:
        client = await LiveClient.connect(server.port, '', **headers)
        try:
            await test(client)
        finally:
            await client.close()

    asyncio.run(whole())


def test_new_lines_come_over_the_live_channel(logged: Logged):
    async def test(client: LiveClient) -> None:
        await client.say({'type': 'tail', 'cluster': logged.name, 'service': 'web', 'filter': 'GET'})
        # Lines from before the tail begins are not followed: a pong comes once it has.
        await client.say({'type': 'ping'})
        await client.type('pong')
        await asyncio.to_thread(logged.write, 'GET /live', 'POST /live')
        message = await client.type('log')
        assert {key: message[key] for key in ('cluster', 'service', 'task', 'container', 'line')} == {
            'cluster': logged.name,
            'service': 'web',
            'task': 'task-1',
            'container': 'web',
            'line': 'GET /live',
        }
        await client.say({'type': 'untail'})
        await client.say({'type': 'ping'})
        await client.type('pong')
        assert len(logged.server.context.telemetry.tails) == 0

    follow(logged.server, test)


def test_a_tail_ends_with_its_socket(logged: Logged):
    async def test(client: LiveClient) -> None:
        await client.say({'type': 'tail', 'cluster': logged.name, 'service': 'web'})
        await client.say({'type': 'ping'})
        await client.type('pong')
        assert len(logged.server.context.telemetry.tails) == 1

    follow(logged.server, test)
    end = time.monotonic() + 60
    while len(logged.server.context.telemetry.tails):
        assert time.monotonic() < end
        time.sleep(0.02)  # polls: nothing is sent when a tail ends


def test_a_tail_that_cannot_be_is_an_error_and_the_connection_stays(logged: Logged):
    async def test(client: LiveClient) -> None:
        await client.say({'type': 'tail', 'cluster': logged.name, 'service': 'missing'})
        error = await client.type('error')
        assert (error['code'], error['details'][0]['path']) == ('not_found', 'tail')
        await client.say({'type': 'ping'})
        await client.type('pong')

    follow(logged.server, test)
