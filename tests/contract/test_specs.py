"""A service's settings as a document of its own: GET, PUT and PATCH …/services/{service}/spec."""

import pytest
import yaml

from tests.client import path
from tests.server import Server

CONFIG = {
    'defaults': {'memory': 64},
    'services': [{'web': {'image': 'nginx:1', 'environment': {'A': '1'}}}, {'worker': {'image': 'nginx:1'}}],
}


def spec(name: str, service: str = 'web', query: str = '') -> str:
    return path('clusters', name, 'services', service, 'spec') + query


def settings(server: Server, name: str) -> dict[str, dict]:
    return {service: each for item in server.document(name)['services'] for service, each in item.items()}


def test_it_is_read_as_json_and_as_yaml(server: Server):
    name = server.cluster(CONFIG)
    answer = server.api('GET', spec(name))
    assert (answer.status, answer.json) == (200, {'image': 'nginx:1', 'environment': {'A': '1'}})
    again = server.api('GET', spec(name), If_None_Match=answer.headers['ETag'])
    assert again.status == 304
    text = server.api('GET', spec(name), Accept='application/yaml').body.decode()
    assert yaml.safe_load(text) == answer.json


def test_a_service_that_is_not_there(server: Server):
    name = server.cluster(CONFIG)
    assert server.api('GET', spec(name, 'none')).status == 404
    assert server.api('PATCH', spec(name, 'none'), {'desired_count': 1}).status == 404
    assert server.api('GET', spec('nowhere')).status == 404


def test_it_is_replaced_in_its_place(server: Server):
    name = server.cluster(CONFIG)
    answer = server.api('PUT', spec(name), {'image': 'nginx:2', 'desired_count': 3})
    assert (answer.status, answer.json['message']) == (202, 'deploying...')
    assert server.document(name) == {
        **CONFIG,
        'services': [{'web': {'image': 'nginx:2', 'desired_count': 3}}, CONFIG['services'][1]],
    }
    [message] = server.messages()
    assert message['payload'] == server.document(name)
    row = server.api('GET', path('clusters', name, 'revisions')).json['content'][0]
    assert row['summary'] == 'web: desired_count 1 → 3, environment.A, image 1 → 2'


def test_it_is_created(server: Server):
    name = server.cluster(CONFIG)
    body = yaml.safe_dump({'image': 'nginx:3'}).encode()
    assert server.api('PUT', spec(name, 'new'), body, Content_Type='application/yaml').status == 202
    assert server.document(name)['services'][-1] == {'new': {'image': 'nginx:3'}}


def test_a_merge_patch(server: Server):
    name = server.cluster(CONFIG)
    patch = {'desired_count': 2, 'environment': {'A': None, 'B': '2'}}
    assert server.api('PATCH', spec(name), patch, Content_Type='application/merge-patch+json').status == 202
    assert settings(server, name)['web'] == {'image': 'nginx:1', 'environment': {'B': '2'}, 'desired_count': 2}


@pytest.mark.parametrize(
    ('method', 'body', 'paths'),
    [
        ('PUT', {'image': 'nginx:2', 'memroy': 8}, ['memroy']),
        ('PUT', {'desired_count': 1}, ['image']),
        ('PUT', {'image': 'nginx:2', 'dns_discovery': {'name': 'x'}}, ['dns_discovery', 'dns_discovery']),
        ('PATCH', {'desired_count': -1}, ['desired_count']),
        ('PATCH', {'image': None}, ['image']),
    ],
)
def test_mistakes_have_their_path_in_what_was_sent(server: Server, method: str, body: dict, paths: list[str]):
    name = server.cluster(CONFIG)
    answer = server.api(method, spec(name), body)
    assert answer.status == 400, answer.body
    assert [each['path'] for each in answer.json['details']] == paths
    assert (server.document(name), server.messages()) == (CONFIG, [])


def test_mistakes_have_their_line_in_what_was_sent(server: Server):
    name = server.cluster(CONFIG)
    answer = server.api('PUT', spec(name), b'image: nginx:2\nmemory: much\n', Content_Type='application/yaml')
    [detail] = answer.json['details']
    assert (detail['path'], detail['line'], detail['column']) == ('memory', 2, 1)


@pytest.mark.parametrize('body', [[], 'text', None, 3])
def test_a_body_that_is_no_object(server: Server, body):
    name = server.cluster(CONFIG)
    assert server.api('PUT', spec(name), body).status == 400


def test_a_name_that_no_service_can_have(server: Server):
    name = server.cluster(CONFIG)
    assert server.api('PUT', spec(name, 'a b'), {'image': 'nginx:1'}).status == 400
    assert server.document(name) == CONFIG


def test_a_dry_run_is_the_plan(server: Server):
    name = server.cluster(CONFIG)
    answer = server.api('PUT', spec(name, query='?dry_run=true'), {'image': 'nginx:2'})
    assert answer.status == 200
    assert [row['service'] for row in answer.json['services'] if row['action'] != 'nothing'] == ['web']
    assert server.document(name) == CONFIG


def test_a_condition_and_a_freeze(server: Server):
    name = server.cluster(CONFIG)
    assert server.api('PUT', spec(name), {'image': 'nginx:2'}, If_Match='"other"').status == 412
    server.api('PUT', path('clusters', name, 'freeze'), {'reason': 'Black Friday'})
    assert server.api('PUT', spec(name), {'image': 'nginx:2'}).status == 423
    assert settings(server, name) == {'web': CONFIG['services'][0]['web'], 'worker': {'image': 'nginx:1'}}


def test_a_deployment_that_another_program_makes_is_refused(server: Server):
    driven = {'image': 'nginx:1', 'controller': 'external'}
    name = server.cluster({'services': [{'web': driven}]})
    for method, body in (('PUT', {**driven, 'image': 'nginx:2'}), ('PATCH', {'image': 'nginx:2'})):
        answer = server.api(method, spec(name), body)
        assert (answer.status, answer.json['message']) == (
            422,
            "An external controller deploys the service 'web': change image there. "
            'Nysa changes its desired_count, autoscaling and tags only.',
        )
    assert server.document(name) == {'services': [{'web': driven}]}
    assert server.api('PUT', spec(name), {**driven, 'desired_count': 2}).status == 202


def test_the_effective_configuration_has_the_origin_of_each_value(server: Server):
    name = server.cluster(CONFIG)
    answer = server.api('GET', path('clusters', name, 'services', 'web', 'configuration'))
    assert (answer.status, answer.json['failing'], answer.json['addresses']) == (200, None, [])
    fields = answer.json['fields']
    assert fields['memory'] == {'value': 64, 'origin': 'defaults'}
    assert fields['environment'] == {'value': {'A': '1'}, 'origin': 'service'}
    assert fields['desired_count'] == {'value': 1, 'origin': 'built-in'}
    assert server.api('GET', path('clusters', name, 'services', 'none', 'configuration')).status == 404
