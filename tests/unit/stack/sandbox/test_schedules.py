"""Schedules of the embedded AWS: they start tasks in its ECS, by its clock."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.aws import Aws

ROLE = 'arn:aws:iam::123456789012:role/scheduler'


class Stage:
    """A cluster with a task definition; its schedules go with the test."""

    def __init__(self, aws: Aws, instances: int = 1):
        self.aws = aws
        self.cluster = aws.cluster(instances=instances)
        self.ecs, self.scheduler = aws.client('ecs'), aws.client('scheduler')
        container = {'name': 'job', 'image': 'team/job:1', 'memory': 64}
        made = self.ecs.register_task_definition(family=self.cluster, containerDefinitions=[container])
        self.definition = made['taskDefinition']['taskDefinitionArn']
        self.scheduler.create_schedule_group(Name=self.cluster)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.aws.embedded.clock.now(), UTC)

    def create(self, expression: str, name: str = 'nightly', target: dict[str, Any] | None = None, **more: Any) -> None:
        run = {'TaskDefinitionArn': self.definition, 'TaskCount': 1, 'LaunchType': 'EC2'}
        arn = f'arn:aws:ecs:us-east-1:{self.aws.account}:cluster/{self.cluster}'
        self.scheduler.create_schedule(
            GroupName=self.cluster,
            Name=name,
            ScheduleExpression=expression,
            FlexibleTimeWindow=more.pop('window', {'Mode': 'OFF'}),
            Target={'Arn': arn, 'RoleArn': ROLE, 'EcsParameters': run, **(target or {})},
            **more,
        )

    def started(self) -> list[dict[str, Any]]:
        arns = [
            arn
            for status in ('RUNNING', 'STOPPED')
            for arn in self.ecs.list_tasks(cluster=self.cluster, desiredStatus=status)['taskArns']
        ]
        tasks = self.ecs.describe_tasks(cluster=self.cluster, tasks=arns)['tasks'] if arns else []
        return sorted(tasks, key=lambda task: task['createdAt'])


@pytest.fixture
def stage(aws: Aws) -> Iterator[Stage]:
    stage = Stage(aws)
    yield stage
    stage.scheduler.delete_schedule_group(Name=stage.cluster)


def test_a_task_starts_at_each_time_of_a_cron_expression(stage: Stage):
    at = (stage.now() + timedelta(minutes=30)).replace(second=0, microsecond=0)
    stage.create(f'cron({at.minute} * * * ? *)')
    stage.aws.advance(45 * 60)
    [task] = stage.started()
    assert task['createdAt'] == at
    assert (task['startedBy'], task['group']) == ('chronos-schedule/nightly', f'family:{stage.cluster}')
    assert task['containers'][0]['exitCode'] == 0
    stage.aws.advance(3600)
    assert stage.started()[-1]['createdAt'] == at + timedelta(hours=1)


def test_a_cron_expression_has_its_time_zone(stage: Stage):
    at = (stage.now() + timedelta(minutes=10)).replace(second=0, microsecond=0)
    local = at + timedelta(hours=5, minutes=45)
    stage.create(f'cron({local.minute} {local.hour} * * ? *)', ScheduleExpressionTimezone='Asia/Kathmandu')
    stage.aws.advance(1200)
    assert [task['createdAt'] for task in stage.started()] == [at]


def test_an_interval_begins_at_once_and_a_one_time_schedule_ends(stage: Stage):
    stage.create('rate(10 minutes)', 'often')
    at = (stage.now() + timedelta(minutes=15)).replace(microsecond=0)
    stage.create(f'at({at:%Y-%m-%dT%H:%M:%S})', 'once', ActionAfterCompletion='DELETE')
    stage.aws.advance(29 * 60)
    assert sorted(task['startedBy'].partition('/')[2] for task in stage.started()) == [
        'often',
        'often',
        'often',
        'once',
    ]
    assert [each['Name'] for each in stage.scheduler.list_schedules(GroupName=stage.cluster)['Schedules']] == ['often']


def test_a_disabled_schedule_starts_nothing_and_a_changed_one_begins_again(stage: Stage):
    stage.create('rate(10 minutes)', State='DISABLED')
    stage.aws.advance(1800)
    assert stage.started() == []
    found = stage.scheduler.get_schedule(GroupName=stage.cluster, Name='nightly')
    kept = ('Name', 'GroupName', 'ScheduleExpression', 'FlexibleTimeWindow', 'Target')
    stage.scheduler.update_schedule(**{name: found[name] for name in kept}, State='ENABLED')
    stage.aws.advance(60)
    assert len(stage.started()) == 1


def test_a_start_lies_within_the_window(stage: Stage):
    at = (stage.now() + timedelta(minutes=10)).replace(second=0, microsecond=0)
    window = {'Mode': 'FLEXIBLE', 'MaximumWindowInMinutes': 20}
    stage.create(f'cron({at.minute} {at.hour} * * ? *)', window=window)
    stage.aws.advance(35 * 60)
    [task] = stage.started()
    assert at < task['createdAt'] < at + timedelta(minutes=20)


def test_nothing_starts_outside_of_the_dates(stage: Stage):
    start, end = stage.now() + timedelta(minutes=20), stage.now() + timedelta(minutes=35)
    stage.create('rate(10 minutes)', StartDate=start, EndDate=end)
    stage.aws.advance(3600)
    assert len(stage.started()) == 2


def test_a_failed_start_is_tried_again_and_then_a_dead_letter(aws: Aws):
    stage = Stage(aws, instances=0)
    queue = aws.queue()
    arn = aws.client('sqs').get_queue_attributes(QueueUrl=queue, AttributeNames=['QueueArn'])['Attributes']['QueueArn']
    target = {
        'DeadLetterConfig': {'Arn': arn},
        'RetryPolicy': {'MaximumRetryAttempts': 2, 'MaximumEventAgeInSeconds': 3600},
        'Input': json.dumps({'containerOverrides': []}),
    }
    stage.create('rate(1 day)', target=target)
    aws.advance(60)
    assert aws.messages(queue) == []
    aws.advance(600)
    assert aws.messages(queue) == [{'containerOverrides': []}]
    stage.scheduler.delete_schedule_group(Name=stage.cluster)


def test_a_start_that_fails_for_a_while_succeeds_later(aws: Aws):
    stage = Stage(aws, instances=0)
    stage.create('rate(1 day)')
    aws.advance(45)
    aws.embedded.register_instances(stage.cluster, 1)
    aws.advance(600)
    assert len(stage.started()) == 1
    stage.scheduler.delete_schedule_group(Name=stage.cluster)


def test_overrides_and_tags_reach_the_task(stage: Stage):
    overrides = {'containerOverrides': [{'name': 'job', 'command': ['report']}]}
    run = {
        'TaskDefinitionArn': stage.definition,
        'TaskCount': 2,
        'LaunchType': 'EC2',
        'Tags': [{'key': 'team', 'value': 'data'}],
    }
    stage.create(
        'rate(1 day)', 'a-name-that-is-too-long', target={'Input': json.dumps(overrides), 'EcsParameters': run}
    )
    stage.aws.advance(5)
    first, _ = stage.started()
    assert first['overrides']['containerOverrides'] == overrides['containerOverrides']
    assert first['startedBy'] == 'chronos-schedule/a-name-that-is-too-'
    found = stage.ecs.describe_tasks(cluster=stage.cluster, tasks=[first['taskArn']], include=['TAGS'])['tasks']
    assert found[0]['tags'] == run['Tags']


def test_the_same_client_token_starts_the_same_task(stage: Stage):
    runs = [
        stage.ecs.run_task(cluster=stage.cluster, taskDefinition=stage.definition, clientToken=token)['tasks'][0]
        for token in ('one', 'one', 'two')
    ]
    assert runs[0]['taskArn'] == runs[1]['taskArn'] != runs[2]['taskArn']
