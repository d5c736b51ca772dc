"""What ECS tells, in the queue of the embedded AWS."""

import time
from collections.abc import Iterator

import pytest

from stack.sandbox import event_bus
from stack.sandbox.event_bus import ECS_EVENTS_QUEUE
from stack.sandbox.faults import Fault
from tests.aws import Aws


@pytest.fixture
def queue(aws: Aws) -> Iterator[str]:
    url = aws.client('sqs').create_queue(QueueName=ECS_EVENTS_QUEUE)['QueueUrl']
    yield url
    aws.client('sqs').delete_queue(QueueUrl=url)


def run_something(aws: Aws) -> None:
    ecs, cluster = aws.client('ecs'), aws.cluster()
    container = {'name': 'web', 'image': 'team/web:1', 'memory': 64}
    arn = ecs.register_task_definition(family='web', containerDefinitions=[container])['taskDefinition']
    ecs.run_task(cluster=cluster, taskDefinition=arn['taskDefinitionArn'])


def test_events_come_as_eventbridge_sends_them(aws: Aws, queue: str):
    run_something(aws)
    event = aws.messages(queue)[0]
    assert (event['source'], event['detail-type'], event['account']) == (
        'aws.ecs',
        'ECS Task State Change',
        aws.account,
    )
    assert event['detail']['group'] == 'family:web'


def test_whoever_waits_is_woken(aws: Aws, queue: str):
    aws.messages(queue)
    started = time.monotonic()
    run_something(aws)
    assert aws.client('sqs').receive_message(QueueUrl=queue, WaitTimeSeconds=20)['Messages']
    assert time.monotonic() - started < 18


def test_some_come_twice(aws: Aws, queue: str):
    aws.faults.add(Fault('duplicate', service='sqs'))
    run_something(aws)
    ids = [each['id'] for each in aws.messages(queue)]
    assert len(ids) == 2 * len(set(ids)) > 0


def test_what_nobody_reads_is_let_go(aws: Aws, queue: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(event_bus, 'KEPT', 3)
    for _ in range(5):
        run_something(aws)
    assert len(aws.messages(queue)) == 3


def test_without_a_queue_nothing_is_kept(aws: Aws):
    run_something(aws)
    assert ECS_EVENTS_QUEUE not in str(aws.client('sqs').list_queues().get('QueueUrls'))
