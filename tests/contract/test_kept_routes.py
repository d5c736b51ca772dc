"""The calls of the system that this one replaced: answers, stored objects and messages as its clients know them."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client import path
from tests.server import Server

IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/user-service:v1'
CONFIG = {
    'defaults': {'memory': 930, 'environment': [{'SERVER_PORT': 80}]},
    'services': [
        {'user-service': {'image': IMAGE, 'ports': ['80:80'], 'desired_count': 2}},
        {'email-worker': {'image': 'registry.example.com:5000/team/worker@sha256:' + 'a' * 64}},
    ],
}


def test_clusters_are_listed_by_name(server: Server):
    assert server.api('GET', '/clusters').json == {'content': []}
    for name in ('staging', 'prod', 'a-1_b'):
        server.cluster(CONFIG, name)
    assert server.api('GET', '/clusters').json == {'content': ['a-1_b', 'prod', 'staging']}


def test_a_cluster_is_created(server: Server):
    name = server.aws.cluster()
    created = server.api('POST', '/clusters', {'name': name, 'config': CONFIG})
    assert created.status == 201
    assert created.json['message'] == 'deploying...'
    assert server.document(name) == CONFIG
    assert server.clusters() == [name]
    [message] = server.messages()
    assert message['event_type'] == 'cluster-deploy'
    assert message['callback_url'] is None
    assert message['cluster'] == name
    assert message['payload'] == CONFIG
    assert message['revision'] == created.json['revision'] == created.revision


@pytest.mark.parametrize(
    ('body', 'status'),
    [
        ({}, 400),
        ({'name': 'x'}, 400),
        ({'config': CONFIG}, 400),
        ({'name': '', 'config': CONFIG}, 400),
        ({'name': None, 'config': CONFIG}, 400),
        ({'name': 7, 'config': CONFIG}, 400),
        ({'name': 'a/b', 'config': CONFIG}, 400),
        ({'name': '..', 'config': CONFIG}, 400),
        ({'name': 'x' * 300, 'config': CONFIG}, 400),
        ({'name': 'nul\0', 'config': CONFIG}, 400),
        ({'name': 'x', 'config': None}, 400),
        ({'name': 'x', 'config': []}, 400),
        ({'name': 'x', 'config': {}}, 400),
        ({'name': 'x', 'config': {'services': [{'a': {'imagee': 'b'}}]}}, 400),
        ({'name': 'no-such-ecs-cluster', 'config': CONFIG}, 422),
        ([], 400),
        ('text', 400),
        (None, 400),
    ],
)
def test_what_cannot_be_created_is_refused_and_leaves_nothing(server: Server, body, status: int):
    refused = server.api('POST', '/clusters', body)
    assert refused.status == status, refused.body
    assert refused.json['message']
    assert server.keys() == []
    assert server.messages() == []


def test_a_cluster_that_is_not_active_in_ecs_is_refused(server: Server):
    name = server.aws.cluster(instances=0)
    server.aws.client('ecs').delete_cluster(cluster=name)
    assert server.api('POST', '/clusters', {'name': name, 'config': CONFIG}).status == 422
    assert server.keys() == []


def test_a_cluster_without_instances_is_taken_with_a_warning(server: Server):
    name = server.aws.cluster(instances=0)
    created = server.api('POST', '/clusters', {'name': name, 'config': CONFIG})
    assert created.status == 201
    assert any('no container instance' in each['message'] for each in created.json['warnings'])


def test_a_cluster_exists_once(server: Server):
    name = server.cluster(CONFIG)
    again = server.api('POST', '/clusters', {'name': name, 'config': {'services': []}})
    assert again.status == 422
    assert server.document(name) == CONFIG
    assert server.messages() == []


def test_of_fifty_who_create_one_cluster_at_once_one_succeeds(server: Server):
    name = server.aws.cluster()
    body = {'name': name, 'config': CONFIG}
    with ThreadPoolExecutor(50) as pool:
        statuses = [each.status for each in pool.map(lambda _: server.api('POST', '/clusters', body), range(50))]
    assert sorted(statuses) == [201] + [422] * 49
    assert len(server.messages()) == 1


def test_the_stored_document_is_given_as_it_is(server: Server):
    name = server.cluster(CONFIG)
    answer = server.api('GET', path('clusters', name, 'config'))
    assert answer.status == 200
    # The stored object ends in white space, which tells two writes of one content apart.
    assert answer.body == server.stored(name)['Body'].rstrip()
    assert answer.revision == server.stored(name)['VersionId']


def test_a_document_is_replaced(server: Server):
    name = server.cluster(CONFIG)
    other = {'services': [{'web': {'image': 'nginx:1.27', 'desired_count': 0}}]}
    answer = server.api('PUT', path('clusters', name, 'config'), other)
    assert answer.status == 202
    assert answer.json['message'] == 'deploying...'
    assert server.document(name) == other
    [message] = server.messages()
    assert (message['event_type'], message['payload']) == ('cluster-deploy', other)


@pytest.mark.parametrize(
    'body', [[], 'text', 7, None, {}, {'services': {}}, {'services': [{'a': {'desired_count': -1}}]}]
)
def test_a_document_with_mistakes_is_not_stored(server: Server, body):
    name = server.cluster(CONFIG)
    refused = server.api('PUT', path('clusters', name, 'config'), body)
    assert refused.status == 400, refused.body
    assert server.document(name) == CONFIG
    assert server.messages() == []


def test_the_stored_document_is_announced_again(server: Server):
    name = server.cluster(CONFIG)
    before = server.stored(name)['VersionId']
    answers = [server.api('POST', path('clusters', name, 'deploy')) for _ in range(2)]
    assert [each.status for each in answers] == [202, 202]
    assert [each.json['message'] for each in answers] == ['deploying...'] * 2
    assert [each['payload'] for each in server.messages()] == [CONFIG, CONFIG]
    assert server.stored(name)['VersionId'] == before


def test_services_are_listed_with_their_counts(server: Server):
    name = server.cluster(CONFIG)
    rows = server.api('GET', path('clusters', name, 'services')).json['content']
    assert [(row['name'], row['image'], row['desired_count']) for row in rows] == [
        ('user-service', IMAGE, 2),
        ('email-worker', CONFIG['services'][1]['email-worker']['image'], 1),
    ]


@pytest.mark.parametrize(
    ('service', 'image'),
    [
        ('user-service', IMAGE.replace(':v1', ':v1.2.3')),
        ('email-worker', 'registry.example.com:5000/team/worker:v1.2.3'),
    ],
)
def test_only_the_tag_is_changed(server: Server, service: str, image: str):
    name = server.cluster(CONFIG)
    answer = server.api('PUT', path('clusters', name, 'services', service), {'image_tag': 'v1.2.3'})
    assert answer.status == 202
    assert answer.json['message'] == 'deploying...'
    expected = json.loads(json.dumps(CONFIG))
    next(each for each in expected['services'] if service in each)[service]['image'] = image
    assert server.document(name) == expected
    [message] = server.messages()
    assert (message['event_type'], message['payload']) == ('cluster-deploy', expected)


def test_a_service_is_scaled_to_zero(server: Server):
    name = server.cluster(CONFIG)
    assert server.api('PUT', path('clusters', name, 'services', 'user-service'), {'desired_count': 0}).status == 202
    assert server.document(name)['services'][0]['user-service']['desired_count'] == 0
    assert server.api('GET', path('clusters', name, 'services')).json['content'][0]['desired_count'] == 0


def test_a_change_that_is_not_to_be_deployed_is_stored_only(server: Server):
    name = server.cluster(CONFIG)
    answer = server.api(
        'PUT', path('clusters', name, 'services', 'email-worker'), {'desired_count': 3, 'deploy': False}
    )
    assert answer.status == 202
    assert 'message' not in answer.json
    assert server.document(name)['services'][1]['email-worker']['desired_count'] == 3
    assert server.messages() == []


@pytest.mark.parametrize(
    'body',
    [
        {'image_tag': ''},
        {'image_tag': 'a b'},
        {'image_tag': 7},
        {'image_tag': None},
        {'image_tag': 'x' * 129},
        {'image_tag': '-x'},
        {'desired_count': -1},
        {'desired_count': True},
        {'desired_count': '2'},
        {'desired_count': 1.5},
        {'desired_count': None},
        {'deploy': 'no'},
        {'image': 'nginx'},
        [],
        None,
    ],
)
def test_a_service_change_that_cannot_be_is_refused(server: Server, body):
    name = server.cluster(CONFIG)
    refused = server.api(
        'PUT', path('clusters', name, 'services', 'user-service'), body if body is not None else b'null'
    )
    assert refused.status == 400, refused.body
    assert server.document(name) == CONFIG
    assert server.messages() == []


def test_a_service_is_removed_and_destroyed(server: Server):
    name = server.cluster(CONFIG)
    answer = server.api('DELETE', path('clusters', name, 'services', 'user-service'))
    assert answer.status == 202
    assert answer.json['message'] == 'deploying...'
    assert server.document(name)['services'] == CONFIG['services'][1:]
    [message] = server.messages()
    assert (message['event_type'], message['cluster'], message['service']) == ('service-destroy', name, 'user-service')
    assert message['callback_url'] is None


@pytest.mark.parametrize(
    ('method', 'rest', 'body'),
    [
        ('GET', [], None),
        ('DELETE', [], None),
        ('GET', ['config'], None),
        ('PUT', ['config'], CONFIG),
        ('POST', ['deploy'], None),
        ('GET', ['services'], None),
        ('GET', ['services', 'x', 'tags'], None),
        ('PUT', ['services', 'x'], {'desired_count': 1}),
        ('DELETE', ['services', 'x'], None),
    ],
)
@pytest.mark.parametrize('cluster', ['missing', 'a/b', '..', 'nul\0', 'x' * 300, 'ж', '%2e', 'x' * 2000])
def test_a_cluster_that_is_not_there_is_not_found(server: Server, method, rest, body, cluster):
    answer = server.api(method, path('clusters', cluster, *rest), body)
    assert answer.status == 404, answer.body
    assert set(answer.json) >= {'error', 'message', 'details'}
    assert server.keys() == []
    assert server.messages() == []


@pytest.mark.parametrize('service', ['missing', 'a/b', '..', 'nul\0', 'x' * 300])
def test_a_service_that_is_not_there_is_not_found(server: Server, service: str):
    name = server.cluster(CONFIG)
    assert server.api('PUT', path('clusters', name, 'services', service), {'desired_count': 1}).status == 404
    assert server.api('DELETE', path('clusters', name, 'services', service)).status == 404
    assert server.api('GET', path('clusters', name, 'services', service, 'tags')).status == 404
    assert server.document(name) == CONFIG
    assert server.messages() == []


def test_fifty_writers_of_fifty_services_lose_nothing(server: Server):
    services = [{f'service-{i}': {'image': f'nginx:v{i}', 'desired_count': 1}} for i in range(50)]
    name = server.cluster({'services': services})

    def change(i: int) -> int:
        return server.api('PUT', path('clusters', name, 'services', f'service-{i}'), {'desired_count': i + 2}).status

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(change, range(50))) == {202}
    counts = [each[f'service-{i}']['desired_count'] for i, each in enumerate(server.document(name)['services'])]
    assert counts == [i + 2 for i in range(50)]
    assert server.messages()[-1]['payload'] == server.document(name)


def test_tags_come_newest_first(server: Server):
    repository = server.aws.repository(tags=[f'v{i}' for i in range(12)] + [[], ['latest', 'v12']])
    name = server.cluster({'services': [{'web': {'image': server.aws.image(repository, 'v0')}}]})
    address = path('clusters', name, 'services', 'web', 'tags')
    tags = server.api('GET', address).json['content']
    assert [each['tag'] for each in tags] == ['latest', 'v12', 'v11', 'v10', 'v9', 'v8', 'v7', 'v6', 'v5', 'v4']
    assert all(each['pushed_at'].endswith(('+00:00', 'Z')) for each in tags)
    assert len(server.api('GET', address + '?limit=1000').json['content']) == 14
    assert len(server.api('GET', address + '?limit=1').json['content']) == 1


@pytest.mark.parametrize('limit', ['0', '1001', 'x', '-1', '', '1e2', '٣'])
def test_a_limit_that_cannot_be_is_refused(server: Server, limit: str):
    assert server.api('GET', f'/clusters/x/services/y/tags?limit={limit}').status == 400


def test_an_image_outside_ecr_has_no_tags_here(server: Server):
    name = server.cluster({'services': [{'web': {'image': 'nginx:1'}}]})
    assert server.api('GET', path('clusters', name, 'services', 'web', 'tags')).status == 422


def test_a_repository_that_is_not_there_is_not_found(server: Server):
    name = server.cluster({'services': [{'web': {'image': server.aws.image('no-such', 'v1')}}]})
    answer = server.api('GET', path('clusters', name, 'services', 'web', 'tags'))
    assert answer.status == 404
    assert 'no-such' in answer.json['message']
