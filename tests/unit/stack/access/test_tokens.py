"""Tokens: what cannot be one, what cannot be made, what is kept."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from stack.access.access import Caller, Role
from stack.access.tokens import LONGEST, Asked, make, read_asked, read_record, read_records, split, with_secret
from stack.errors import InvalidRequest

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def made(**asked) -> tuple:
    return make(Asked(**{'name': 'hubot', 'role': Role.DEPLOYER} | asked), 'maria', NOW)


@pytest.mark.parametrize(
    'text',
    [
        '',
        'nysa_',
        'nysa__',
        'nysa_000000000000_',
        'nysa_000000000000_short',
        'nysa_00000000000g_' + 'a' * 43,
        'NYSA_000000000000_' + 'a' * 43,
        'nysa_000000000000_' + 'a' * 44,
        'nysa_000000000000_' + 'ä' * 43,
        'nysa_000000000000_' + 'a' * 43 + '\n',
        'x' * 1_000_000,
    ],
)
def test_what_is_no_token(text: str):
    assert split(text) is None


def test_a_token_fits_its_own_secret_alone():
    text, token = made()
    other, _ = made()
    assert with_secret(token, split(text)[1]) is token
    assert with_secret(token, split(other)[1]) is None
    assert with_secret(token, '') is None
    assert with_secret(None, split(text)[1]) is None
    assert with_secret(None, '') is None


def test_a_token_ends_at_its_expiry():
    _, token = made(expires_at=NOW + timedelta(hours=1))
    assert not token.is_over(NOW + timedelta(minutes=59))
    assert token.is_over(NOW + timedelta(hours=1))


def test_the_secret_is_not_kept():
    text, token = made()
    secret = split(text)[1]
    assert secret not in json.dumps(token.record())
    assert secret not in repr(token)
    assert 'hash' not in token.shown()


def test_what_is_kept_gives_the_same_token():
    _, token = made(
        clusters=('prod', 'stag*'), services=('team-a-*',), expires_at=NOW + timedelta(days=1), speaks_for=True
    )
    assert read_record(json.loads(json.dumps(token.record()))) == token
    assert read_records(json.dumps([token.record()])) == (token,)


@pytest.mark.parametrize(
    ('given', 'wrong'),
    [
        ({}, {'name', 'role', 'expires'}),
        ({'name': 'x', 'role': 'viewer', 'expires': None}, {'expires'}),
        ({'name': 'x', 'role': 'viewer', 'expires': '367d'}, {'expires'}),
        ({'name': 'x', 'role': 'viewer', 'expires': '2031-01-03T00:00:00+00:00'}, {'expires'}),
        ({'name': '', 'role': 'viewer'}, {'name'}),
        ({'name': ' ', 'role': 'viewer'}, {'name'}),
        ({'name': 'a\nb', 'role': 'viewer'}, {'name'}),
        ({'name': 'x' * 101, 'role': 'viewer'}, {'name'}),
        ({'name': 7, 'role': 'viewer'}, {'name'}),
        ({'name': '\ud800', 'role': 'viewer'}, {'name'}),
        ({'name': 'x', 'role': 'root'}, {'role'}),
        ({'name': 'x', 'role': 'public'}, {'role'}),
        ({'name': 'x', 'role': ['admin']}, {'role'}),
        ({'name': 'x', 'role': 'viewer', 'clusters': []}, {'clusters'}),
        ({'name': 'x', 'role': 'viewer', 'clusters': 'prod'}, {'clusters'}),
        ({'name': 'x', 'role': 'viewer', 'clusters': ['a/b']}, {'clusters'}),
        ({'name': 'x', 'role': 'viewer', 'clusters': ['a'] * 101}, {'clusters'}),
        ({'name': 'x', 'role': 'viewer', 'expires': '0d'}, {'expires'}),
        ({'name': 'x', 'role': 'viewer', 'expires': '999999d'}, {'expires'}),
        ({'name': 'x', 'role': 'viewer', 'expires': '2029-12-31T00:00:00+00:00'}, {'expires'}),
        ({'name': 'x', 'role': 'viewer', 'expires': '2031-01-01T00:00:00'}, {'expires'}),
        ({'name': 'x', 'role': 'viewer', 'expires': '9999-12-31T23:59:59-23:59'}, {'expires'}),
        ({'name': 'x', 'role': 'viewer', 'expires': 5}, {'expires'}),
        ({'name': 'x', 'role': 'viewer', 'speaks_for': 'yes'}, {'speaks_for'}),
        ({'name': 'x', 'role': 'viewer', 'services': []}, {'services'}),
        ({'name': 'x', 'role': 'viewer', 'services': ['a b']}, {'services'}),
        ({'name': '', 'role': 'x', 'clusters': 1, 'expires': 'soon'}, {'name', 'role', 'clusters', 'expires'}),
    ],
)
def test_every_fault_of_what_is_asked_for_is_named(given: dict, wrong: set[str]):
    with pytest.raises(InvalidRequest) as raised:
        read_asked({'expires': '30d'} | given if given else given, NOW)
    assert {each['path'] for each in raised.value.details()} == wrong


@pytest.mark.parametrize(
    ('given', 'expires_at'),
    [
        ('30d', NOW + timedelta(days=30)),
        ('12h', NOW + timedelta(hours=12)),
        ('366d', NOW + LONGEST),
        ('2030-01-02T00:00:00+01:00', NOW + timedelta(hours=23)),
    ],
)
def test_an_expiry_counts_from_now(given: str, expires_at: datetime):
    assert read_asked({'name': 'x', 'role': 'viewer', 'expires': given}, NOW).expires_at == expires_at


@pytest.mark.parametrize(
    'text',
    [
        '',
        '{}',
        'null',
        '[1]',
        '[{}]',
        '[{"id": "000000000000"}]',
        '[' * 100_000,
        json.dumps([{'id': '000000000000', 'name': 'x', 'role': 'viewer', 'hash': 'short'}]),
        json.dumps([{'id': '000000000000', 'name': 'x', 'role': 'viewer', 'hash': 'a' * 64, 'expires_at': 'never'}]),
        json.dumps([{'id': '000000000000', 'name': 'x', 'role': 'viewer', 'hash': 'a' * 64}] * 2),
    ],
)
def test_a_broken_list_of_tokens(text: str):
    with pytest.raises(ValueError, match=r'token|hash|moment|id '):
        read_records(text)


@pytest.mark.parametrize(
    ('own', 'asked', 'covered'),
    [
        (('*',), ('*', 'prod'), True),
        (('stag*',), ('staging',), True),
        (('stag*',), ('staging-*',), True),
        (('stag*', 'prod'), ('prod', 'stag*'), True),
        (('stag*',), ('*',), False),
        (('stag*',), ('s*',), False),
        (('prod',), ('prod*',), False),
        (('*-eu',), ('a*-eu',), True),
        (('*-eu',), ('a-eu*',), False),
    ],
)
def test_a_token_reaches_no_further_than_its_maker(own: tuple, asked: tuple, covered: bool):
    assert Caller('maria', Role.ADMIN, own).covers(asked) is covered


def test_a_record_of_a_former_version_is_for_all_services():
    _, token = made()
    record = token.record()
    assert record.pop('services') == ['*']
    assert (record.pop('replaces'), record.pop('replaced_by')) == (None, None)
    assert read_record(record) == token


def test_a_record_that_has_no_expiry_or_a_long_one_stays_valid():
    for expires_at in (None, NOW + 10 * LONGEST):
        _, token = made(expires_at=expires_at)
        assert read_record(token.record()).expires_at == expires_at


@pytest.mark.parametrize('other', ['', 'x' * 12, 5, ['0' * 12]])
def test_the_id_of_another_token_is_an_id(other: object):
    _, token = made()
    with pytest.raises(ValueError, match='another token'):
        read_record(token.record() | {'replaced_by': other})
