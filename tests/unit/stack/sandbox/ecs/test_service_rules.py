"""What a service may look like, and what AWS fills in."""

from typing import Any

import pytest

from stack.sandbox.ecs.ports import TargetGroup
from tests.unit.stack.sandbox.ecs.fleet import GROUP, REGISTRY, VPC, Fleet, balancer, refused

INVALID = 'InvalidParameterException'


@pytest.mark.parametrize(
    ('fields', 'code', 'message'),
    [
        ({'cluster': 'nowhere'}, 'ClusterNotFoundException', 'Cluster not found.'),
        ({'taskDefinition': 'unknown'}, 'ClientException', 'TaskDefinition not found.'),
        ({'taskDefinition': 'web:9'}, 'ClientException', 'TaskDefinition not found.'),
        ({'serviceName': 'with space'}, INVALID, 'must match'),
        ({'serviceName': ''}, INVALID, 'can not be blank'),
        ({'desiredCount': -1}, INVALID, 'desiredCount must be between 0 and 5000'),
        ({'schedulingStrategy': 'DAEMON'}, INVALID, 'does not support a desired count'),
        ({'launchType': 'FARGATE'}, INVALID, 'does not support launch_type FARGATE'),
        ({'launchType': 'MOON'}, INVALID, "Value 'MOON' at 'launchType'"),
        ({'networkConfiguration': VPC}, INVALID, 'not valid for the given networkMode'),
        ({'deploymentConfiguration': {'maximumPercent': 100}}, INVALID, 'will block deployments'),
        ({'deploymentConfiguration': {'maximumPercent': 50}}, INVALID, 'must not be below'),
        ({'deploymentConfiguration': {'minimumHealthyPercent': -1}}, INVALID, 'must not be negative'),
        ({'healthCheckGracePeriodSeconds': 5}, INVALID, 'only valid for services configured to use load balancers'),
        ({'placementConstraints': [{'type': 'memberOf', 'expression': '=='}]}, INVALID, 'is not valid'),
        (
            {'capacityProviderStrategy': [{'capacityProvider': 'spot'}]},
            INVALID,
            'The specified capacity provider spot is not associated with the cluster.',
        ),
        (
            {'launchType': 'EC2', 'capacityProviderStrategy': [{'capacityProvider': 'spot'}]},
            INVALID,
            'Specifying both a launch type and capacity provider strategy is not supported.',
        ),
        (
            {'availabilityZoneRebalancing': 'ENABLED', 'deploymentConfiguration': {'maximumPercent': 100}},
            INVALID,
            'rebalancing',
        ),
        (balancer(containerName='app'), INVALID, 'The container app does not exist in the task definition.'),
        (balancer(containerPort=81), INVALID, 'The container web did not have a container port 81 defined.'),
        (balancer(targetGroupArn=f'{GROUP}0'), INVALID, 'does not exist'),
        (
            {'serviceRegistries': [{'registryArn': REGISTRY}]},
            INVALID,
            "When specifying 'host' or 'bridge' for networkMode",
        ),
        ({'serviceRegistries': [{'registryArn': f'{REGISTRY}0'}]}, INVALID, 'does not exist'),
        ({'tags': [{'key': 'aws:x', 'value': '1'}]}, INVALID, 'reserved'),
    ],
)
def test_create_refuses(fleet: Fleet, fields: dict[str, Any], code: str, message: str):
    fleet.targets.groups[GROUP] = TargetGroup()
    fleet.define(portMappings=[{'containerPort': 80}])
    call = {'cluster': 'prod', 'serviceName': 'web', 'taskDefinition': 'web', 'desiredCount': 1, **fields}
    found = refused(fleet.aws.create_service, **call)
    assert found[0] == code
    assert message in found[1]
    assert fleet.aws.list_services(cluster='prod')['serviceArns'] == []


def test_target_group_must_have_a_load_balancer_and_the_right_kind(fleet: Fleet):
    fleet.define(portMappings=[{'containerPort': 80}])
    fleet.targets.groups[GROUP] = TargetGroup(attached=False)
    assert 'does not have an associated load balancer' in refused(fleet.create, **balancer())[1]
    fleet.targets.groups[GROUP] = TargetGroup('ip')
    assert 'which is incompatible with the bridge network mode' in refused(fleet.create, **balancer())[1]


def test_awsvpc_needs_a_network(fleet: Fleet):
    fleet.define(mode='awsvpc')
    assert "when networkMode 'awsvpc' is specified" in refused(fleet.create)[1]
    nothing = {'awsvpcConfiguration': {'subnets': []}}
    assert refused(fleet.create, networkConfiguration=nothing) == (INVALID, 'subnets can not be empty.')


def test_defaults_of_aws(fleet: Fleet):
    fleet.define()
    service = fleet.create()
    assert service['deploymentConfiguration'] == {
        'deploymentCircuitBreaker': {'enable': False, 'rollback': False},
        'maximumPercent': 200,
        'minimumHealthyPercent': 100,
        'strategy': 'ROLLING',
        'bakeTimeInMinutes': 0,
    }
    expected = {
        'schedulingStrategy': 'REPLICA',
        'launchType': 'EC2',
        'deploymentController': {'type': 'ECS'},
        'loadBalancers': [],
        'serviceRegistries': [],
        'placementConstraints': [],
        'placementStrategy': [],
        'propagateTags': 'NONE',
        'enableECSManagedTags': False,
        'enableExecuteCommand': False,
        'availabilityZoneRebalancing': 'ENABLED',
    }
    assert {name: service[name] for name in expected} == expected


def test_everything_that_was_given_comes_back(fleet: Fleet):
    fleet.targets.groups[GROUP] = TargetGroup('ip')
    fleet.define(mode='awsvpc', portMappings=[{'containerPort': 80}])
    given = {
        **balancer(),
        'networkConfiguration': VPC,
        'serviceRegistries': [{'registryArn': REGISTRY}],
        'deploymentConfiguration': {
            'deploymentCircuitBreaker': {'enable': True, 'rollback': False},
            'maximumPercent': 150,
            'minimumHealthyPercent': 50,
        },
        'placementConstraints': [{'type': 'distinctInstance'}],
        'placementStrategy': [{'type': 'binpack', 'field': 'memory'}],
        'healthCheckGracePeriodSeconds': 7,
        'enableECSManagedTags': True,
        'enableExecuteCommand': True,
        'propagateTags': 'TASK_DEFINITION',
    }
    fleet.create(**given)
    service = fleet.service()
    configuration = service.pop('deploymentConfiguration')
    assert configuration.items() >= given.pop('deploymentConfiguration').items()
    assert {name: service[name] for name in given} == given
