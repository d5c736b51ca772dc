"""The adapter of Application Auto Scaling: targets with their parts, and activities."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stack.aws import autoscaling
from stack.aws.errors import translate
from stack.errors import Throttled
from tests.unit.stack.aws.stubbed import run, stubbed

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
ARN = 'arn:aws:application-autoscaling:us-east-1:1:scalable-target/1'
WHERE = {
    'ServiceNamespace': 'ecs',
    'ResourceId': 'service/staging/web',
    'ScalableDimension': 'ecs:service:DesiredCount',
}
TARGET = {
    **WHERE,
    'MinCapacity': 1,
    'MaxCapacity': 4,
    'RoleARN': 'arn:aws:iam::1:role/x',
    'CreationTime': AT,
    'ScalableTargetARN': ARN,
    'SuspendedState': {'DynamicScalingInSuspended': True},
}


def activity(**more: Any) -> dict[str, Any]:
    return {
        **WHERE,
        'ActivityId': 'a1',
        'Description': 'Setting desired count to 3.',
        'Cause': 'monitor alarm high in state ALARM triggered policy nysa-cpu',
        'StartTime': AT,
        'StatusCode': 'Successful',
        **more,
    }


def test_details_are_asked_for_the_services_that_need_them():
    with stubbed('application-autoscaling') as (aws, stub):
        stub.add_response('describe_scalable_targets', {'ScalableTargets': [TARGET]})
        found = run(autoscaling.scaled(aws, 'staging', ['web', 'other'], []))
        assert (found.services, found.targets) == ({'web'}, {})


def test_without_the_permission_for_details_the_reason_is_kept():
    with stubbed('application-autoscaling') as (aws, stub):
        stub.add_response('describe_scalable_targets', {'ScalableTargets': [TARGET]})
        stub.add_client_error('describe_scaling_policies', 'AccessDeniedException', 'no', 400)
        found = run(autoscaling.scaled(aws, 'staging', ['web'], ['web']))
        assert found.services == {'web'}
        assert 'AccessDeniedException' in found.unknown
        assert 'Autoscaling is not changed' in aws.limitations.all()['application-autoscaling:DescribeScalingPolicies']


@pytest.mark.parametrize(
    ('found', 'message'),
    [
        (
            activity(),
            'Setting desired count to 3 (monitor alarm high in state ALARM triggered policy nysa-cpu).',
        ),
        (activity(Cause=''), 'Setting desired count to 3.'),
        (activity(Cause='x', StatusCode='Failed', StatusMessage='no'), 'Setting desired count to 3 (x). Failed: no'),
    ],
)
def test_an_activity_states_what_was_scaled_and_why(found, message):
    with stubbed('application-autoscaling') as (aws, stub):
        stub.add_response('describe_scaling_activities', {'ScalingActivities': [found]}, {**WHERE, 'MaxResults': 5})
        [event] = run(autoscaling.activities(aws, 'staging', 'web', 5))
        assert (event.at, event.message) == (AT, message)


@pytest.mark.parametrize('code', ['AccessDeniedException', 'ValidationException'])
def test_without_an_answer_there_are_no_activities(code):
    with stubbed('application-autoscaling') as (aws, stub):
        stub.add_client_error('describe_scaling_activities', code, 'no', 400)
        assert run(autoscaling.activities(aws, 'staging', 'web', 5)) == []


def test_a_limit_of_cloudwatch_is_waited_for():
    reason = (
        'Unable to retrieve alarms due to reason: Rate exceeded (Service: AmazonCloudWatch; Error Code: Throttling)'
    )
    throttled = ClientError({'Error': {'Code': 'FailedResourceAccessException', 'Message': reason}}, 'PutScalingPolicy')
    denied = ClientError({'Error': {'Code': 'FailedResourceAccessException', 'Message': 'no'}}, 'PutScalingPolicy')
    assert isinstance(translate(throttled, 'application-autoscaling:PutScalingPolicy'), Throttled)
    assert not isinstance(translate(denied, 'application-autoscaling:PutScalingPolicy'), Throttled)
