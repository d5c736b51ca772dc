"""Observed state: values read from AWS's responses."""

from stack.reconcile.observed import Service

DESCRIBED = {'serviceName': 'web', 'serviceArn': 'arn:aws:ecs:us-east-1:1:service/c/web', 'status': 'ACTIVE'}


def test_a_service_of_an_external_controller_is_described_by_its_primary_task_set():
    network = {'awsvpcConfiguration': {'subnets': ['subnet-1']}}
    task_sets = [
        {'status': 'ACTIVE', 'taskDefinition': 'arn:old', 'launchType': 'EC2'},
        {'status': 'PRIMARY', 'taskDefinition': 'arn:new', 'launchType': 'FARGATE', 'networkConfiguration': network},
    ]
    service = Service.read({**DESCRIBED, 'deploymentController': {'type': 'EXTERNAL'}, 'taskSets': task_sets})
    assert service.task_definition == 'arn:new'
    assert service.members['launchType'] == service.launch_type == 'FARGATE'
    assert service.network == network['awsvpcConfiguration']


def test_what_the_service_states_wins_over_its_task_sets():
    task_sets = [{'status': 'PRIMARY', 'taskDefinition': 'arn:set'}]
    assert Service.read({**DESCRIBED, 'taskDefinition': 'arn:own', 'taskSets': task_sets}).task_definition == 'arn:own'
