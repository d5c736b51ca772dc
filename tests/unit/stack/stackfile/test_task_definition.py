"""Task definitions: comparison of what ECS gets and what it returns."""

import copy
import datetime
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from stack.stackfile.effective import all_settings, service_settings
from stack.stackfile.normal_form import normalised
from stack.stackfile.task_definition import register_arguments
from tests.unit.stack.stackfile.examples import example, one_service

FULL = {
    'image': 'team/web:1',
    'memory': 512,
    'cpu': 256,
    'gpus': 2,
    'ports': ['8080:8080', '53:53/udp'],
    'environment': [{'B': 1}, 'A=x', {'C': True}],
    'secrets': [{'S': 'arn:aws:ssm:us-east-1:123456789012:parameter/s'}, {'R': '/r'}],
    'command': ['serve', '--port=80'],
    'entrypoint': ['/bin/web'],
    'volumes': ['data:/srv/data:/data:ro', 'data:/srv/data:/other', 'run:/run:/run'],
    'privileged': True,
    'logging': {'log_driver': 'awslogs', 'options': {'awslogs-group': '/ecs/web'}},
    'healthcheck': {'command': 'curl -f http://localhost/', 'interval': 10, 'start_period': 60},
    'placement_constraints': [{'type': 'memberOf', 'expression': 'a == b'}, {'type': 'distinctInstance'}],
    'task_role_arn': 'arn:aws:iam::123456789012:role/web',
    'task_execution_role_arn': 'arn:aws:iam::123456789012:role/ecs',
    'desired_count': 3,
}


def arguments(settings: dict[str, Any], region: str | None = None) -> dict[str, Any]:
    return register_arguments('staging', service_settings({'services': [{'web': settings}]}, 'web'), region)


def validate(given: dict[str, Any], operation: str) -> None:
    model = botocore.session.get_session().get_service_model('ecs').operation_model(operation)
    report = ParamValidator().validate(given, model.input_shape)
    assert not report.has_errors(), report.generate_report()


def test_every_field():
    given = arguments(FULL, 'eu-west-1')
    validate(given, 'RegisterTaskDefinition')
    assert given == {
        'family': 'staging-web',
        'networkMode': 'host',
        'taskRoleArn': 'arn:aws:iam::123456789012:role/web',
        'executionRoleArn': 'arn:aws:iam::123456789012:role/ecs',
        'placementConstraints': [{'type': 'memberOf', 'expression': 'a == b'}],
        'volumes': [
            {'name': 'data', 'host': {'sourcePath': '/srv/data'}},
            {'name': 'run', 'host': {'sourcePath': '/run'}},
        ],
        'containerDefinitions': [
            {
                'name': 'web',
                'image': 'team/web:1',
                'essential': True,
                'memory': 512,
                'cpu': 256,
                'resourceRequirements': [{'type': 'GPU', 'value': '2'}],
                'portMappings': [
                    {'containerPort': 8080, 'hostPort': 8080, 'protocol': 'tcp'},
                    {'containerPort': 53, 'hostPort': 53, 'protocol': 'udp'},
                ],
                'environment': [
                    {'name': 'B', 'value': '1'},
                    {'name': 'A', 'value': 'x'},
                    {'name': 'C', 'value': 'true'},
                ],
                'secrets': [
                    {'name': 'S', 'valueFrom': 'arn:aws:ssm:us-east-1:123456789012:parameter/s'},
                    {'name': 'R', 'valueFrom': '/r'},
                ],
                'command': ['serve', '--port=80'],
                'entryPoint': ['/bin/web'],
                'mountPoints': [
                    {'sourceVolume': 'data', 'containerPath': '/data', 'readOnly': True},
                    {'sourceVolume': 'data', 'containerPath': '/other', 'readOnly': False},
                    {'sourceVolume': 'run', 'containerPath': '/run', 'readOnly': False},
                ],
                'privileged': True,
                'logConfiguration': {
                    'logDriver': 'awslogs',
                    'options': {'awslogs-group': '/ecs/web', 'awslogs-region': 'eu-west-1'},
                },
                'healthCheck': {
                    'command': ['CMD-SHELL', 'curl -f http://localhost/'],
                    'interval': 10,
                    'timeout': 5,
                    'retries': 3,
                    'startPeriod': 60,
                },
            }
        ],
        'tags': [{'key': 'nysa:cluster', 'value': 'staging'}, {'key': 'nysa:service', 'value': 'web'}],
    }


def test_the_least():
    assert arguments({'image': 'web:1'}) == {
        'family': 'staging-web',
        'networkMode': 'host',
        'containerDefinitions': [{'name': 'web', 'image': 'web:1', 'essential': True, 'memory': 1024}],
        'tags': [{'key': 'nysa:cluster', 'value': 'staging'}, {'key': 'nysa:service', 'value': 'web'}],
    }


def test_an_address_of_its_own():
    assert arguments({'image': 'web:1', 'dns_discovery': {'name': 'web'}})['networkMode'] == 'awsvpc'


def test_fargate():
    given = arguments({'image': 'web:1', 'launch_type': 'FARGATE', 'cpu': 256, 'memory': 512})
    validate(given, 'RegisterTaskDefinition')
    assert (given['cpu'], given['memory'], given['networkMode']) == ('256', '512', 'awsvpc')
    assert given['requiresCompatibilities'] == ['FARGATE']


def test_a_region_that_is_written_stays():
    logging = {'log_driver': 'awslogs', 'options': {'awslogs-group': 'x', 'awslogs-region': 'us-east-1'}}
    container = arguments({'image': 'web:1', 'logging': logging}, 'eu-west-1')['containerDefinitions'][0]
    assert container['logConfiguration']['options']['awslogs-region'] == 'us-east-1'


def test_options_of_no_driver_are_not_sent():
    container = arguments({'image': 'web:1', 'logging': {'options': {'a': 'b'}}})['containerDefinitions'][0]
    assert 'logConfiguration' not in container


@pytest.mark.parametrize('name', list(all_settings(example())))
def test_the_example_is_what_ecs_takes(name: str):
    validate(register_arguments('staging', service_settings(example(), name)), 'RegisterTaskDefinition')


def as_ecs_answers(registered: dict[str, Any]) -> dict[str, Any]:
    """The `taskDefinition` of DescribeTaskDefinition for what was registered."""
    answer = copy.deepcopy(registered)
    del answer['tags']
    answer |= {
        'taskDefinitionArn': 'arn:aws:ecs:us-east-1:123456789012:task-definition/staging-web:7',
        'revision': 7,
        'status': 'ACTIVE',
        'requiresAttributes': [{'name': 'com.amazonaws.ecs.capability.docker-remote-api.1.18'}],
        'compatibilities': ['EXTERNAL', 'EC2'],
        'registeredAt': datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC),
        'registeredBy': 'arn:aws:iam::123456789012:user/nysa',
        'enableFaultInjection': False,
    }
    answer.setdefault('volumes', [])
    answer.setdefault('placementConstraints', [])
    for container in answer['containerDefinitions']:
        for key in ('portMappings', 'environment', 'mountPoints', 'volumesFrom', 'systemControls'):
            container.setdefault(key, [])
        container.setdefault('cpu', 0)
        container['environment'].reverse()
        if 'logConfiguration' in container:
            container['logConfiguration']['secretOptions'] = []
        if container.get('healthCheck', {}).get('startPeriod') == 0:
            del container['healthCheck']['startPeriod']
    return answer


@pytest.mark.parametrize(
    'settings',
    [
        FULL,
        {'image': 'web:1'},
        {'image': 'web:1', 'ports': ['80:80'], 'dns_discovery': {'name': 'web'}},
        {'image': 'web:1', 'launch_type': 'FARGATE', 'cpu': 256, 'memory': 512, 'ports': ['80:80']},
        {'image': 'web:1', 'healthcheck': {'command': 'true'}, 'environment': {'EMPTY': '', 'B': 1, 'A': 1}},
        {'image': 'web:1', 'privileged': False, 'volumes': [], 'command': []},
    ],
)
def test_a_described_definition_equals_the_registered_one(settings: dict[str, Any]):
    registered = arguments(settings, 'us-east-1')
    answered = as_ecs_answers(registered)
    assert normalised(registered) == normalised(answered)
    assert normalised(normalised(registered)) == normalised(registered)


def test_the_name_of_a_role_is_its_arn():
    named = arguments({'image': 'web:1', 'task_role_arn': 'web', 'task_execution_role_arn': 'ecs'})
    full = arguments(
        {
            'image': 'web:1',
            'task_role_arn': 'arn:aws:iam::123456789012:role/web',
            'task_execution_role_arn': 'arn:aws:iam::123456789012:role/path/ecs',
        }
    )
    assert normalised(named) == normalised(full)


def test_what_the_old_scheduler_registered_is_the_same():
    old = {
        'family': 'staging-web',
        'networkMode': 'host',
        'containerDefinitions': [
            {
                'name': 'web',
                'image': 'web:1',
                'essential': True,
                'memory': 1024,
                'privileged': False,
                'logConfiguration': {'logDriver': 'gelf', 'options': {}},
                'environment': [{'name': 'B', 'value': '2'}, {'name': 'A', 'value': '1'}],
                'portMappings': [{'hostPort': 8080, 'containerPort': 8080}],
                'mountPoints': [{'sourceVolume': 'a', 'containerPath': '/b', 'readOnly': False}],
            }
        ],
        'volumes': [{'name': 'a', 'host': {'sourcePath': '/a'}}],
    }
    new = {
        'image': 'web:1',
        'ports': ['8080:8080'],
        'logging': {'log_driver': 'gelf'},
        'environment': {'A': 1, 'B': 2},
        'volumes': ['a:/a:/b'],
    }
    assert normalised(arguments(new)) == normalised(as_ecs_answers({**old, 'tags': []}))


CHANGES: dict[str, Any] = {
    'image': 'team/web:2',
    'memory': 513,
    'cpu': 257,
    'gpus': 1,
    'ports': ['8080:8080', '53:53'],
    'environment': [{'B': 1}, 'A=x', {'C': False}],
    'secrets': [{'S': 'arn:aws:ssm:us-east-1:123456789012:parameter/s'}],
    'command': ['--port=80', 'serve'],
    'entrypoint': ['/bin/other'],
    'volumes': ['data:/srv/data:/data', 'data:/srv/data:/other', 'run:/run:/run'],
    'privileged': False,
    'logging': {'log_driver': 'awslogs', 'options': {'awslogs-group': '/ecs/other'}},
    'healthcheck': {'command': 'curl -f http://localhost/', 'interval': 10, 'start_period': 59},
    'placement_constraints': [{'type': 'memberOf', 'expression': 'a == c'}],
    'task_role_arn': 'arn:aws:iam::123456789012:role/other',
    'task_execution_role_arn': 'arn:aws:iam::123456789012:role/other',
    'dns_discovery': {'name': 'web'},
    'launch_type': 'FARGATE',
}


@pytest.mark.parametrize('field', CHANGES)
def test_every_change_shows(field: str):
    assert normalised(arguments(FULL)) != normalised(arguments({**FULL, field: CHANGES[field]}))


@pytest.mark.parametrize(('field', 'value'), [('desired_count', 7), ('autoscaled', True), ('type', 'task')])
def test_what_is_no_part_of_a_task_definition(field: str, value: Any):
    assert arguments(FULL) == arguments({**FULL, field: value})


def test_what_others_have_changed_shows():
    own = arguments({'image': 'web:1'})
    foreign = as_ecs_answers(own)
    foreign['containerDefinitions'][0]['ulimits'] = [{'name': 'nofile', 'softLimit': 1, 'hardLimit': 1}]
    assert normalised(own) != normalised(foreign)
    foreign = as_ecs_answers(own)
    foreign['containerDefinitions'].append({'name': 'sidecar', 'image': 'x'})
    assert normalised(own) != normalised(foreign)


@given(st.permutations(FULL['environment']), st.permutations(FULL['volumes']), st.permutations(FULL['ports']))
def test_order_means_nothing_where_it_means_nothing(environment: list, volumes: list, ports: list):
    shuffled = {**FULL, 'environment': environment, 'volumes': volumes, 'ports': ports}
    assert normalised(arguments(shuffled)) == normalised(arguments(FULL))


@pytest.mark.parametrize(
    'definition', [{}, {'containerDefinitions': []}, {'containerDefinitions': [{'portMappings': [{}]}]}]
)
def test_an_odd_definition(definition: dict[str, Any]):
    assert normalised(definition) == normalised(definition)
    assert normalised(one_service()) != normalised({})
