"""The embedded Application Auto Scaling, over HTTP with boto3, by a clock that the test moves."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stack.sandbox.autoscaling.model import Policy, Target
from stack.sandbox.autoscaling.tracking import Moment, decided, proposal
from stack.sandbox.ecs import ManualClock
from stack.sandbox.server import EmbeddedAws, SeededFleet

WHERE = {
    'ServiceNamespace': 'ecs',
    'ResourceId': 'service/prod/web',
    'ScalableDimension': 'ecs:service:DesiredCount',
}
CPU = {
    'TargetValue': 50.0,
    'PredefinedMetricSpecification': {'PredefinedMetricType': 'ECSServiceAverageCPUUtilization'},
}
DEPTH = {
    'TargetValue': 10.0,
    'CustomizedMetricSpecification': {
        'MetricName': 'Depth',
        'Namespace': 'App',
        'Dimensions': [{'Name': 'Queue', 'Value': 'jobs'}],
        'Statistic': 'Average',
    },
}


class Fleet:
    """One service with two tasks, and its autoscaler."""

    def __init__(self, aws: EmbeddedAws):
        self.aws = aws
        self.ecs = aws.client('ecs')
        self.scaling = aws.client('application-autoscaling')
        self.cloudwatch = aws.client('cloudwatch')
        self.ecs.create_cluster(clusterName='prod')
        aws.register_instances('prod', 5)
        container = {'name': 'web', 'image': 'team/web:1', 'memory': 64}
        self.ecs.register_task_definition(family='web', containerDefinitions=[container])
        self.ecs.create_service(cluster='prod', serviceName='web', taskDefinition='web', desiredCount=2)
        aws.advance(600)

    def register(self, low: int = 1, high: int = 10, **more: Any) -> dict[str, Any]:
        return self.scaling.register_scalable_target(**WHERE, MinCapacity=low, MaxCapacity=high, **more)

    def follow(self, tracking: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self.scaling.put_scaling_policy(
            **WHERE,
            PolicyName='follow',
            PolicyType='TargetTrackingScaling',
            TargetTrackingScalingPolicyConfiguration={**tracking, **more},
        )

    def schedule(self, expression: str, **limits: int) -> None:
        self.scaling.put_scheduled_action(
            **WHERE, ScheduledActionName='plan', Schedule=expression, ScalableTargetAction=limits
        )

    def publish(self, depth: float, minutes: int) -> None:
        """Publish one value a minute while the time passes."""
        for _ in range(minutes):
            at = self.aws.clock.now()
            datum = {
                'MetricName': 'Depth',
                'Dimensions': [{'Name': 'Queue', 'Value': 'jobs'}],
                'Timestamp': at,
                'Value': depth,
            }
            self.cloudwatch.put_metric_data(Namespace='App', MetricData=[datum])
            self.aws.advance(60)

    @property
    def count(self) -> int:
        [service] = self.ecs.describe_services(cluster='prod', services=['web'])['services']
        return int(service['desiredCount'])

    def target(self) -> dict[str, Any]:
        [target] = self.scaling.describe_scalable_targets(ServiceNamespace='ecs')['ScalableTargets']
        return target

    def activities(self, **more: Any) -> list[dict[str, Any]]:
        found = self.scaling.describe_scaling_activities(ServiceNamespace='ecs', **more)
        return list(found['ScalingActivities'])


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with EmbeddedAws.start(clock=ManualClock(), fleet=SeededFleet.NOTHING, account='000000000815') as aws:
        yield Fleet(aws)


def refusal(call: Any, *arguments: Any, **more: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(*arguments, **more)
    error = refused.value.response['Error']
    return error['Code'], error['Message']


class TestRefusals:
    def test_of_a_service_that_is_not_there(self, fleet):
        where = {**WHERE, 'ResourceId': 'service/prod/none'}
        code, message = refusal(fleet.scaling.register_scalable_target, **where, MinCapacity=1, MaxCapacity=2)
        assert (code, message) == ('ValidationException', "ECS service doesn't exist: service/prod/none")

    def test_of_limits_in_the_wrong_order(self, fleet):
        assert refusal(fleet.register, 3, 2)[0] == 'ValidationException'
        assert refusal(fleet.scaling.register_scalable_target, **WHERE)[0] == 'ValidationException'

    def test_of_a_policy_before_its_target(self, fleet):
        assert refusal(fleet.follow, CPU)[0] == 'ObjectNotFoundException'
        assert refusal(fleet.schedule, 'cron(0 8 * * ? *)', MinCapacity=2)[0] == 'ObjectNotFoundException'

    def test_of_what_is_not_there(self, fleet):
        assert refusal(fleet.scaling.deregister_scalable_target, **WHERE)[0] == 'ObjectNotFoundException'
        fleet.register()
        delete = fleet.scaling.delete_scaling_policy
        assert refusal(delete, **WHERE, PolicyName='none')[0] == 'ObjectNotFoundException'
        delete = fleet.scaling.delete_scheduled_action
        assert refusal(delete, **WHERE, ScheduledActionName='none')[0] == 'ObjectNotFoundException'

    @pytest.mark.parametrize(
        'expression', ['cron(0 8 * * * *)', 'at(2020-01-01T00:00:00)', 'at(soon)', 'rate(0 minutes)', 'daily']
    )
    def test_of_a_schedule_that_is_wrong(self, fleet, expression):
        fleet.register()
        assert refusal(fleet.schedule, expression, MinCapacity=2)[0] == 'ValidationException'

    def test_of_a_label_that_does_not_lead_to_the_service(self, fleet):
        fleet.register()
        metric = {'PredefinedMetricType': 'ALBRequestCountPerTarget'}
        wanted = {'TargetValue': 10.0, 'PredefinedMetricSpecification': metric}
        assert refusal(fleet.follow, wanted)[0] == 'ValidationException'
        label = {'ResourceLabel': 'app/a/1/targetgroup/b/2'}
        wanted = {'TargetValue': 10.0, 'PredefinedMetricSpecification': metric | label}
        assert refusal(fleet.follow, wanted)[0] == 'ValidationException'


def test_registering_brings_the_count_between_the_limits(fleet):
    fleet.register(3, 5)
    assert fleet.count == 3
    fleet.register(1, 1)
    assert fleet.count == 1
    assert [each['Cause'] for each in fleet.activities()] == [
        'maximum capacity was set to 1',
        'minimum capacity was set to 3',
    ]


def test_a_target_is_described_as_aws_does(fleet):
    arn = fleet.register(1, 4, Tags={'team': 'web'})['ScalableTargetARN']
    fleet.scaling.register_scalable_target(**WHERE, SuspendedState={'DynamicScalingInSuspended': True})
    target = fleet.target()
    assert (target['MinCapacity'], target['MaxCapacity'], target['ScalableTargetARN']) == (1, 4, arn)
    assert target['SuspendedState'] == {
        'DynamicScalingInSuspended': True,
        'DynamicScalingOutSuspended': False,
        'ScheduledScalingSuspended': False,
    }
    assert fleet.scaling.list_tags_for_resource(ResourceARN=arn)['Tags'] == {'team': 'web'}


def test_a_policy_keeps_its_alarms_when_it_is_put_again(fleet):
    fleet.register()
    first = fleet.follow(CPU)
    assert fleet.follow(CPU, TargetValue=60.0)['Alarms'] == first['Alarms']
    [policy] = fleet.scaling.describe_scaling_policies(ServiceNamespace='ecs')['ScalingPolicies']
    assert policy['TargetTrackingScalingPolicyConfiguration']['TargetValue'] == 60.0
    assert [alarm['AlarmName'].rpartition('-Alarm')[2][:4] for alarm in policy['Alarms']] == ['High', 'Low-']


def test_deregistering_takes_policies_and_actions_along(fleet):
    fleet.register()
    fleet.follow(CPU)
    fleet.schedule('cron(0 8 * * ? *)', MinCapacity=2)
    fleet.scaling.deregister_scalable_target(**WHERE)
    fleet.register()
    assert fleet.scaling.describe_scaling_policies(ServiceNamespace='ecs')['ScalingPolicies'] == []
    assert fleet.scaling.describe_scheduled_actions(ServiceNamespace='ecs')['ScheduledActions'] == []


def test_a_metric_above_its_target_adds_tasks_in_proportion(fleet):
    fleet.register()
    fleet.follow(DEPTH)
    fleet.publish(25, 6)
    assert fleet.count == 5
    [activity] = fleet.activities()
    assert activity['Description'] == 'Setting desired count to 5.'
    assert 'AlarmHigh' in activity['Cause']
    assert activity['Cause'].endswith('in state ALARM triggered policy follow')


def test_a_metric_that_rises_further_adds_more_within_the_cooldown(fleet):
    fleet.register()
    fleet.follow(DEPTH)
    fleet.publish(25, 5)
    assert fleet.count == 5
    fleet.publish(40, 4)
    assert fleet.count == 8


def test_the_limit_is_reached_and_then_no_more(fleet):
    fleet.register(1, 4)
    fleet.follow(DEPTH)
    fleet.publish(90, 15)
    assert fleet.count == 4
    assert len(fleet.activities()) == 1
    reasons = [each.get('NotScaledReasons') for each in fleet.activities(IncludeNotScaledActivities=True)]
    assert reasons[0] == [{'Code': 'AlreadyAtMaxCapacity', 'MaxCapacity': 4, 'CurrentCapacity': 4}]


def test_a_metric_far_below_its_target_removes_tasks_after_a_quarter_of_an_hour(fleet):
    fleet.register()
    fleet.follow(DEPTH)
    fleet.publish(4, 14)
    assert fleet.count == 2
    fleet.publish(4, 4)
    assert fleet.count == 1


def test_between_nine_tenths_and_the_target_nothing_happens(fleet):
    fleet.register()
    fleet.follow(DEPTH)
    fleet.publish(9.5, 20)
    assert fleet.count == 2


def test_what_is_suspended_does_not_happen(fleet):
    fleet.register(SuspendedState={'DynamicScalingOutSuspended': True})
    fleet.follow(DEPTH)
    fleet.publish(25, 6)
    assert fleet.count == 2


def test_a_scheduled_action_sets_the_limits_at_its_time(fleet):
    fleet.register(1, 10)
    # The clock starts at midnight.
    fleet.schedule('cron(30 0 * * ? *)', MinCapacity=4, MaxCapacity=6)
    fleet.aws.advance(15 * 60)
    assert fleet.count == 2
    fleet.aws.advance(10 * 60)
    assert (fleet.count, fleet.target()['MinCapacity'], fleet.target()['MaxCapacity']) == (4, 4, 6)
    assert [each['Description'] for each in fleet.activities()] == [
        'Setting desired count to 4.',
        'Setting min capacity to 4 and max capacity to 6',
    ]


def test_an_action_at_one_moment_runs_once(fleet):
    fleet.register(1, 10)
    fleet.schedule('at(2026-01-01T00:30:00)', MinCapacity=3)
    fleet.aws.advance(30 * 60)
    assert fleet.count == 3
    assert fleet.scaling.describe_scheduled_actions(ServiceNamespace='ecs')['ScheduledActions'] == []


def test_it_scales_by_the_utilisation_of_its_tasks(fleet):
    """More tasks share the load of the count that was planned, so that utilisation falls."""
    fleet.register(2, 20)
    fleet.follow(CPU, TargetValue=1.0)
    fleet.aws.advance(600)
    assert fleet.count == 20


STEPS = [
    {'MetricIntervalLowerBound': 0.0, 'MetricIntervalUpperBound': 10.0, 'ScalingAdjustment': 1},
    {'MetricIntervalLowerBound': 10.0, 'ScalingAdjustment': 3},
]


def stepping(fleet: Fleet, cooldown: int = 0) -> None:
    """From 20 on a task more, from 30 on three more."""
    fleet.register()
    configuration = {'AdjustmentType': 'ChangeInCapacity', 'StepAdjustments': STEPS, 'Cooldown': cooldown}
    policy = fleet.scaling.put_scaling_policy(
        **WHERE, PolicyName='steps', PolicyType='StepScaling', StepScalingPolicyConfiguration=configuration
    )
    fleet.cloudwatch.put_metric_alarm(
        AlarmName='deep',
        AlarmActions=[policy['PolicyARN']],
        Namespace='App',
        MetricName='Depth',
        Dimensions=[{'Name': 'Queue', 'Value': 'jobs'}],
        Statistic='Average',
        Period=60,
        EvaluationPeriods=2,
        Threshold=20.0,
        ComparisonOperator='GreaterThanOrEqualToThreshold',
    )


@pytest.mark.parametrize(('depth', 'count'), [(19, 2), (20, 3), (29, 3), (30, 5)])
def test_an_alarm_starts_the_step_that_its_breach_is_in(fleet, depth, count):
    stepping(fleet, cooldown=3600)
    fleet.publish(depth, 5)
    assert fleet.count == count


def test_without_its_alarm_a_step_policy_does_nothing(fleet):
    stepping(fleet)
    fleet.cloudwatch.delete_alarms(AlarmNames=['deep'])
    fleet.publish(50, 5)
    assert fleet.count == 2


def test_state_outlasts_a_restart(tmp_path):
    account = '000000000816'
    with EmbeddedAws.start(tmp_path, clock=ManualClock(), fleet=SeededFleet.NOTHING, account=account) as aws:
        # Without an object nothing counts as kept.
        aws.client('s3').create_bucket(Bucket='kept')
        fleet = Fleet(aws)
        fleet.register(3, 7)
        fleet.follow(CPU)
    with EmbeddedAws.start(tmp_path, clock=ManualClock(), fleet=SeededFleet.NOTHING, account=account) as aws:
        scaling = aws.client('application-autoscaling')
        [target] = scaling.describe_scalable_targets(ServiceNamespace='ecs')['ScalableTargets']
        assert (target['MinCapacity'], target['MaxCapacity']) == (3, 7)
        assert len(scaling.describe_scaling_policies(ServiceNamespace='ecs')['ScalingPolicies']) == 1


class TestDecision:
    """Several policies: the largest count wins, and tasks go only where all agree."""

    @staticmethod
    def asked(*values: list[float]) -> Any:
        target = Target('service/prod/web', 'ecs:service:DesiredCount', 'id', 1, 10, 0.0)

        class Metrics:
            def __init__(self, found: list[float]):
                self.found = found

            def values(self, metric, statistic, start, end):
                return self.found

        proposals = []
        for found in values:
            policy = Policy('p', 'id', {'TargetTrackingScalingPolicyConfiguration': DEPTH}, 0.0, ['High', 'Low'])
            proposals.append(proposal(target, policy, 4, Metrics(found), Moment(10_000.0)))
        return decided(target, 4, proposals, Moment(10_000.0))

    def test_the_largest_addition_wins(self):
        assert self.asked([20.0] * 15, [30.0] * 15).count == 12

    def test_an_addition_wins_over_a_removal(self):
        assert self.asked([1.0] * 15, [20.0] * 15).count == 8

    def test_a_removal_needs_all(self):
        assert self.asked([1.0] * 15, [9.5] * 15) is None
        assert self.asked([1.0] * 15, [5.0] * 15).count == 2

    def test_without_all_values_nothing_is_removed(self):
        assert self.asked([1.0] * 14) is None
