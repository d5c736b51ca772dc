"""The life of a task: its statuses and times, its traffic, and when it is forgotten."""

from typing import Any

import pytest

from tests.unit.stack.sandbox.ecs.fleet import PORTS, VPC, Fleet


@pytest.fixture(autouse=True)
def machines(fleet: Fleet) -> list[str]:
    return fleet.machines(3)


def test_statuses_in_order(fleet: Fleet):
    fleet.define(mode='awsvpc')
    fleet.create(count=1, networkConfiguration=VPC)
    fleet.wait()
    task = fleet.tasks()[0]['taskArn']
    fleet.update(desiredCount=0)
    fleet.wait()
    seen = [
        event['detail']['lastStatus']
        for event in fleet.events
        if event['detail-type'] == 'ECS Task State Change' and event['detail']['taskArn'] == task
    ]
    # RUNNING again when the task has become healthy, as ECS tells each change of a task.
    assert seen == ['PROVISIONING', 'PENDING', 'RUNNING', 'RUNNING', 'STOPPING', 'DEPROVISIONING', 'STOPPED']
    (stopped,) = fleet.tasks(status='STOPPED')
    names = (
        'createdAt',
        'pullStartedAt',
        'pullStoppedAt',
        'startedAt',
        'stoppingAt',
        'executionStoppedAt',
        'stoppedAt',
    )
    times = [stopped[name] for name in names]
    assert times == sorted(times)
    # The container starts the moment its image is there.
    assert len(set(times)) == len(times) - 1


def test_task_of_a_scaled_in_service(fleet: Fleet):
    fleet.define()
    deployment = fleet.steady(count=1)['deployments'][0]['id']
    fleet.update(desiredCount=0)
    fleet.wait()
    (task,) = fleet.tasks(status='STOPPED')
    assert task['stopCode'] == 'ServiceSchedulerInitiated'
    assert task['stoppedReason'] == f'Scaling activity initiated by (deployment {deployment})'
    assert task['containers'][0]['exitCode'] == 0
    assert fleet.events_of()[-2].startswith('has stopped 1 running tasks: (task ')


def test_stopped_tasks_are_forgotten_after_an_hour(fleet: Fleet):
    fleet.define()
    fleet.steady(count=1)
    fleet.update(desiredCount=0)
    fleet.wait(60)
    (task,) = fleet.tasks(status='STOPPED')
    fleet.wait(3500)
    assert fleet.tasks(status='STOPPED')
    fleet.wait(100)
    assert not fleet.tasks(status='STOPPED')
    answer = fleet.aws.describe_tasks(cluster='prod', tasks=[task['taskArn']])
    assert answer['failures'] == [{'arn': task['taskArn'], 'reason': 'MISSING'}]


def test_machines_get_back_what_a_stopped_task_held(fleet: Fleet, machines: list[str]):
    def left() -> list[Any]:
        found = fleet.aws.describe_container_instances(cluster='prod', containerInstances=machines)
        return [instance['remainingResources'] for instance in found['containerInstances']]

    before = left()
    fleet.define(mode='host', portMappings=PORTS, cpu=100)
    fleet.steady(count=3)
    assert all('80' in resources[2]['stringSetValue'] for resources in left())
    fleet.update(desiredCount=0)
    fleet.wait()
    assert left() == before


def test_containers_show_their_image_digest(fleet: Fleet):
    fleet.define()
    fleet.steady(count=1)
    (task,) = fleet.tasks()
    assert task['containers'][0]['imageDigest'] == fleet.images.find('acme/web:1').digest


def test_tags_of_a_service_go_to_its_tasks(fleet: Fleet):
    fleet.define()
    tags = [{'key': 'team', 'value': 'blue'}]
    fleet.steady(count=1, tags=tags, propagateTags='SERVICE', enableECSManagedTags=True)
    (arn,) = fleet.aws.list_tasks(cluster='prod', serviceName='web')['taskArns']
    (task,) = fleet.aws.describe_tasks(cluster='prod', tasks=[arn], include=['TAGS'])['tasks']
    assert {tag['key']: tag['value'] for tag in task['tags']} == {
        'aws:ecs:clusterName': 'prod',
        'aws:ecs:serviceName': 'web',
        'team': 'blue',
    }
