"""The shape of stackfiles: every field with invalid and valid values."""

from typing import Any

import pytest

from stack.stackfile.problems import path_text
from stack.stackfile.schema import shape_mistakes
from tests.unit.stack.stackfile.examples import balanced, example, one_service


def mistakes(document: Any) -> dict[str, str]:
    """Message by path, the service's own path left out."""
    found = {path_text(p.path): p.message for p in shape_mistakes(document)}
    return {where.removeprefix('services[0].web.'): message for where, message in found.items()}


WRONG: list[tuple[str, list[Any]]] = [
    ('image', [None, 1, '', 'Team/App', 'app:', ['app'], {'name': 'app'}]),
    ('memory', [None, True, '930', 930.0, 0, 3, 10**9, [], -1]),
    ('cpu', [True, 0, '256', 0.25]),
    ('gpus', [0, '1', True, 17]),
    ('desired_count', [-1, True, '3', 1.0, None, 5001, 10**400]),
    ('privileged', ['true', 1, 0, None]),
    ('autoscaled', ['yes', 1]),
    ('type', ['Service', 'daemon', None, [], {}]),
    ('scheduling_strategy', ['replica', 1]),
    ('launch_type', ['fargate', True]),
    ('ports', ['80:80', {}, None, 80]),
    ('environment', [None, 'A=1', 1, True]),
    ('secrets', [None, 'A=arn', 1]),
    ('command', ['python app.py', None, {}]),
    ('entrypoint', ['sh', 1]),
    ('volumes', ['a:/b:/c', {}, None]),
    ('logging', [None, 'awslogs', []]),
    ('healthcheck', [None, [], 'curl']),
    ('elb', [None, 'public', [{}] * 6]),
    ('dns_discovery', [None, 'user.staging']),
    ('deployment', [None, [], 'canary']),
    ('deployment_configuration', [None, []]),
    ('deployment_circuit_breaker', [True, None]),
    ('placement_constraints', [{}, None]),
    ('task_role_arn', ['', 'a role', 1, 'arn:aws:s3:::bucket', None]),
    ('task_execution_role_arn', ['', 1]),
]


@pytest.mark.parametrize(('field', 'value'), [(field, value) for field, values in WRONG for value in values])
def test_wrong_values(field: str, value: Any):
    found = mistakes(one_service(**{field: value}))
    assert found.keys() == {field}
    assert len(found[field]) < 300


INNER: list[tuple[dict[str, Any], list[str]]] = [
    ({'ports': ['80', 80, '0:80', '80:65536', '80:80/icmp', '080:80', ' 80:80', '80:80\n', '', None]}, 'ports'),
    ({'volumes': ['a', 'a:b:c', 'a:/b', 'a:/b:/c:rx', '/a:/b', 'a b:/b:/c', 1]}, 'volumes'),
    ({'command': [1, None, ['a'], 'a\0b']}, 'command'),
    ({'environment': [1, None, 'A', [], {}, {'A': 1, 'B': 2}]}, 'environment'),
    ({'secrets': ['A=arn:aws:ssm:x', {}, 1]}, 'secrets'),
    ({'placement_constraints': [None, 'memberOf']}, 'placement_constraints'),
]


@pytest.mark.parametrize(('settings', 'field'), INNER, ids=lambda value: value if isinstance(value, str) else '')
def test_every_wrong_item_of_a_list_is_reported(settings: dict[str, Any], field: str):
    assert list(mistakes(one_service(**settings))) == [f'{field}[{i}]' for i in range(len(settings[field]))]


@pytest.mark.parametrize(
    ('settings', 'wrong'),
    [
        ({'environment': {'1A': 'x', 'A B': 'x', '': 'x', 'A=B': 'x'}}, 4),
        ({'environment': {'A': None, 'B': [], 'C': {}, 'D': 'a\0b', 'E': 2**63, 'F': -(2**63) - 1}}, 6),
        ({'environment': [{'1A': None}, {'A-B': 'x'}, '=x', '1=x', 'B=\0']}, 4),
        ({'environment': [{'A': 1}, {'A': 2}, 'A=3']}, 2),
        ({'secrets': {'A': 'a secret', 'B': None, 'C': 1}}, 3),
        ({'secrets': [{'A': 'arn:aws:ssm:x'}, {'A': 'name'}]}, 1),
        ({'logging': {'log_driver': 'cloudwatch', 'options': {'a': None, 'b': [1]}}}, 3),
        ({'healthcheck': {}}, 1),
        (
            {'healthcheck': {'command': ['curl', 'x'], 'interval': 4, 'timeout': 1, 'retries': 0, 'start_period': 301}},
            5,
        ),
        ({'healthcheck': {'command': ['CMD']}}, 1),
        ({'healthcheck': {'command': '  '}}, 1),
        (balanced(type='internal', protocol='FTP', name='a_b', certificates=['abc']), 4),
        (balanced(ports={'public': 0}), 1),
        (balanced(dns={'hosted_zone_id': 'Z 1', 'record_name': 'localhost'}), 2),
        (balanced(dns={}), 2),
        (balanced(healthcheck={'interval_seconds': 4, 'timeout_seconds': 1, 'healthy_threshold_count': 1}), 3),
        (balanced(healthcheck={'path': 'health', 'port': 'traffic-port', 'unhealthy_threshold_count': 11}), 3),
        ({'dns_discovery': {}}, 1),
        ({'dns_discovery': {'name': 'user..staging', 'healthcheck': {'port': 0}}}, 2),
        ({'deployment_configuration': {'maximum_percent': 99, 'minimum_healthy_percent': 101}}, 2),
        ({'deployment_circuit_breaker': {'rollback': 'yes'}}, 2),
        ({'placement_constraints': [{'expression': ''}, {'type': 'spread'}]}, 3),
    ],
)
def test_mistakes_inside(settings: dict[str, Any], wrong: int):
    assert len(mistakes(one_service(**settings))) == wrong


@pytest.mark.parametrize(
    'settings',
    [
        {'memory': 4, 'cpu': 256, 'gpus': 1, 'desired_count': 0, 'privileged': False, 'autoscaled': True},
        {'ports': ['8080:8080', '53:53/udp', '65535:1/tcp']},
        {
            'environment': [{'A': 1}, {'b.C-d': 'x'}, 'E=f=g', 'H='],
            'secrets': [{'S': 'arn:aws:ssm:x:y'}, {'T': '/a/b'}],
        },
        {'environment': {'A': True, 'B': 1.5, 'C': '', 'D': 'ä\n'}, 'secrets': {'S': 'name'}},
        {'environment': [], 'secrets': {}, 'ports': [], 'volumes': [], 'command': [], 'entrypoint': ['']},
        {'volumes': ['data:/srv:/data', 'etc:/etc:/etc:ro', 'run:/:/host:rw']},
        {'healthcheck': {'command': 'curl -f http://localhost/'}},
        {'healthcheck': {'command': ['CMD', 'true'], 'interval': 300, 'timeout': 60, 'retries': 10, 'start_period': 0}},
        {'logging': {'options': {'mode': 'non-blocking', 'x': 1, 'y': True}}},
        balanced(name='blue', certificates=['arn:aws:acm:…'], healthcheck={'path': '/'}),
        balanced(dns={'hosted_zone_id': '/hostedzone/Z1', 'record_name': '*.staging.example.com.'}),
        {'dns_discovery': {'name': '_user.staging', 'healthcheck': {'FailureThreshold': 1, 'path': '/x'}}},
        {'deployment_configuration': {'maximum_percent': 100, 'minimum_healthy_percent': 0}},
        {'deployment_circuit_breaker': {'enable': True, 'rollback': True}},
        {
            'placement_constraints': [
                {'type': 'distinctInstance'},
                {'type': 'memberOf', 'expression': 'attribute:x == y'},
            ]
        },
        {'task_role_arn': 'arn:aws:iam::123456789012:role/path/name', 'task_execution_role_arn': 'role-name'},
    ],
)
def test_right_values(settings: dict[str, Any]):
    assert mistakes(one_service(**settings)) == {}


A_LIST = 'expected a list of services, each a name with its settings below it'
ONE_NAME = 'expected one name, found {}: each is an item of its own'
ONE_LEVEL = 'expected a domain one level below the top, such as example.com'


@pytest.mark.parametrize(
    ('document', 'where', 'message'),
    [
        ({}, 'services', f'is missing: {A_LIST}'),
        ({'services': None}, 'services', f'{A_LIST}; found nothing'),
        ({'services': {'web': {}}}, 'services', f'{A_LIST}; found a mapping'),
        ({'services': [], 'vcp': {}}, 'vcp', 'unknown key: did you mean "vpc"?'),
        ({'services': [], 'plugins': 3}, 'plugins', 'unknown key'),
        ({'services': [{}]}, 'services[0]', ONE_NAME.format(0)),
        ({'services': [{'a': {'image': 'a'}, 'b': {'image': 'b'}}]}, 'services[0]', ONE_NAME.format(2)),
        ({'services': ['web']}, 'services[0]', 'expected one name with its settings below it; found "web"'),
        ({'services': [{'web': None}]}, 'services[0].web', 'expected a mapping; found nothing'),
        ({'services': [{'web': {}}]}, 'image', 'is missing: expected an image reference'),
        (
            {'services': [], 'service_discovery': {'namespace': 'a.example.com'}},
            'service_discovery.namespace',
            f'{ONE_LEVEL}; found "a.example.com"',
        ),
        ({'services': [], 'service_discovery': {}}, 'service_discovery.namespace', f'is missing: {ONE_LEVEL}'),
        (
            {'services': [], 'vpc': {'subnets': {'public': 'subnet-a'}}},
            'vpc.subnets.public',
            'expected a list, each item an AWS id; found "subnet-a"',
        ),
        (
            one_service(launch_type='Fargate'),
            'launch_type',
            'expected one of EC2, FARGATE, EXTERNAL; found "Fargate": did you mean "FARGATE"?',
        ),
        (one_service(memory=0), 'memory', 'expected a whole number from 4 to 25165824; found 0'),
        (one_service(environment={'A': 2**63}), 'environment.A', 'a number beyond 64 bits: put it in quotes'),
    ],
)
def test_messages(document: Any, where: str, message: str):
    assert mistakes(document) == {where: message}


def test_only_some_fields_may_stand_under_defaults():
    found = mistakes({'services': [], 'defaults': {'image': 'a', 'memory': 512, 'elb': {}}})
    assert list(found) == ['defaults.image', 'defaults.elb']


@pytest.mark.parametrize('name', ['a/b', 'a.b', '', 'ä', 'a b', 'x' * 256, 'a\n', '..', 'a%2fb'])
def test_names_of_services(name: str):
    found = shape_mistakes({'services': [{name: {'image': 'a', 'memory': 0}}]})
    assert [p.path for p in found] == [('services', 0, name), ('services', 0, name, 'memory')]


def test_a_secret_is_not_repeated():
    for settings in (
        {'environment': ['PASSWORD hunter2']},
        {'environment': {'1': 'hunter2'}},
        {'secrets': ['hunter2']},
    ):
        assert 'hunter2' not in str(shape_mistakes(one_service(**settings)))


@pytest.mark.parametrize(
    ('misspelt', 'meant'),
    [('imag', 'image'), ('enviroment', 'environment'), ('Ports', 'ports'), ('desired_cont', 'desired_count')],
)
def test_the_message_for_a_misspelt_key_names_the_nearest(misspelt: str, meant: str):
    assert mistakes(one_service(**{misspelt: 1}))[misspelt] == f'unknown key: did you mean "{meant}"?'


def test_the_number_of_services_is_limited():
    document = {'services': [{f's{i}': {'image': 'a'}} for i in range(5001)]}
    assert [p.message for p in shape_mistakes(document)] == ['expected at most 5000 items, found 5001']


@pytest.mark.parametrize('data', [None, 1, 1.5, 'x', [], [{}], True, {1: 2}, {None: None}, {'services': [{1: {}}]}])
def test_anything_at_all(data: Any):
    assert shape_mistakes(data)


def test_the_example():
    assert shape_mistakes(example()) == []
