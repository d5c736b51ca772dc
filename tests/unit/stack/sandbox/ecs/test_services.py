"""The service actions one by one: what they refuse, what they answer, and how they page."""

from typing import Any

import pytest

from tests.unit.stack.sandbox.ecs.fleet import REGISTRY, VPC, Fleet, refused

INVALID = 'InvalidParameterException'


def test_inactive_task_definitions_are_refused(fleet: Fleet):
    fleet.aws.deregister_task_definition(taskDefinition=fleet.define())
    assert refused(fleet.create, taskDefinition='web:1') == ('ClientException', 'TaskDefinition is inactive')


def test_same_name_twice(fleet: Fleet):
    fleet.define()
    fleet.create()
    assert refused(fleet.create) == (INVALID, 'Creation of service was not idempotent.')
    fleet.aws.delete_service(cluster='prod', service='web', force=True)
    assert refused(fleet.create) == (INVALID, 'Unable to Start a service that is still Draining.')
    fleet.wait(60)
    assert fleet.create()['status'] == 'ACTIVE'


def test_client_token_makes_create_idempotent(fleet: Fleet):
    fleet.define()
    first = fleet.create(clientToken='abc')
    assert fleet.create(clientToken='abc')['serviceArn'] == first['serviceArn']
    assert refused(fleet.create, clientToken='def')[1] == 'Creation of service was not idempotent.'


def test_fargate_through_a_capacity_provider(fleet: Fleet):
    fleet.aws.put_cluster_capacity_providers(
        cluster='prod',
        capacityProviders=['FARGATE_SPOT'],
        defaultCapacityProviderStrategy=[{'capacityProvider': 'FARGATE_SPOT', 'weight': 1}],
    )
    fleet.aws.register_task_definition(
        family='web',
        networkMode='awsvpc',
        requiresCompatibilities=['FARGATE'],
        cpu='256',
        memory='512',
        containerDefinitions=[{'name': 'web', 'image': 'acme/web:1'}],
    )
    service = fleet.steady(networkConfiguration=VPC)
    assert service['capacityProviderStrategy'][0]['capacityProvider'] == 'FARGATE_SPOT'
    assert 'launchType' not in service
    assert {task['launchType'] for task in fleet.tasks()} == {'FARGATE'}
    assert all('containerInstanceArn' not in task for task in fleet.tasks())


@pytest.mark.parametrize(
    ('fields', 'rolls'),
    [
        ({'taskDefinition': 'web:2'}, True),
        ({'taskDefinition': 'web:1'}, False),
        ({'forceNewDeployment': True}, True),
        ({'desiredCount': 3}, False),
        ({'deploymentConfiguration': {'maximumPercent': 150}}, False),
        ({'placementConstraints': [{'type': 'distinctInstance'}]}, False),
        ({'enableExecuteCommand': True}, False),
        ({'serviceRegistries': [{'registryArn': REGISTRY, 'containerName': 'web', 'containerPort': 80}]}, True),
    ],
)
def test_what_makes_a_new_deployment(fleet: Fleet, fields: dict[str, Any], rolls: bool):
    fleet.machines(1)
    for tag in ('1', '2'):
        fleet.define(tag, portMappings=[{'containerPort': 80}])
    before = fleet.steady(count=1, taskDefinition='web:1')['deployments'][0]['id']
    fleet.update(**fields)
    assert (fleet.primary()['id'] != before) is rolls


def test_update_merges_the_deployment_configuration(fleet: Fleet):
    fleet.define()
    fleet.create(deploymentConfiguration={'minimumHealthyPercent': 50})
    fleet.update(deploymentConfiguration={'maximumPercent': 150})
    configuration = fleet.service()['deploymentConfiguration']
    assert (configuration['minimumHealthyPercent'], configuration['maximumPercent']) == (50, 150)


def test_update_refuses_and_leaves_everything_as_it_was(fleet: Fleet):
    fleet.define()
    before = fleet.create()
    for fields in (
        {'taskDefinition': 'nothing'},
        {'desiredCount': -1},
        {'desiredCount': 5, 'networkConfiguration': VPC},
        {'desiredCount': 5, 'deploymentConfiguration': {'maximumPercent': 100}},
    ):
        refused(fleet.update, **fields)
    assert fleet.service() == before


def test_update_needs_an_active_service(fleet: Fleet):
    fleet.define()
    assert refused(fleet.update)[0] == 'ServiceNotFoundException'
    fleet.create()
    fleet.aws.delete_service(cluster='prod', service='web', force=True)
    assert refused(fleet.update) == ('ServiceNotActiveException', 'Service was not ACTIVE.')
    fleet.wait(60)
    assert refused(fleet.update)[0] == 'ServiceNotActiveException'


def test_delete_needs_force_while_scaled_above_zero(fleet: Fleet):
    fleet.define()
    fleet.create(count=1)
    delete = fleet.aws.delete_service
    found = refused(delete, cluster='prod', service='web')
    assert found == (INVALID, 'The service cannot be stopped while it is scaled above 0.')
    fleet.update(desiredCount=0)
    assert delete(cluster='prod', service='web')['service']['status'] == 'DRAINING'
    fleet.create('daemon', count=None, schedulingStrategy='DAEMON')
    assert delete(cluster='prod', service='daemon')['service']['status'] == 'DRAINING'
    assert refused(delete, cluster='prod', service='nothing')[0] == 'ServiceNotFoundException'


def test_describes_at_most_ten_at_once(fleet: Fleet):
    names = [f'web-{n}' for n in range(11)]
    found = refused(fleet.aws.describe_services, cluster='prod', services=names)
    assert found == (INVALID, 'service names can have at most 10 items.')
    found = refused(fleet.aws.describe_services, cluster='prod', services=[])
    assert found == (INVALID, 'Services cannot be empty.')


def test_describes_what_is_there_and_names_what_is_not(fleet: Fleet):
    fleet.define()
    arn = fleet.create()['serviceArn']
    answer = fleet.aws.describe_services(cluster='prod', services=[arn, 'gone'], include=['TAGS'])
    assert [service['serviceName'] for service in answer['services']] == ['web']
    missing = 'arn:aws:ecs:us-east-1:123456789012:service/prod/gone'
    assert answer['failures'] == [{'arn': missing, 'reason': 'MISSING'}]


def test_tags_are_shown_where_asked_for(fleet: Fleet):
    fleet.define()
    tags = [{'key': 'team', 'value': 'blue'}]
    fleet.create(tags=tags)
    assert 'tags' not in fleet.service()
    answer = fleet.aws.describe_services(cluster='prod', services=['web'], include=['TAGS'])
    assert answer['services'][0]['tags'] == tags


def test_lists_ten_at_a_time_by_default(fleet: Fleet):
    fleet.define()
    for number in range(25):
        fleet.create(f'web-{number}', count=0)
    fleet.aws.create_cluster(clusterName='eu-prod')
    fleet.aws.create_service(cluster='eu-prod', serviceName='other', taskDefinition='web', desiredCount=0)
    sizes = [len(page['serviceArns']) for page in fleet.aws.get_paginator('list_services').paginate(cluster='prod')]
    assert sizes == [10, 10, 5]
    assert len(fleet.aws.list_services(cluster='prod', maxResults=100)['serviceArns']) == 25
    assert refused(fleet.aws.list_services, cluster='prod', maxResults=101)[0] == INVALID
    assert fleet.aws.list_services(cluster='prod', schedulingStrategy='DAEMON')['serviceArns'] == []


def test_keeps_the_newest_hundred_events(fleet: Fleet):
    fleet.machines(1)
    fleet.define('flaky')
    fleet.create(count=1)
    fleet.wait(12_000)
    events = fleet.service()['events']
    assert len(events) == 100
    times = [event['createdAt'] for event in events]
    assert times == sorted(times, reverse=True)
