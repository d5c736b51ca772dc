"""Task definitions: what is refused, what AWS fills in, and how they are numbered, listed and taken away."""

from typing import Any

from tests.unit.stack.sandbox.ecs.fleet import Fleet, refused

FARGATE = {'requiresCompatibilities': ['FARGATE'], 'networkMode': 'awsvpc', 'cpu': '256', 'memory': '512'}
FARGATE_LOGS = {'logDriver': 'awslogs', 'options': {'awslogs-group': 'g', 'awslogs-region': 'us-east-1'}}


def test_numbers_go_on_and_the_newest_active_one_counts(fleet: Fleet):
    first, second, third = (fleet.define(tag) for tag in '123')
    fleet.aws.deregister_task_definition(taskDefinition=third)
    describe = fleet.aws.describe_task_definition
    assert describe(taskDefinition='web')['taskDefinition']['taskDefinitionArn'] == second
    assert describe(taskDefinition='web:3')['taskDefinition']['status'] == 'INACTIVE'
    for arn in (first, second):
        fleet.aws.deregister_task_definition(taskDefinition=arn)
    assert refused(describe, taskDefinition='web') == ('ClientException', 'Unable to describe task definition.')
    assert fleet.define().endswith('web:4')


def test_lists(fleet: Fleet):
    for family in ('web', 'web-admin', 'worker'):
        for tag in '12':
            fleet.define(tag, family=family)
    ask = fleet.aws.list_task_definitions

    def short(**fields: Any) -> list[str]:
        return [arn.rpartition('/')[2] for arn in ask(**fields)['taskDefinitionArns']]

    assert short(familyPrefix='web') == ['web:1', 'web:2']
    assert short(familyPrefix='web', sort='DESC') == ['web:2', 'web:1']
    assert short(status='INACTIVE') == []
    pages = fleet.aws.get_paginator('list_task_definitions').paginate(PaginationConfig={'PageSize': 4})
    assert [len(page['taskDefinitionArns']) for page in pages] == [4, 2]
    families = fleet.aws.list_task_definition_families
    assert families(familyPrefix='web')['families'] == ['web', 'web-admin']
    for tag in '12':
        fleet.aws.deregister_task_definition(taskDefinition=f'worker:{tag}')
    assert families(status='ACTIVE')['families'] == ['web', 'web-admin']
    assert families(status='INACTIVE')['families'] == ['worker']
    assert families(status='ALL')['families'] == ['web', 'web-admin', 'worker']


def test_deregister_and_delete(fleet: Fleet):
    arn = fleet.define()
    deregister, delete = fleet.aws.deregister_task_definition, fleet.aws.delete_task_definitions
    assert refused(deregister, taskDefinition='web') == ('ClientException', 'Revision is missing.')
    assert refused(deregister, taskDefinition='web:7')[0] == 'ClientException'
    (failure,) = delete(taskDefinitions=[arn])['failures']
    assert (failure['arn'], 'still in ACTIVE status' in failure['reason']) == (arn, True)
    first = deregister(taskDefinition=arn)['taskDefinition']['deregisteredAt']
    fleet.wait(5)
    assert deregister(taskDefinition=arn)['taskDefinition']['deregisteredAt'] == first
    answer = delete(taskDefinitions=['web:1', 'web:9'])
    assert [d['status'] for d in answer['taskDefinitions']] == ['DELETE_IN_PROGRESS']
    assert [failure['arn'] for failure in answer['failures']] == ['web:9']
    assert refused(delete, taskDefinitions=['web:1'] * 11)[0] == 'InvalidParameterException'
