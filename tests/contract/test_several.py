"""Several services changed at once, and restarts: one revision and one message, or nothing at all."""

import pytest

from tests.client import path
from tests.guarded import Guarded
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1'}}, {'worker': {'image': 'nginx:1', 'desired_count': 2}}]}


def patch(server: Server, name: str, query: str = '', /, **services):
    return server.api('PATCH', path('clusters', name, 'services') + query, {'services': services})


def restart(server: Server, name: str, query: str = '', service: str = 'web', **headers: str):
    return server.api('POST', path('clusters', name, 'services', service, 'restart') + query, **headers)


def settings(server: Server, name: str) -> dict[str, dict]:
    return {service: each for item in server.document(name)['services'] for service, each in item.items()}


def newest(server: Server, name: str) -> dict:
    return server.api('GET', path('clusters', name, 'revisions')).json['content'][0]


@pytest.mark.parametrize(
    'body',
    [
        {},
        [],
        {'services': None},
        {'services': {}},
        {'services': ['web']},
        {'services': {'web': {}}},
        {'services': {'web': 3}},
        {'services': {'web': {'restart': 'yes'}}},
        {'services': {'web': {'restart': None}}},
        {'services': {'web': {'image': 'nginx:2'}}},
        {'services': {'web': {'image_tag': 'a/b'}}},
        {'services': {'worker': {'desired_count': 1}, 'web': {'desired_count': -1}}},
        {'services': {'web': {'desired_count': 1}}, 'deploy': False},
    ],
)
def test_what_cannot_be_changes_nothing(server: Server, body):
    name = server.cluster(CONFIG)
    refused = server.api('PATCH', path('clusters', name, 'services'), body)
    assert refused.status == 400, refused.body
    assert (server.document(name), server.messages()) == (CONFIG, [])


def test_a_mistake_says_in_which_service(server: Server):
    name = server.cluster(CONFIG)
    refused = patch(server, name, worker={'desired_count': 1}, web={'desired_count': -1})
    assert refused.json['details'][0]['path'] == 'services.web.desired_count'


def test_all_or_none(server: Server):
    name = server.cluster(CONFIG)
    refused = patch(server, name, web={'desired_count': 3}, missing={'desired_count': 3})
    assert (refused.status, 'missing' in refused.json['message']) == (404, True)
    assert patch(server, 'nowhere', web=None).status == 404
    assert (server.document(name), server.messages()) == (CONFIG, [])


def test_one_revision_and_one_message(server: Server):
    name = server.cluster(CONFIG)
    versions = len(server.stored_versions(name))
    answer = patch(
        server, name, '?message=sale', web={'image_tag': '2', 'desired_count': 3}, worker={'desired_count': 0}
    )
    assert (answer.status, answer.json['notification']) == (202, 'sent')
    assert settings(server, name) == {
        'web': {'image': 'nginx:2', 'desired_count': 3},
        'worker': {'image': 'nginx:1', 'desired_count': 0},
    }
    (message,) = server.messages()
    assert (message['payload'], message['message']) == (server.document(name), 'sale')
    assert len(server.stored_versions(name)) == versions + 1
    row = newest(server, name)
    assert row['summary'] == 'web: desired_count 1 → 3, image 1 → 2; worker: desired_count 2 → 0'
    assert row['changes'][0]['did'] == {'verb': 'change', 'services': ['web', 'worker']}


def test_null_has_a_service_destroyed(server: Server):
    name = server.cluster(CONFIG)
    assert patch(server, name, web=None, worker={'desired_count': 1}).status == 202
    assert list(settings(server, name)) == ['worker']
    events = [(each['event_type'], each.get('service')) for each in server.messages()]
    assert events == [('cluster-deploy', None), ('service-destroy', 'web')]


def test_destroying_takes_the_role_admin_here_too(guarded: Guarded):
    name, deployer = guarded.managed(), guarded.token('deployer')
    address = path('clusters', name, 'services')
    assert guarded.as_(deployer, 'PATCH', address, {'services': {'web': {'desired_count': 2}}}).status == 202
    assert guarded.as_(deployer, 'PATCH', address, {'services': {'web': None}}).status == 403
    assert guarded.as_(guarded.admin, 'PATCH', address, {'services': {'web': None}}).status == 202


def test_more_services_than_a_record_can_name(server: Server):
    names = [f'service-with-a-long-name-{n}' for n in range(200)]
    name = server.cluster({'services': [{each: {'image': 'nginx:1'}} for each in names]})
    assert patch(server, name, **{each: {'restart': True} for each in names}).status == 202
    row = newest(server, name)
    assert (row['summary'], row['changes'][0]['did']) == ('200 services changed', {'verb': 'change', 'count': 200})


def test_a_restart_is_a_change_like_any_other(server: Server):
    name = server.cluster(CONFIG)
    first = server.stored(name)['VersionId']
    assert restart(server, name, service='missing').status == 404
    assert restart(server, 'nowhere').status == 404
    assert restart(server, name, If_Match='"older"').status == 412
    answer = restart(server, name, '?message=stuck', If_Match=f'"{first}"')
    assert (answer.status, answer.json['message'], answer.json['notification']) == (202, 'deploying...', 'sent')
    stored = settings(server, name)
    assert stored == {
        'web': {'image': 'nginx:1', 'restarted_at': stored['web']['restarted_at']},
        'worker': CONFIG_WORKER,
    }
    (message,) = server.messages()
    assert message['payload'] == server.document(name)
    row = newest(server, name)
    assert (row['summary'], row['message']) == ('web: restarted', 'stuck')
    assert row['changes'][0]['did'] == {'verb': 'restart', 'service': 'web'}
    assert restart(server, name).status == 202
    assert settings(server, name)['web']['restarted_at'] > stored['web']['restarted_at']


CONFIG_WORKER = CONFIG['services'][1]['worker']


def test_the_restart_that_was_planned_is_the_one_that_is_made(server: Server):
    name = server.cluster(CONFIG)
    plan = restart(server, name, '?dry_run=true').json
    (change,) = plan['services'][0]['changes']
    assert restart(server, name, f'?plan={plan["id"]}', service='worker').json['error'] == 'plan_outdated'
    assert restart(server, name, f'?plan={plan["id"]}').status == 202
    assert settings(server, name)['web']['restarted_at'] == change['after']
    assert restart(server, name, f'?plan={plan["id"]}').status == 412


def test_a_document_that_knows_nothing_of_the_restart_does_not_take_it_back(server: Server):
    name = server.cluster(CONFIG)
    restart(server, name)
    plan = server.api('POST', path('clusters', name, 'plan'), CONFIG).json
    assert (plan['summary'], {row['action'] for row in plan['services']}) == ('no difference', {'nothing'})


def test_a_rollback_passes_over_restarts(server: Server):
    name = server.cluster(CONFIG)
    restart(server, name)
    rollback = path('clusters', name, 'rollback')
    assert server.api('POST', rollback).status == 422
    patch(server, name, web={'image_tag': '2'})
    restart(server, name)
    answer = server.api('POST', rollback)
    assert answer.status == 202, answer.body
    assert newest(server, name)['summary'] == 'rolled back; web: image 2 → 1'
    assert settings(server, name)['web']['image'] == 'nginx:1'
