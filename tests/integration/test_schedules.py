"""Schedules made real in the embedded AWS: each edit, what is left afterwards, and passes that are killed."""

import asyncio
import copy
import json
from typing import Any

from stack.reconcile.plan import Plan
from stack.scheduler.reconciler import Request
from tests.aws import Aws
from tests.cluster import Cluster
from tests.integration.test_adoption import propose
from tests.integration.test_killed_passes import kill_everywhere, until_killed

REGISTER, NOTE, FORGET = 'ecs:RegisterTaskDefinition', 'ecs:TagResource', 'ecs:UntagResource'
GROUP, CREATE, UPDATE = 'scheduler:CreateScheduleGroup', 'scheduler:CreateSchedule', 'scheduler:UpdateSchedule'
DELETE, DELETE_GROUP = 'scheduler:DeleteSchedule', 'scheduler:DeleteScheduleGroup'

ROLE = 'arn:aws:iam::123456789012:role/scheduler'


def document(schedule: dict[str, Any] | None = None, **report: Any) -> dict[str, Any]:
    """A scheduled task; a schedule that is not due in any test."""
    fields = {'image': 'team/report:1', 'memory': 64, 'type': 'task', 'scheduler_role': ROLE, **report}
    return {'services': [{'report': {**fields, 'schedule': schedule or {'cron': '0 3 * * ? 2199'}}}]}


def without_schedule() -> dict[str, Any]:
    found = document()
    del found['services'][0]['report']['schedule']
    return found


def kinds(plan: Plan) -> list[str]:
    return [step.kind for step in plan.steps]


def groups(cluster: Cluster) -> list[str]:
    found = cluster.aws.client('scheduler').list_schedule_groups(NamePrefix=f'nysa-{cluster.name}')['ScheduleGroups']
    return [group['Name'] for group in found]


def schedules(cluster: Cluster) -> list[dict[str, Any]]:
    client = cluster.aws.client('scheduler')
    return [
        client.get_schedule(GroupName=group, Name=each['Name'])
        for group in groups(cluster)
        for each in client.list_schedules(GroupName=group)['Schedules']
    ]


EDITS: dict[str, tuple[dict[str, Any], list[str]]] = {
    'cron': (document({'cron': '0 4 * * ? 2199'}), [UPDATE]),
    'rate': (document({'rate': '5 minutes', 'enabled': False}), [UPDATE]),
    'at': (document({'at': '2199-01-01T00:00:00'}), [UPDATE]),
    'dates': (
        document({'cron': '0 3 * * ? 2199', 'start': '2198-01-01T00:00:00Z', 'end': '2199-01-01T00:00:00Z'}),
        [UPDATE],
    ),
    'everything else': (
        document(
            {
                'cron': '0 3 * * ? 2199',
                'timezone': 'Europe/Berlin',
                'jitter': 5,
                'retries': 0,
                'retry_for': 60,
                'dead_letter': 'arn:aws:sqs:us-east-1:123456789012:a',
                'encryption_key': 'arn:aws:kms:us-east-1:123456789012:key/a',
            },
            desired_count=2,
        ),
        [UPDATE],
    ),
    'image': (document(image='team/report:2'), [REGISTER, UPDATE]),
}


def test_each_edit_takes_exactly_its_steps_there_and_back_and_nothing_is_left(cluster: Cluster):
    async def passes() -> None:
        created = await cluster.reconcile(document())
        assert created.failed == []
        assert kinds(created.plan) == [GROUP, REGISTER, CREATE]
        for name, (edited, steps) in EDITS.items():
            for wanted in (edited, document()):
                outcome = await cluster.reconcile(wanted)
                assert outcome.failed == [], (name, outcome.failed)
                assert kinds(outcome.plan) == steps, name
                assert (await cluster.plan(wanted)).is_empty, (name, (await cluster.plan(wanted)).to_json())
        with cluster.changes() as changes:
            assert (await cluster.reconcile(document(), 'r2')).is_complete
        assert changes == []
        outcome = await cluster.reconcile(without_schedule(), 'r3')
        assert kinds(outcome.plan) == [DELETE, DELETE_GROUP, FORGET, 'ecs:RunTask', NOTE]
        assert outcome.is_complete
        assert groups(cluster) == []
        assert (await cluster.plan(without_schedule(), 'r3')).is_empty

    asyncio.run(passes())


def test_the_target_is_the_cluster_and_the_newest_definition(cluster: Cluster):
    async def passes() -> None:
        await cluster.reconcile(document())
        await cluster.reconcile(document(image='team/report:2'))

    asyncio.run(passes())
    [schedule] = schedules(cluster)
    target = schedule['Target']
    assert target['Arn'].endswith(f':cluster/{cluster.name}')
    assert target['EcsParameters']['TaskDefinitionArn'].endswith(f'/{cluster.name}-report:2')
    assert schedule['Description'] == f'Service report of the ECS cluster {cluster.name}, made by Nysa'


def test_a_document_without_schedules_costs_no_call(cluster: Cluster):
    async def passes() -> None:
        await cluster.reconcile(without_schedule())
        with cluster.aws.embedded.application.recording() as calls:
            await cluster.plan(without_schedule())
        assert not [call for call in calls if call.startswith('scheduler:')]
        await cluster.reconcile(document())
        with cluster.aws.embedded.application.recording() as calls:
            await cluster.plan(document())
        assert [call for call in calls if call.startswith('scheduler:')] == ['scheduler:GetSchedule']

    asyncio.run(passes())


def test_what_others_made_stays(cluster: Cluster):
    client = cluster.aws.client('scheduler')

    async def passes() -> None:
        await cluster.reconcile(document())
        [own] = schedules(cluster)
        kept = ('GroupName', 'ScheduleExpression', 'FlexibleTimeWindow', 'Target')
        client.create_schedule(Name='by-hand', **{name: own[name] for name in kept})
        outcome = await cluster.reconcile({'services': []}, destroyed={'report'})
        assert kinds(outcome.plan) == [DELETE, 'ecs:DeregisterTaskDefinition']

    asyncio.run(passes())
    assert [each['Name'] for each in schedules(cluster)] == ['by-hand']
    client.delete_schedule_group(Name=groups(cluster)[0])


def state(cluster: Cluster) -> tuple[list[str], list[str]]:
    return groups(cluster), [each['Target']['EcsParameters']['TaskDefinitionArn'] for each in schedules(cluster)]


def test_a_pass_that_is_killed_anywhere_is_finished_by_the_next(aws: Aws):
    changed = document({'cron': '0 4 * * ? 2199'}, image='team/report:2')

    async def kill_after(lives: int, cluster: Cluster) -> bool:
        killed = False
        for wanted in (document(), changed):
            killed = await until_killed(cluster, Request(wanted, 'r1'), lives) or killed
            assert (await cluster.reconcile(wanted)).is_complete
        [found] = schedules(cluster)
        assert found['ScheduleExpression'] == 'cron(0 4 * * ? 2199)'
        assert found['Target']['EcsParameters']['TaskDefinitionArn'].endswith('-report:2')
        removed = copy.deepcopy(without_schedule())
        killed = await until_killed(cluster, Request(removed, 'r2'), lives) or killed
        outcome = await cluster.reconcile(removed, 'r2')
        assert outcome.is_complete
        assert state(cluster) == ([], [])
        assert (await cluster.plan(removed, 'r2')).is_empty
        return killed

    assert kill_everywhere(aws, kill_after) >= 5


def foreign(cluster: Cluster, name: str, **target: Any) -> str:
    """A schedule in the default group that another program made; returns its place."""
    container = {'name': 'app', 'image': 'team/job:1', 'memory': 64, 'environment': [{'name': 'A', 'value': 'b'}]}
    made = cluster.aws.client('ecs').register_task_definition(family=f'jobs-{name}', containerDefinitions=[container])
    run = {'TaskDefinitionArn': made['taskDefinition']['taskDefinitionArn'], 'LaunchType': 'EC2', 'TaskCount': 2}
    arn = f'arn:aws:ecs:us-east-1:{cluster.aws.account}:cluster/{cluster.name}'
    cluster.aws.client('scheduler').create_schedule(
        Name=name,
        ScheduleExpression='cron(0 3 ? * 2#1 2199)',
        ScheduleExpressionTimezone='Europe/Berlin',
        FlexibleTimeWindow={'Mode': 'FLEXIBLE', 'MaximumWindowInMinutes': 5},
        State='DISABLED',
        Target={'Arn': arn, 'RoleArn': ROLE, 'EcsParameters': run, **target},
    )
    return f'default/{name}'


def test_schedules_are_adopted_and_taken_over(cluster: Cluster):
    name = f'{cluster.name}-nightly'
    overrides = {
        'containerOverrides': [{'name': 'app', 'command': ['go'], 'environment': [{'name': 'C', 'value': 'd'}]}]
    }
    place = foreign(cluster, name, Input=json.dumps(overrides))
    odd = foreign(cluster, f'{cluster.name}-odd', Input=json.dumps({'cpu': '256'}))
    client = cluster.aws.client('scheduler')

    async def adopt() -> None:
        adoption = await propose(cluster)
        [service] = adoption.written.document['services']
        settings = service[name]
        assert settings['schedule'] == {
            'cron': '0 3 ? * 2#1 2199',
            'timezone': 'Europe/Berlin',
            'jitter': 5,
            'enabled': False,
            'name': place,
        }
        assert (settings['type'], settings['scheduler_role'], settings['desired_count']) == ('task', ROLE, 2)
        assert (settings['container_name'], settings['command']) == ('app', ['go'])
        assert settings['environment'] == [{'A': 'b'}, {'C': 'd'}] or settings['environment'] == {'A': 'b', 'C': 'd'}
        assert [note.service for note in adoption.written.notes] == [None, name] or odd in str(adoption.written.notes)
        assert [step.kind for step in adoption.plan.steps] == [REGISTER, UPDATE]
        outcome = await cluster.reconcile(adoption.written.document)
        assert outcome.failed == []
        assert (await cluster.plan(adoption.written.document)).is_empty
        gone = await cluster.reconcile({'services': []}, destroyed={name})
        assert kinds(gone.plan) == [DELETE, 'ecs:DeregisterTaskDefinition']

    asyncio.run(adopt())
    assert [each['Name'] for each in client.list_schedules(NamePrefix=cluster.name)['Schedules']] == [
        odd.partition('/')[2]
    ]
    client.delete_schedule(Name=odd.partition('/')[2])
