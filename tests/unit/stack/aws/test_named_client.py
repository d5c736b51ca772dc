"""The translation of a cluster's name in Nysa to its name in ECS."""

import asyncio
from typing import Any

import pytest

from stack.aws.client import AwsClient
from stack.aws.limitations import Limitations
from stack.aws.named_client import NamedClient


class Answering(AwsClient):
    """Records the calls, and gives one answer."""

    region = 'us-east-1'
    limitations = Limitations()

    def __init__(self, answer: dict[str, Any]):
        self.answer = answer
        self.calls: list[tuple[str, str, dict[str, Any]]] = []

    async def call(self, service: str, operation: str, /, **arguments: Any) -> Any:
        self.calls.append((service, operation, arguments))
        return self.answer


def ask(answer: dict[str, Any], service: str, operation: str, **arguments: Any) -> tuple[dict[str, Any], Any]:
    """The arguments that AWS gets, and the answer that the caller gets."""
    aws = Answering(answer)
    answered = asyncio.run(NamedClient(aws, 'prod-default', 'default').call(service, operation, **arguments))
    [(sent_to, called, sent)] = aws.calls
    assert (sent_to, called) == (service, operation)
    return sent, answered


@pytest.mark.parametrize(
    ('service', 'given', 'sent'),
    [
        ('ecs', {'cluster': 'prod-default', 'services': ['prod-default']}, {'cluster': 'default'}),
        ('ecs', {'cluster': 'other'}, {'cluster': 'other'}),
        ('ecs', {'cluster': 'arn:aws:ecs:us-east-1:1:cluster/prod-default'}, {}),
        ('ecs', {'clusters': ['prod-default', 'other']}, {'clusters': ['default', 'other']}),
        ('ecs', {'family': 'prod-default-web'}, {}),
        (
            'application-autoscaling',
            {'ResourceId': 'service/prod-default/web', 'ServiceNamespace': 'ecs'},
            {'ResourceId': 'service/default/web'},
        ),
        (
            'application-autoscaling',
            {'ResourceIds': ['service/prod-default/web', 'service/prod-default-2/web']},
            {'ResourceIds': ['service/default/web', 'service/prod-default-2/web']},
        ),
        ('cloudwatch', {'AlarmNames': ['add/prod-default/web']}, {}),
        ('scheduler', {'GroupName': 'nysa-prod-default', 'Name': 'web'}, {}),
        ('logs', {'logGroupName': 'prod-default'}, {}),
    ],
)
def test_what_names_the_cluster_for_aws_is_translated(service: str, given: dict[str, Any], sent: dict[str, Any]):
    got, _ = ask({}, service, 'Any', **given)
    assert got == {**given, **sent}


def test_answers_have_the_name_that_was_asked_for():
    described = {'clusters': [{'clusterName': 'default', 'clusterArn': 'arn:…:cluster/default', 'status': 'ACTIVE'}]}
    _, answered = ask(described, 'ecs', 'DescribeClusters', clusters=['prod-default'])
    assert answered['clusters'] == [
        {'clusterName': 'prod-default', 'clusterArn': 'arn:…:cluster/default', 'status': 'ACTIVE'}
    ]
    assert described['clusters'][0]['clusterName'] == 'default'
    targets = {'ScalableTargets': [{'ResourceId': 'service/default/web', 'MinCapacity': 1}], 'NextToken': 'service/'}
    _, answered = ask(targets, 'application-autoscaling', 'DescribeScalableTargets')
    assert answered == {
        'ScalableTargets': [{'ResourceId': 'service/prod-default/web', 'MinCapacity': 1}],
        'NextToken': 'service/',
    }


def test_metrics_are_read_by_the_name_in_ecs_and_alarms_kept_as_stated():
    def query(*dimensions: tuple[str, str]) -> dict[str, Any]:
        named = [{'Name': name, 'Value': value} for name, value in dimensions]
        return {'Id': 'q0', 'MetricStat': {'Metric': {'MetricName': 'm', 'Dimensions': named}, 'Period': 60}}

    given = [
        query(('ClusterName', 'prod-default'), ('ServiceName', 'prod-default')),
        query(('LoadBalancer', 'app/prod-default')),
    ]
    sent, _ = ask({}, 'cloudwatch', 'GetMetricData', MetricDataQueries=given)
    assert sent['MetricDataQueries'] == [query(('ClusterName', 'default'), ('ServiceName', 'prod-default')), given[1]]
    alarm = {'AlarmName': 'a', 'Dimensions': [{'Name': 'ClusterName', 'Value': 'prod-default'}]}
    sent, answered = ask({'MetricAlarms': [alarm]}, 'cloudwatch', 'PutMetricAlarm', **alarm)
    assert sent == alarm
    assert answered == {'MetricAlarms': [alarm]}
