"""Rules for Service Connect: bad input first."""

from typing import Any

import pytest

from tests.unit.stack.stackfile.semantics.checking import mistakes

PORTS = [{'container': 80, 'name': 'http', 'app_protocol': 'http'}, {'container': 90, 'name': 'raw'}]


def document(connect: Any, **settings: Any) -> dict[str, Any]:
    web = {'image': 'team/web:1', 'ports': PORTS, 'service_connect': connect, **settings}
    return {'services': [{'web': {key: value for key, value in web.items() if value is not None}}]}


def served(**parts: Any) -> dict[str, Any]:
    return {'namespace': 'prod', 'services': [{'port': 'http', **parts}]}


@pytest.mark.parametrize(
    ('connect', 'settings', 'path', 'message'),
    [
        ({'namespace': 'a b'}, {}, 'service_connect.namespace', 'the name or the ARN'),
        ({'namespace': 'arn:aws:s3:::x'}, {}, 'service_connect.namespace', 'the name or the ARN'),
        ({'services': [{}]}, {}, 'service_connect.services[0].port', 'is missing'),
        ({'services': [{'port': 'grpc'}]}, {}, 'service_connect', 'no port of the task is named grpc'),
        (served(port='HTTP'), {}, 'service_connect.services[0].port', 'the name of a port'),
        (served(aliases=[{'name': 'web'}]), {}, 'service_connect.services[0].aliases[0].port', 'is missing'),
        (served(aliases=[{'port': 1}, {'port': 2}]), {}, 'service_connect.services[0].aliases', 'at most 1'),
        (served(aliases=[{'port': 0}]), {}, 'service_connect.services[0].aliases[0].port', 'a whole number'),
        (served(timeout={'idle': -1}), {}, 'service_connect.services[0].timeout.idle', 'a whole number'),
        (served(tls={}), {}, 'service_connect.services[0].tls.authority', 'is missing'),
        (
            served(port='raw', timeout={'request': 5}),
            {},
            'service_connect.services[0].timeout.request',
            'needs app_protocol',
        ),
        (
            {'services': [{'port': 'http', 'discovery_name': 'a'}, {'port': 'raw', 'discovery_name': 'a'}]},
            {},
            'service_connect.services[1]',
            'the name a is above already',
        ),
        (served(), {'type': 'task'}, 'service_connect', 'no single tasks'),
        (served(), {'controller': 'code_deploy'}, 'service_connect', 'not by code_deploy'),
        (served(), {'launch_type': 'EXTERNAL'}, 'service_connect', 'no proxy on EXTERNAL'),
        (served(), {'operating_system': 'windows_server_2022_core'}, 'service_connect', 'no proxy on Windows'),
    ],
)
def test_a_mistake_is_found_at_its_place(connect, settings, path, message):
    found = mistakes(document(connect, **settings))
    assert [where for where, text in found if message in text] == [path], found


@pytest.mark.parametrize(
    'connect',
    [
        {},
        {'namespace': 'prod'},
        {'namespace': 'arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-1'},
        served(discovery_name='web', aliases=[{'port': 80, 'name': 'web.internal'}]),
        served(timeout={'idle': 0, 'request': 5}, ingress_port=8080),
        {**served(), 'logging': {'log_driver': 'awslogs', 'options': {'awslogs-group': '/proxy'}}},
    ],
)
def test_what_is_right_has_no_mistake(connect):
    assert mistakes(document(connect)) == []


def test_two_services_have_different_endpoints():
    def reached(name: str, port: int) -> dict[str, Any]:
        services = [{'port': 'http', 'discovery_name': name, 'aliases': [{'port': port, 'name': 'web'}]}]
        return {'image': 'team/web:1', 'ports': PORTS, 'service_connect': {'namespace': 'prod', 'services': services}}

    def found(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
        return [text for _, text in mistakes({'services': [{'one': one}, {'two': other}]})]

    assert found(reached('a', 80), reached('b', 81)) == []
    assert found(reached('a', 80), reached('a', 81)) == ['the name a is also that of one in the same namespace']
    assert found(reached('a', 80), reached('b', 80)) == ['clients reach one under web:80 as well']
