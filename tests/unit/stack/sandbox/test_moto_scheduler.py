"""moto's EventBridge Scheduler as it is corrected here."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws import Aws


def create(aws: Aws, group: str, name: str, **changes: Any) -> dict[str, Any]:
    given = {
        'ScheduleExpression': 'cron(0 3 * * ? 2199)',
        'FlexibleTimeWindow': {'Mode': 'OFF'},
        'Target': {'Arn': 'arn:aws:sqs:us-east-1:123456789012:a', 'RoleArn': 'arn:aws:iam::123456789012:role/a'},
    }
    return aws.client('scheduler').create_schedule(GroupName=group, Name=name, **{**given, **changes})


def group(aws: Aws) -> str:
    name = aws.cluster(instances=0)
    aws.client('scheduler').create_schedule_group(Name=name)
    return name


def refusal(operation: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        operation(**arguments)
    return caught.value.response['Error']['Code']


def test_what_does_not_exist_is_not_found(aws: Aws):
    scheduler, missing = aws.client('scheduler'), 'ResourceNotFoundException'
    assert refusal(scheduler.get_schedule, GroupName='none', Name='a') == missing
    assert refusal(scheduler.list_schedules, GroupName='none') == missing
    assert refusal(scheduler.delete_schedule_group, Name='none') == missing
    with pytest.raises(ClientError, match=missing):
        create(aws, 'none', 'a')


def test_a_group_is_not_replaced_by_another_of_its_name(aws: Aws):
    name, scheduler = group(aws), aws.client('scheduler')
    create(aws, name, 'a')
    assert refusal(scheduler.create_schedule_group, Name=name) == 'ConflictException'
    assert [each['Name'] for each in scheduler.list_schedules(GroupName=name)['Schedules']] == ['a']
    scheduler.delete_schedule_group(Name=name)
    assert refusal(scheduler.get_schedule, GroupName=name, Name='a') == 'ResourceNotFoundException'


def test_the_same_call_again_is_answered_as_before(aws: Aws):
    name = group(aws)
    first = create(aws, name, 'a', ClientToken='one')
    assert create(aws, name, 'a', ClientToken='one')['ScheduleArn'] == first['ScheduleArn']
    with pytest.raises(ClientError, match='ConflictException'):
        create(aws, name, 'a', ClientToken='two')


@pytest.mark.parametrize('expression', ['cron(0 3 * * *)', 'rate(5 seconds)', 'every day'])
def test_an_expression_that_aws_refuses(aws: Aws, expression: str):
    with pytest.raises(ClientError, match='ValidationException'):
        create(aws, group(aws), 'a', ScheduleExpression=expression)
