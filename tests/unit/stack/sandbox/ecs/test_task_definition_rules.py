"""What a task definition may look like, and what AWS fills in."""

from typing import Any

import pytest

from tests.unit.stack.sandbox.ecs.fleet import Fleet, refused

FARGATE = {'requiresCompatibilities': ['FARGATE'], 'networkMode': 'awsvpc', 'cpu': '256', 'memory': '512'}
FARGATE_LOGS = {'logDriver': 'awslogs', 'options': {'awslogs-group': 'g', 'awslogs-region': 'us-east-1'}}


@pytest.mark.parametrize(
    ('container', 'message'),
    [
        ({'name': ''}, 'Container.name should not be null or empty.'),
        ({'name': 'a b'}, 'Container.name contains invalid characters.'),
        ({'image': ''}, 'Container.image should not be null or empty.'),
        ({'memory': None}, "Invalid setting for container 'web'. At least one of 'memory' or 'memoryReservation'"),
        ({'memory': 4}, 'Memory must be at least 6 MiB'),
        ({'memory': 64, 'memoryReservation': 128}, "'memory' must not be below 'memoryReservation'"),
        ({'cpu': -1}, "Invalid 'cpu' setting"),
        ({'essential': False}, 'at least one essential container'),
        ({'portMappings': [{'containerPort': 70000}]}, 'Invalid port 70000'),
        ({'mountPoints': [{'sourceVolume': 'data', 'containerPath': '/d'}]}, "Unknown volume 'data'"),
        ({'healthCheck': {'command': ['CMD'], 'interval': 1}}, 'interval must be between 5 and 300'),
        ({'healthCheck': {'command': []}}, 'command must not be empty'),
        ({'logConfiguration': {'logDriver': 'awslogs'}}, 'requires options: awslogs-group, awslogs-region'),
        ({'secrets': [{'name': 'A', 'valueFrom': 'b'}]}, 'must also specify a value for executionRoleArn'),
    ],
)
def test_containers_that_are_refused(fleet: Fleet, container: dict[str, Any], message: str):
    spec = {'name': 'web', 'image': 'acme/web:1', 'memory': 64, **container}
    spec = {name: value for name, value in spec.items() if value is not None}
    found = refused(fleet.aws.register_task_definition, family='web', containerDefinitions=[spec])
    assert found[0] == 'ClientException'
    assert message in found[1]
    assert fleet.aws.list_task_definition_families()['families'] == []


@pytest.mark.parametrize(
    ('fields', 'message'),
    [
        ({'family': ''}, 'Family should not be null or blank.'),
        ({'family': 'a:b'}, 'Family contains invalid characters.'),
        ({'containerDefinitions': []}, 'at least one container definition'),
        ({**FARGATE, 'networkMode': 'host'}, "Fargate only supports network mode 'awsvpc'."),
        ({**FARGATE, 'memory': '8192'}, 'No Fargate configuration exists for given values: 256 CPU, 8192 memory.'),
        ({**FARGATE, 'cpu': '300'}, 'No Fargate configuration exists'),
        ({'requiresCompatibilities': ['FARGATE'], 'networkMode': 'awsvpc'}, "requires that 'cpu' be defined"),
        ({'cpu': 'much'}, "Invalid 'cpu' setting for task"),
        ({'cpu': '2 GB'}, "Invalid 'cpu' setting for task"),
    ],
)
def test_definitions_that_are_refused(fleet: Fleet, fields: dict[str, Any], message: str):
    spec = {'name': 'web', 'image': 'acme/web:1', 'memory': 64}
    found = refused(fleet.aws.register_task_definition, **{'family': 'web', 'containerDefinitions': [spec], **fields})
    assert found[0] == 'ClientException'
    assert message in found[1]


@pytest.mark.parametrize(
    'container',
    [{'image': '123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1'}, {'logConfiguration': FARGATE_LOGS}],
)
def test_fargate_needs_an_execution_role_for_ecr_and_logs(fleet: Fleet, container: dict[str, Any]):
    spec = {'name': 'web', 'image': 'acme/web:1', **container}
    call = {'family': 'web', 'containerDefinitions': [spec], **FARGATE}
    assert 'execution role ARN' in refused(fleet.aws.register_task_definition, **call)[1]
    fleet.aws.register_task_definition(executionRoleArn='arn:role', **call)


@pytest.mark.parametrize('mode', ['host', 'awsvpc'])
def test_ports_must_match_without_a_bridge(fleet: Fleet, mode: str):
    ports = [{'containerPort': 80, 'hostPort': 8080}]
    assert f'When networkMode={mode}' in refused(fleet.define, mode=mode, portMappings=ports)[1]


def test_two_containers_of_one_name(fleet: Fleet):
    spec = {'name': 'web', 'image': 'acme/web:1', 'memory': 64}
    found = refused(fleet.aws.register_task_definition, family='web', containerDefinitions=[spec, spec])
    assert 'must be unique' in found[1]


def test_defaults_of_aws(fleet: Fleet):
    check = {'command': ['CMD', 'true']}
    arn = fleet.define(mode='host', portMappings=[{'containerPort': 80}], healthCheck=check)
    found = fleet.aws.describe_task_definition(taskDefinition=arn)['taskDefinition']
    assert found['containerDefinitions'] == [
        {
            'name': 'web',
            'image': 'acme/web:1',
            'cpu': 0,
            'memory': 128,
            'essential': True,
            'environment': [],
            'mountPoints': [],
            'volumesFrom': [],
            'systemControls': [],
            'portMappings': [{'containerPort': 80, 'hostPort': 80, 'protocol': 'tcp'}],
            'healthCheck': {'command': ['CMD', 'true'], 'interval': 30, 'timeout': 5, 'retries': 3},
        }
    ]
    expected = {
        'family': 'web',
        'revision': 1,
        'status': 'ACTIVE',
        'networkMode': 'host',
        'volumes': [],
        'placementConstraints': [],
        'compatibilities': ['EC2'],
        'taskDefinitionArn': 'arn:aws:ecs:us-east-1:123456789012:task-definition/web:1',
    }
    assert {name: found[name] for name in expected} == expected


def test_every_field_comes_back(fleet: Fleet):
    container = {
        'name': 'web',
        'image': 'acme/web:1',
        'cpu': 64,
        'memory': 256,
        'memoryReservation': 128,
        'portMappings': [{'containerPort': 80, 'hostPort': 0, 'protocol': 'udp', 'name': 'http'}],
        'essential': True,
        'entryPoint': ['sh'],
        'command': ['-c', 'true'],
        'environment': [{'name': 'A', 'value': 'b'}],
        'secrets': [{'name': 'S', 'valueFrom': '/s'}],
        'mountPoints': [{'sourceVolume': 'data', 'containerPath': '/data', 'readOnly': True}],
        'volumesFrom': [],
        'systemControls': [],
        'restartPolicy': {'enabled': True, 'ignoredExitCodes': [0], 'restartAttemptPeriod': 60},
        'startTimeout': 30,
        'privileged': True,
        'ulimits': [{'name': 'nofile', 'softLimit': 1, 'hardLimit': 2}],
        'dockerLabels': {'a': 'b'},
        'logConfiguration': {'logDriver': 'syslog', 'options': {'tag': 'x'}},
        'resourceRequirements': [{'type': 'GPU', 'value': '1'}],
        'stopTimeout': 10,
    }
    given = {
        'family': 'web',
        'taskRoleArn': 'arn:task',
        'executionRoleArn': 'arn:execution',
        'networkMode': 'bridge',
        'containerDefinitions': [container],
        'volumes': [{'name': 'data', 'host': {'sourcePath': '/srv'}}],
        'placementConstraints': [{'type': 'memberOf', 'expression': 'attribute:x exists'}],
        'requiresCompatibilities': ['EC2'],
        'cpu': '256',
        'memory': '512',
        'pidMode': 'host',
        'ipcMode': 'host',
        'runtimePlatform': {'cpuArchitecture': 'X86_64', 'operatingSystemFamily': 'LINUX'},
    }
    tags = [{'key': 'team', 'value': 'blue'}]
    arn = fleet.aws.register_task_definition(**given, tags=tags)['taskDefinition']['taskDefinitionArn']
    answer = fleet.aws.describe_task_definition(taskDefinition=arn, include=['TAGS'])
    assert {name: answer['taskDefinition'][name] for name in given} == given
    assert answer['tags'] == tags


@pytest.mark.parametrize('cpu', ['.25 vCPU', '0.25 vCPU', '.25 vcpu', '256'])
def test_sizes_may_have_units(fleet: Fleet, cpu: str):
    spec = {'name': 'web', 'image': 'acme/web:1'}
    call = {'family': 'web', 'containerDefinitions': [spec], **FARGATE, 'cpu': cpu, 'memory': '0.5 GB'}
    answer = fleet.aws.register_task_definition(**call)
    assert (answer['taskDefinition']['cpu'], answer['taskDefinition']['memory']) == ('256', '512')
    assert answer['taskDefinition']['compatibilities'] == ['EC2', 'FARGATE']
