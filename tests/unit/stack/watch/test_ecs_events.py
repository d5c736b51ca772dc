"""The events of ECS that EventBridge delivers."""

import asyncio
import json
from typing import Any

import pytest

from stack.aws.connection import Connection
from stack.aws.sqs import Queue
from stack.sandbox.ecs.clock import ManualClock
from stack.sandbox.ecs.ecs import Ecs
from stack.watch.ecs_events import EcsEvents, read
from tests.aws import Aws
from tests.places import anywhere

SERVICE_ARN = 'arn:aws:ecs:us-east-1:123456789012:service/prod/web'


def event(kind: str, resources: list[str] | None = None, **detail: Any) -> str:
    return json.dumps({'source': 'aws.ecs', 'detail-type': kind, 'resources': resources or [], 'detail': detail})


@pytest.mark.parametrize(
    'body',
    [
        '',
        'hello',
        '[]',
        '{}',
        '{"detail-type": 7, "detail": 8}',
        '[' * 100_000,
        event('ECS Container Instance State Change'),
        event('ECS Service Action'),
        event('ECS Service Action', ['web']),
        event('ECS Task State Change', clusterArn=7, group='service:web'),
        event(
            'ECS Task State Change',
            clusterArn='arn:aws:ecs:us-east-1:123456789012:cluster/prod',
            group='other:migrate',
        ),
    ],
)
def test_a_message_without_information_is_ignored(body: str):
    assert read(body) is None


@pytest.mark.parametrize('kind', ['ECS Service Action', 'ECS Deployment State Change'])
def test_a_service_that_moves(kind: str):
    hint = read(event(kind, [SERVICE_ARN], eventName='SERVICE_STEADY_STATE'))
    assert (hint.ecs_cluster, hint.service, hint.task) == ('prod', 'web', None)
    assert (hint.account, hint.region) == ('123456789012', 'us-east-1')


@pytest.mark.parametrize('resources', [[], ['arn:aws:ecs:us-east-1:123456789012:service-deployment/prod/web/1']])
def test_a_hook_that_waits(resources: list[str]):
    hint = read(event('ECS Hook State Change', resources, eventName='HOOK_AWAITING_ACTION', serviceArn=SERVICE_ARN))
    assert (hint.ecs_cluster, hint.service, hint.task) == ('prod', 'web', None)


def test_a_task_that_runs_once():
    cluster = 'arn:aws:ecs:eu-west-1:210987654321:cluster/eu-prod'
    hint = read(event('ECS Task State Change', clusterArn=cluster, group='family:eu-prod-db-migrate'))
    assert (hint.account, hint.region) == ('210987654321', 'eu-west-1')
    assert (hint.ecs_cluster, hint.service_in('eu-prod'), hint.task) == ('eu-prod', 'db-migrate', None)
    assert hint.service_in('prod') == ''


def test_a_task_that_stops():
    hint = read(
        event(
            'ECS Task State Change',
            clusterArn='arn:aws:ecs:us-east-1:123456789012:cluster/prod',
            group='service:web',
            taskArn='arn:task/1',
            lastStatus='STOPPED',
            stoppedAt='2026-03-01T12:00:00.123Z',
            containers=[{'name': 'web', 'exitCode': 3}],
        )
    )
    assert (hint.ecs_cluster, hint.service_in('any')) == ('prod', 'web')
    assert (hint.task.status, hint.task.containers[0].exit_code, hint.task.stopped_at.year) == ('STOPPED', 3, 2026)


def test_what_the_embedded_ecs_sends_is_understood():
    sent: list[dict] = []
    clock = ManualClock()
    ecs = Ecs(clock, on_event=sent.append)
    place = {'region': 'us-east-1', 'account': '123456789012'}

    def call(action: str, **body: Any) -> None:
        status, answer = ecs.handle(action, body, *place.values())
        assert status == 200, answer

    call('CreateCluster', clusterName='prod')
    ecs.register_container_instance('prod', **place)
    container = {'name': 'web', 'image': 'team/web:1', 'memory': 64}
    call('RegisterTaskDefinition', family='web', containerDefinitions=[container])
    call('CreateService', cluster='prod', serviceName='web', taskDefinition='web', desiredCount=1)
    clock.advance(120)
    ecs.advance()
    received = [read(json.dumps(each)) for each in sent]
    assert {(each.ecs_cluster, each.service) for each in received if each} == {('prod', 'web')}
    assert 'RUNNING' in {each.task.status for each in received if each and each.task}


def test_messages_are_passed_on_and_taken_off_the_queue(aws: Aws):
    url = aws.queue()
    sqs = aws.client('sqs')
    for body in ('nonsense', event('ECS Service Action', [SERVICE_ARN])):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    hints: list[tuple] = []
    forwarded: list[str] = []
    connection = Connection()

    async def take() -> None:
        queue = Queue(connection, url.rpartition('/')[2])
        events = EcsEvents(queue, lambda *hint: hints.append(hint), anywhere, forward=forwarded.append)
        while not hints:
            await events.take()

    asyncio.run(take())
    connection.close()
    assert hints == [('prod', 'web', None)]
    assert aws.messages(url) == []
    # Another process of this server hears the same.
    for body in forwarded:
        EcsEvents(Queue(connection, 'other'), lambda *hint: hints.append(hint), anywhere).hear(body)
    assert hints == [('prod', 'web', None)] * 2


def test_an_event_of_a_cluster_of_that_name_in_another_account_is_no_hint(aws: Aws):
    url = aws.queue()
    others = SERVICE_ARN.replace('123456789012', '210987654321')
    for arn in (others, SERVICE_ARN):
        aws.client('sqs').send_message(QueueUrl=url, MessageBody=event('ECS Service Action', [arn]))
    hints: list[tuple] = []
    asked: list[tuple[str, str, str]] = []
    connection = Connection()

    def cluster_at(*place: str) -> str | None:
        asked.append(place)
        return 'prod' if place[1] == '123456789012' else None

    async def take() -> None:
        events = EcsEvents(Queue(connection, url.rpartition('/')[2]), lambda *hint: hints.append(hint), cluster_at)
        while len(asked) < 2:
            await events.take()

    asyncio.run(take())
    connection.close()
    assert sorted(asked) == [('prod', '123456789012', 'us-east-1'), ('prod', '210987654321', 'us-east-1')]
    assert hints == [('prod', 'web', None)]


def test_an_event_is_a_hint_for_the_cluster_by_its_name_in_nysa():
    hints: list[tuple] = []
    events = EcsEvents(None, lambda *hint: hints.append(hint), lambda *place: 'prod-default')
    arn = 'arn:aws:ecs:us-east-1:123456789012:cluster/default'
    events.hear(event('ECS Service Action', ['arn:aws:ecs:us-east-1:123456789012:service/default/web']))
    events.hear(event('ECS Task State Change', clusterArn=arn, group='family:prod-default-migrate'))
    # The family of another cluster in the same account.
    events.hear(event('ECS Task State Change', clusterArn=arn, group='family:default-migrate'))
    assert hints == [('prod-default', 'web', None), ('prod-default', 'migrate', None)]
