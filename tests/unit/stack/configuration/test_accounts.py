"""The setting NYSA_ACCOUNTS, and the account and region of each cluster."""

import json
from typing import Any

import pytest

from stack.configuration.accounts import HOME, Account, AccountTable, Place, read_accounts
from stack.errors import InvalidRequest, Misplaced

ROLE = 'arn:aws:iam::111111111111:role/nysa'
PROD = Account('prod', ROLE, ('prod-*', 'shop'), 'secret-id', 'eu-west-1')
ALL = Account('all', 'arn:aws:iam::222222222222:role/path/nysa', ('prod-us', 'stag*'))


def table(*accounts: Account) -> AccountTable:
    return AccountTable(accounts or (PROD, ALL), 'us-east-1')


def read(**accounts: Any) -> tuple[Account, ...]:
    return read_accounts(json.dumps(accounts))


def test_the_setting_is_read_in_its_order():
    text = {
        'prod': {'role_arn': ROLE, 'external_id': 'secret-id', 'region': 'eu-west-1', 'clusters': ['prod-*', 'shop']},
        'all': {'role_arn': ALL.role_arn, 'clusters': ['prod-us', 'stag*']},
    }
    assert read(**text) == (PROD, ALL)
    assert PROD.id == '111111111111'


def test_an_external_id_is_not_shown():
    assert 'secret-id' not in repr(PROD)


@pytest.mark.parametrize('text', ['', '[]', 'prod', '{"a"', '[' * 100_000])
def test_what_is_no_mapping_is_refused(text: str):
    with pytest.raises(ValueError, match='accounts by name in JSON, as'):
        read_accounts(text)


def test_every_mistake_is_named_at_once_without_the_external_id():
    with pytest.raises(ValueError) as refused:
        read(
            home={'role_arn': ROLE, 'clusters': ['a']},
            prod={'role_arn': 'nysa', 'external_id': 'sp ace', 'region': 'Europe', 'clusters': [], 'role': 1},
            other=3,
        )
    message = str(refused.value)
    for part in (
        'home: the name must be',
        "prod: unknown key 'role'",
        'prod: role_arn must be',
        'prod: external_id must be',
        'prod: region must be',
        'prod: clusters must be',
        'other: must be a mapping',
    ):
        assert part in message
    assert 'sp ace' not in message


@pytest.mark.parametrize(
    ('cluster', 'document', 'place'),
    [
        ('prod-eu', {}, Place('prod', 'eu-west-1')),
        ('shop', None, Place('prod', 'eu-west-1')),
        ('staging', {}, Place('all', 'us-east-1')),
        ('other', {}, Place(HOME, 'us-east-1')),
        ('other', {'account': HOME}, Place(HOME, 'us-east-1')),
        ('other', {'region': 'eu-north-1'}, Place(HOME, 'eu-north-1')),
        ('prod-us', {}, Place('prod', 'eu-west-1')),
        ('prod-us', {'account': 'all'}, Place('all', 'us-east-1')),
        ('prod-us', {'account': 'all', 'region': 'us-west-2'}, Place('all', 'us-west-2')),
    ],
)
def test_the_place_of_a_cluster(cluster: str, document: Any, place: Place):
    assert table().place(cluster, document) == place


@pytest.mark.parametrize(
    ('cluster', 'account'), [('other', 'prod'), ('prod-eu', HOME), ('prod-eu', 'all'), ('prod-eu', 'unknown')]
)
def test_a_document_cannot_name_an_account_that_the_setting_does_not_give(cluster: str, account: str):
    with pytest.raises(Misplaced, match=f'gives {cluster} no account {account!r}'):
        table().place(cluster, {'account': account})


def test_without_accounts_everything_is_at_home():
    assert AccountTable(()).place('prod-eu') == Place(HOME, '')


def test_a_place_by_the_name_of_its_account():
    assert table().named('prod') == Place('prod', 'eu-west-1')
    assert table().named(HOME) == Place(HOME, 'us-east-1')
    assert table().named('prod', 'us-west-2') == Place('prod', 'us-west-2')


@pytest.mark.parametrize(
    ('account', 'region', 'path', 'message'),
    [
        ('unknown', None, 'account', 'home or prod or all'),
        ('', None, 'account', 'home or prod or all'),
        ('prod', 'Europe', 'region', 'a region, as eu-west-1'),
        ('prod', '', 'region', 'a region, as eu-west-1'),
    ],
)
def test_a_place_that_no_account_has(account: str, region: str | None, path: str, message: str):
    with pytest.raises(InvalidRequest) as refused:
        table().named(account, region)
    assert refused.value.details() == [{'path': path, 'message': message}]


def test_accounts_by_the_id_of_aws():
    assert table().names_of('111111111111') == ('prod',)
    assert table().names_of('999999999999') == (HOME,)
