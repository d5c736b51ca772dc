"""Autoscaling in the embedded AWS, through boto3: made, changed, removed, and finished after a kill."""

import asyncio
import copy
from typing import Any

import pytest

from stack.reconcile.plan import Plan
from stack.scheduler.reconciler import Request
from tests.aws import Aws
from tests.cluster import Cluster
from tests.integration.test_killed_passes import kill_everywhere, until_killed
from tests.unit.stack.reconcile.settled import service_in

AAS = 'application-autoscaling:'


def scaled(cluster: Cluster) -> dict[str, Any]:
    """A service with a load balancer that follows everything, and one that scales in steps as well."""
    whole = cluster.example()
    service_in(whole, 'web')['autoscaling'] = {
        'min': 2,
        'max': 6,
        'cpu': 60,
        'requests': 1000,
        'metric': {'name': 'Depth', 'namespace': 'App', 'dimensions': {'Queue': 'jobs'}, 'target': 5},
        'schedules': [{'cron': '0 8 ? * MON-FRI 2090', 'timezone': 'Europe/Berlin', 'min': 3, 'max': 12}],
    }
    steps = {'metric': 'cpu', 'add': [{'above': 80, 'tasks': 2}], 'remove': [{'below': 20, 'tasks': 1}]}
    service_in(whole, 'mailer')['autoscaling'] = {'min': 1, 'max': 3, 'memory': 70, 'steps': steps}
    whole['services'] = [item for item in whole['services'] if {'web', 'mailer'}.intersection(item)]
    return whole


def plain(cluster: Cluster) -> dict[str, Any]:
    whole = scaled(cluster)
    for name in ('web', 'mailer'):
        service_in(whole, name).pop('autoscaling')
    return whole


def targets(cluster: Cluster) -> dict[str, tuple[int, int, list[str], list[str]]]:
    """By service: limits, and the names of policies and scheduled actions."""
    client = cluster.aws.client('application-autoscaling')
    found = {}
    for target in cluster.scalable_targets():
        service = target['ResourceId'].rpartition('/')[2]
        where = {key: target[key] for key in ('ServiceNamespace', 'ResourceId', 'ScalableDimension')}
        policies = client.describe_scaling_policies(**where)['ScalingPolicies']
        actions = client.describe_scheduled_actions(**where)['ScheduledActions']
        found[service] = (
            target['MinCapacity'],
            target['MaxCapacity'],
            sorted(policy['PolicyName'] for policy in policies),
            sorted(action['ScheduledActionName'] for action in actions),
        )
    return found


def alarms(cluster: Cluster) -> list[str]:
    """The names of the cluster's alarms that Nysa made."""
    found = cluster.aws.client('cloudwatch').describe_alarms(AlarmNamePrefix='nysa-steps-')['MetricAlarms']
    return sorted(alarm['AlarmName'] for alarm in found if f'/{cluster.name}/' in alarm['AlarmName'])


WHOLE = {
    'web': (2, 6, ['nysa-cpu', 'nysa-metric', 'nysa-requests'], ['nysa-1']),
    'mailer': (1, 3, ['nysa-memory', 'nysa-steps-add', 'nysa-steps-remove'], []),
}


def planned(cluster: Cluster, document: dict[str, Any]) -> Plan:
    return asyncio.run(cluster.reconciler().plan(cluster.name, Request(document, 'r1')))


def reconciled(cluster: Cluster, document: dict[str, Any]) -> None:
    outcome = asyncio.run(cluster.reconcile(document))
    assert outcome.is_complete, outcome.failed


def test_it_is_made_with_the_services_and_a_second_pass_changes_nothing(cluster: Cluster):
    reconciled(cluster, scaled(cluster))
    assert targets(cluster) == WHOLE
    names = [f'nysa-steps-{direction}/{cluster.name}/mailer' for direction in ('add', 'remove')]
    assert alarms(cluster) == names
    with cluster.changes() as changes:
        assert planned(cluster, scaled(cluster)).is_empty
        reconciled(cluster, scaled(cluster))
    assert changes == []


def test_edits_take_exactly_their_steps_and_the_count_is_left_alone(cluster: Cluster):
    reconciled(cluster, scaled(cluster))
    ecs = cluster.aws.client('ecs')
    ecs.update_service(cluster=cluster.name, service='web', desiredCount=5)
    changed = copy.deepcopy(scaled(cluster))
    service_in(changed, 'web')['desired_count'] = 4
    assert planned(cluster, changed).is_empty
    service_in(changed, 'web')['autoscaling'].update(max=7, requests=500)
    assert [step.kind for step in planned(cluster, changed).steps] == [
        f'{AAS}RegisterScalableTarget',
        f'{AAS}PutScalingPolicy',
    ]
    reconciled(cluster, changed)
    assert targets(cluster)['web'][1] == 7
    assert planned(cluster, changed).is_empty


def test_removed_it_leaves_nothing_and_the_count_is_the_stated_one_again(cluster: Cluster):
    reconciled(cluster, scaled(cluster))
    changed = plain(cluster)
    service_in(changed, 'web')['desired_count'] = 3
    reconciled(cluster, changed)
    assert targets(cluster) == {}
    assert alarms(cluster) == []
    [web] = cluster.aws.client('ecs').describe_services(cluster=cluster.name, services=['web'])['services']
    assert web['desiredCount'] == 3
    assert planned(cluster, changed).is_empty


def test_what_another_program_made_stays(cluster: Cluster):
    reconciled(cluster, scaled(cluster))
    cluster.aws.client('application-autoscaling').put_scaling_policy(
        ServiceNamespace='ecs',
        ResourceId=f'service/{cluster.name}/web',
        ScalableDimension='ecs:service:DesiredCount',
        PolicyName='by-hand',
        PolicyType='TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration={
            'TargetValue': 33.0,
            'PredefinedMetricSpecification': {'PredefinedMetricType': 'ECSServiceAverageCPUUtilization'},
        },
    )
    found = planned(cluster, scaled(cluster))
    assert found.is_empty
    assert 'by-hand' in ' '.join(note.text for note in found.notes)
    reconciled(cluster, plain(cluster))
    assert targets(cluster) == {'web': (2, 6, ['by-hand'], [])}


def test_a_document_without_it_asks_for_no_details(cluster: Cluster):
    reconciled(cluster, plain(cluster))
    with cluster.aws.embedded.application.recording() as calls:
        assert planned(cluster, plain(cluster)).is_empty
    assert [call for call in calls if call.startswith(AAS)] == [f'{AAS}DescribeScalableTargets']


@pytest.mark.parametrize('leaves', ['everything', 'nothing'])
def test_a_pass_that_is_killed_anywhere_is_finished_by_the_next(aws: Aws, leaves: str):
    async def kill_after(lives: int, cluster: Cluster) -> bool:
        before, after = scaled(cluster), plain(cluster)
        if leaves == 'everything':
            before, after = plain(cluster), scaled(cluster)
        assert (await cluster.reconcile(before)).is_complete
        killed = await until_killed(cluster, Request(after, 'r2'), lives)
        outcome = await cluster.reconcile(after, revision='r2')
        assert outcome.is_complete, (lives, outcome.failed)
        assert targets(cluster) == (WHOLE if leaves == 'everything' else {}), lives
        assert len(alarms(cluster)) == (2 if leaves == 'everything' else 0), lives
        return killed

    assert kill_everywhere(aws, kill_after) >= (11 if leaves == 'everything' else 4)
