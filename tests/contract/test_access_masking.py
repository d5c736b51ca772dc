"""Viewers see no secret on any route; callers that may change it see its value."""

import pytest

from tests.guarded import Guarded

WAYS = [
    ('GET', '', None),
    ('GET', '/config', None),
    ('GET', '/services', None),
    ('GET', '/services/web', None),
    ('GET', '/revisions', None),
    ('GET', '/revisions/current', None),
    ('GET', '/revisions/current/diff', None),
    ('POST', '/plan', {'services': [{'web': {'image': 'nginx:2'}}]}),
]


@pytest.mark.parametrize(('verb', 'rest', 'body'), WAYS)
@pytest.mark.parametrize('accept', ['application/json', 'application/yaml'])
def test_a_viewer_sees_no_secret(guarded: Guarded, verb: str, rest: str, body: dict | None, accept: str):
    cluster, viewer = guarded.managed(), guarded.token('viewer')
    config = {'services': [{'web': {'image': 'nginx:1', 'environment': [{'DB_PASSWORD': 'correct-horse'}]}}]}
    assert guarded.as_(guarded.admin, 'PUT', f'/clusters/{cluster}/config', config).status == 202
    answer = guarded.as_(viewer, verb, f'/clusters/{cluster}{rest}', body, Accept=accept)
    assert answer.status == 200
    for secret in (b'hunter2', b'correct-horse'):
        assert secret not in answer.body


def test_a_deployer_sees_what_is_stored(guarded: Guarded):
    cluster, deployer = guarded.managed(), guarded.token('deployer')
    assert b'hunter2' in guarded.as_(deployer, 'GET', f'/clusters/{cluster}/config').body


def test_no_shared_cache_keeps_what_one_may_see(guarded: Guarded):
    cluster = guarded.managed()
    answer = guarded.as_(guarded.admin, 'GET', f'/clusters/{cluster}/config')
    assert answer.headers['Cache-Control'] == 'private, no-cache'
