"""The rotation of tokens over the API: both values are accepted for a while, and each refusal is clear."""

from datetime import UTC, datetime, timedelta

import pytest

from stack.access.access import Role
from stack.access.tokens import Asked, make
from tests.aws import Aws
from tests.guarded import Guarded


def id_of(token: str) -> str:
    return token.split('_')[1]


def rotate(server: Guarded, token: str, body: dict | None = None):
    return server.as_(server.admin, 'POST', f'/tokens/{id_of(token)}/rotate', body)


def test_both_values_are_accepted_until_the_overlap_ends(guarded: Guarded):
    old = guarded.token('deployer', expires='30d')
    cookie, _ = guarded.signed_in(old)
    made = rotate(guarded, old)
    assert made.status == 201, made.body
    new = made.json['token']
    assert (made.json['role'], made.json['replaces'], made.json['state']) == ('deployer', id_of(old), 'valid')
    for token in (old, new):
        assert guarded.as_(token, 'GET', '/clusters').status == 200
    rows = {row['id']: row for row in guarded.as_(guarded.admin, 'GET', '/tokens').json['content']}
    assert (rows[id_of(old)]['state'], rows[id_of(old)]['replaced_by']) == ('replaced', id_of(new))
    left = datetime.fromisoformat(rows[id_of(old)]['expires_at']) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)

    ended = rotate(guarded, new, {'overlap': '0m'})
    refused = guarded.as_(new, 'GET', '/clusters')
    assert (refused.status, refused.json['error']) == (401, 'token_expired')
    assert ended.json['id'] in refused.json['message']
    assert guarded.api('GET', '/clusters', Cookie=cookie).status == 200


def test_a_session_ends_with_the_value_that_it_was_begun_with(guarded: Guarded):
    old = guarded.token('viewer')
    cookie, _ = guarded.signed_in(old)
    assert rotate(guarded, old, {'overlap': '0m'}).status == 201
    assert guarded.api('GET', '/clusters', Cookie=cookie).status == 401


@pytest.mark.parametrize(
    ('body', 'path'),
    [({'overlap': '31d'}, 'overlap'), ({'overlap': 5}, 'overlap'), ({'expires': '0d'}, 'expires'), ({'x': 1}, 'x')],
)
def test_a_faulty_rotation_changes_nothing(guarded: Guarded, body: dict, path: str):
    token = guarded.token('viewer')
    refused = rotate(guarded, token, body)
    assert (refused.status, refused.json['details'][0]['path']) == (400, path)
    rows = guarded.as_(guarded.admin, 'GET', '/tokens').json['content']
    assert [row['state'] for row in rows if row['name'] == 'viewer'] == ['valid']


def test_what_cannot_be_rotated(guarded: Guarded):
    token = guarded.token('viewer')
    assert rotate(guarded, 'nysa_000000000000_x').status == 404
    in_secret = rotate(guarded, guarded.admin)
    assert (in_secret.status, 'NYSA_TOKENS' in in_secret.json['message']) == (422, True)
    elsewhere = guarded.token('admin', clusters=['elsewhere*'])
    assert guarded.as_(elsewhere, 'POST', f'/tokens/{id_of(token)}/rotate').status == 404
    assert rotate(guarded, token).status == 201
    assert rotate(guarded, token).status == 409


def test_a_token_without_expiry_goes_on_and_a_new_one_needs_one(aws: Aws):
    text, kept = make(Asked('old', Role.ADMIN), None, datetime.now(UTC))
    with Guarded(aws, kept.record()) as server:
        for body in ({}, {'expires': None}, {'expires': '367d'}):
            refused = server.as_(text, 'POST', '/tokens', {'name': 'x', 'role': 'viewer'} | body)
            assert (refused.status, [each['path'] for each in refused.json['details']]) == (400, ['expires'])
        rows = {row['name']: row for row in server.as_(text, 'GET', '/tokens').json['content']}
        assert (rows['old']['state'], 'never expires' in rows['old']['warning']) == ('no_expiry', True)
        assert 'x' not in rows
        metrics = server.ask('GET', '/metrics').body
        assert b'nysa_tokens{state="no_expiry"} 2.0' in metrics
        assert b'nysa_tokens{state="expiring"} 0.0' in metrics
