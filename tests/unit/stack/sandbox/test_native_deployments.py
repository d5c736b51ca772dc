"""Native deployments through the whole embedded AWS: load balancers, alarms, roles and the queue of events."""

import json
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws import Aws
from tests.unit.stack.sandbox.elb.test_requests import Edge

TRUST = {
    'Version': '2012-10-17',
    'Statement': [{'Effect': 'Allow', 'Principal': {'Service': 'ecs-tasks.amazonaws.com'}, 'Action': 'sts:AssumeRole'}],
}


class Shop:
    """A service behind the two target groups of an edge, whose deployments are canaries."""

    def __init__(self, aws: Aws, role: str = 'shift'):
        self.aws, self.ecs, self.edge = aws, aws.client('ecs'), Edge(aws)
        self.cluster = aws.cluster(instances=0)
        pair = [{'TargetGroupArn': arn, 'Weight': weight} for arn, weight in zip(self.edge.groups, (1, 0), strict=True)]
        self.rule = self.edge.rule(10, '/*', {'Type': 'forward', 'ForwardConfig': {'TargetGroups': pair}})
        self.define()
        canary = {'canaryPercent': 25.0, 'canaryBakeTimeInMinutes': 5}
        self.service = self.ecs.create_service(
            cluster=self.cluster,
            serviceName='shop',
            taskDefinition='shop',
            desiredCount=2,
            launchType='FARGATE',
            networkConfiguration={'awsvpcConfiguration': {'subnets': ['subnet-1']}},
            deploymentConfiguration={
                'strategy': 'CANARY',
                'canaryConfiguration': canary,
                'bakeTimeInMinutes': 5,
                'alarms': {'alarmNames': ['shop-5xx'], 'enable': True, 'rollback': True},
                'lifecycleHooks': [{'targetType': 'PAUSE', 'lifecycleStages': ['POST_SCALE_UP']}],
            },
            loadBalancers=[
                {
                    'targetGroupArn': self.edge.groups[0],
                    'containerName': 'shop',
                    'containerPort': 80,
                    'advancedConfiguration': {
                        'alternateTargetGroupArn': self.edge.groups[1],
                        'productionListenerRule': self.rule,
                        'roleArn': f'arn:aws:iam::{aws.account}:role/{role}',
                    },
                }
            ],
        )['service']

    def move(self, aws: Aws) -> None:
        """Go on at another endpoint of the same AWS."""
        self.aws, self.ecs, self.edge.elb = aws, aws.client('ecs'), aws.client('elbv2')

    def define(self) -> None:
        self.ecs.register_task_definition(
            family='shop',
            networkMode='awsvpc',
            requiresCompatibilities=['FARGATE'],
            cpu='256',
            memory='512',
            containerDefinitions=[{'name': 'shop', 'image': 'acme/shop', 'portMappings': [{'containerPort': 80}]}],
        )

    def deploy(self) -> None:
        self.define()
        self.ecs.update_service(cluster=self.cluster, service='shop', taskDefinition='shop')

    def newest(self) -> dict[str, Any]:
        listed = self.ecs.list_service_deployments(cluster=self.cluster, service='shop')['serviceDeployments']
        arn = listed[0]['serviceDeploymentArn']
        return self.ecs.describe_service_deployments(serviceDeploymentArns=[arn])['serviceDeployments'][0]

    def until(self, *stages: str, status: str = 'IN_PROGRESS') -> dict[str, Any]:
        """Turn the clock to one of the stages, and answer each pause before."""
        for _ in range(400):
            self.aws.advance(5)
            found = self.newest()
            for hook in found.get('lifecycleHookDetails', []):
                if hook['status'] == 'AWAITING_ACTION':
                    arn = found['serviceDeploymentArn']
                    self.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook['hookId'])
            if found['status'] == status and (not stages or found.get('lifecycleStage') in stages):
                return found
        raise AssertionError(found)

    def answers(self) -> dict[str, int]:
        """How many of 100 requests each target group gets."""
        got = Counter(self.edge.send('/')['target_group'] for _ in range(100))
        return {arn: got[arn] for arn in self.edge.groups}

    def weights(self) -> list[int]:
        [rule] = self.edge.elb.describe_rules(RuleArns=[self.rule])['Rules']
        groups = {
            each['TargetGroupArn']: each['Weight'] for each in rule['Actions'][0]['ForwardConfig']['TargetGroups']
        }
        return [groups[arn] for arn in self.edge.groups]


def test_requests_follow_a_canary(aws: Aws):
    shop = Shop(aws)
    shop.until(status='SUCCESSFUL')
    first, second = shop.edge.groups
    assert (shop.weights(), shop.answers()) == ([100, 0], {first: 100, second: 0})
    shop.deploy()
    shop.until('PRODUCTION_TRAFFIC_SHIFT')
    assert (shop.weights(), shop.answers()) == ([75, 25], {first: 75, second: 25})
    shop.until('BAKE_TIME')
    assert (shop.weights(), shop.answers()) == ([0, 100], {first: 0, second: 100})
    shop.until(status='SUCCESSFUL')
    aws.advance(60)
    health = shop.edge.elb.describe_target_health
    assert not health(TargetGroupArn=first)['TargetHealthDescriptions']
    assert len(health(TargetGroupArn=second)['TargetHealthDescriptions']) == 2


def test_alarm_gives_traffic_back(aws: Aws):
    cloudwatch = aws.client('cloudwatch')
    cloudwatch.put_metric_alarm(
        AlarmName='shop-5xx',
        Namespace='AWS/ApplicationELB',
        MetricName='HTTPCode_Target_5XX_Count',
        ComparisonOperator='GreaterThanThreshold',
        Threshold=1,
        Period=60,
        EvaluationPeriods=1,
        Statistic='Sum',
    )
    try:
        shop = Shop(aws)
        shop.until(status='SUCCESSFUL')
        shop.deploy()
        shop.until('PRODUCTION_TRAFFIC_SHIFT')
        cloudwatch.set_alarm_state(AlarmName='shop-5xx', StateValue='ALARM', StateReason='a test')
        aws.advance(0.1)
        found = shop.newest()
        assert (found['status'], found['alarms']['triggeredAlarmNames']) == ('ROLLBACK_IN_PROGRESS', ['shop-5xx'])
        assert shop.weights() == [100, 0]
        shop.until(status='ROLLBACK_SUCCESSFUL')
    finally:
        cloudwatch.delete_alarms(AlarmNames=['shop-5xx'])


def test_hooks_reach_the_queue_of_events(aws: Aws):
    queue = aws.client('sqs').create_queue(QueueName='nysa-ecs-events')['QueueUrl']
    try:
        shop = Shop(aws)
        shop.until(status='SUCCESSFUL')
        events = [event for event in aws.messages(queue) if event['detail-type'] == 'ECS Hook State Change']
    finally:
        aws.client('sqs').delete_queue(QueueUrl=queue)
    assert [event['detail']['eventName'] for event in events] == ['HOOK_AWAITING_ACTION', 'HOOK_SUCCEEDED']
    assert {event['resources'][0] for event in events} == {shop.newest()['serviceDeploymentArn']}


def test_restart_in_the_middle_of_a_canary(tmp_path: Path):
    from stack.sandbox.ecs import ManualClock
    from stack.sandbox.server import EmbeddedAws, SeededFleet

    start = partial(EmbeddedAws.start, tmp_path, fleet=SeededFleet.NOTHING, account='343434343434')
    with start(clock=ManualClock(time.time())) as embedded:
        shop = Shop(Aws(embedded))
        shop.until(status='SUCCESSFUL')
        shop.deploy()
        found = shop.until('PRODUCTION_TRAFFIC_SHIFT')
        stopped_at = embedded.clock.now()
    with start(clock=ManualClock(stopped_at)) as embedded:
        shop.move(Aws(embedded))
        again = shop.newest()
        assert (again['lifecycleStage'], again['updatedAt']) == (found['lifecycleStage'], found['updatedAt'])
        assert shop.weights() == [75, 25]
        shop.until(status='SUCCESSFUL')
        assert shop.weights() == [0, 100]


def test_role_that_does_not_trust_ecs(aws: Aws):
    aws.client('iam').create_role(RoleName='tasks-alone', AssumeRolePolicyDocument=json.dumps(TRUST))
    with pytest.raises(ClientError, match='Unable to assume role'):
        Shop(aws, role='tasks-alone')
    with pytest.raises(ClientError, match='Unable to assume role'):
        Shop(aws, role='missing')
