"""Roles and clusters of groups, and claims that are useless."""

import hashlib
import re

import pytest

from stack.access.access import Caller, Role
from stack.access.groups import Grant, caller_of_claims, read_groups
from stack.access.scope import EVERYWHERE
from stack.errors import AccessDenied

GRANTS = read_groups(
    '{"platform": "admin", "web": {"role": "deployer", "clusters": ["stag*"]}, '
    '"shop": {"role": "deployer", "clusters": ["shop"]}, "all": "viewer"}'
)


def caller(**claims: object) -> Caller:
    return caller_of_claims({'sub': 'u-1'} | claims, 'groups', GRANTS, 'session')


@pytest.mark.parametrize(
    'text',
    ['', '[]', '{"a": "root"}', '{"a": {}}', '{"a": {"role": "viewer", "clusters": "x"}}', '{"a": 1}', '[' * 50_000],
)
def test_a_setting_that_says_nothing(text: str):
    with pytest.raises(ValueError, match='groups with their roles'):
        read_groups(text)


@pytest.mark.parametrize('groups', [None, [], 'strangers', ['strangers'], 7, [['platform']], {'platform': True}])
def test_a_user_in_no_group_is_refused(groups: object):
    with pytest.raises(AccessDenied):
        caller(groups=groups)


@pytest.mark.parametrize('claims', [{'sub': ''}, {'sub': 7}, {'sub': 'a\nb'}, {'sub': 'x' * 101}])
def test_a_user_without_a_name_is_refused(claims: dict):
    with pytest.raises(AccessDenied):
        caller(groups=['platform'], **claims)


@pytest.mark.parametrize(
    ('groups', 'role', 'clusters'),
    [
        ('platform', Role.ADMIN, EVERYWHERE),
        (['web'], Role.DEPLOYER, ('stag*',)),
        (['web', 'shop'], Role.DEPLOYER, ('stag*', 'shop')),
        (['all', 'web', 'strangers'], Role.DEPLOYER, ('stag*',)),
        (['web', 'platform'], Role.ADMIN, EVERYWHERE),
    ],
)
def test_the_highest_role_counts_in_the_clusters_that_it_is_for(groups: object, role: Role, clusters: tuple):
    found = caller(groups=groups, email='maria@example.com')
    assert (found.role, found.clusters, found.name) == (role, clusters, 'maria@example.com')


def test_the_setting_is_read_as_it_is_written():
    """Within a test: what a module reads while it is imported, mutation testing cannot break."""
    assert read_groups(
        '{"a": "viewer", "b": {"role": "admin"}, "c": {"role": "deployer", "clusters": ["x", "y*"]}}'
    ) == {
        'a': Grant(Role.VIEWER),
        'b': Grant(Role.ADMIN, EVERYWHERE),
        'c': Grant(Role.DEPLOYER, ('x', 'y*')),
    }


def test_one_group_everywhere_is_everywhere():
    grants = {'a': Grant(Role.VIEWER, ('x',)), 'b': Grant(Role.VIEWER, ('y', '*'))}
    found = caller_of_claims({'sub': 'u-1', 'groups': ['a', 'b']}, 'groups', grants, 'load balancer')
    assert (found.clusters, found.via) == (EVERYWHERE, 'load balancer')


@pytest.mark.parametrize(
    ('name', 'shown'),
    [('ev\u202eil', 'evil'), (' maria ', 'maria'), ('ma\u200bria\ufeff', 'maria'), ('maría', 'maría')],
)
def test_a_name_is_shown_without_characters_that_turn_or_hide_others(name: str, shown: str):
    assert caller(groups='all', preferred_username=name).name == shown


@pytest.mark.parametrize(
    ('claims', 'subject'),
    [
        ({'iss': 'https://idp', 'sub': 'u-1'}, 'https://idp u-1'),
        ({'iss': 'i' * 150, 'sub': 's' * 9}, f'{"i" * 150} {"s" * 9}'),
        ({'iss': 'i' * 150, 'sub': 's' * 10}, None),
        ({'iss': 'https://idp', 'sub': 'ü'}, None),
        ({'iss': 'https://idp', 'sub': 'a\nb'}, None),
        ({'iss': 'https://idp', 'sub': '\ud800'}, None),
    ],
)
def test_an_account_is_issuer_and_id_or_a_hash_of_them(claims: dict[str, str], subject: str | None):
    text = f'{claims["iss"]} {claims["sub"]}'.encode('utf-8', 'surrogatepass')
    found = caller(groups='all', preferred_username='maria', **claims).subject
    assert found == (subject or f'sha256:{hashlib.sha256(text).hexdigest()}')


def test_a_refusal_names_what_is_missing():
    with pytest.raises(AccessDenied, match=r'\(claim groups\); NYSA_GROUPS lists those that have\.$'):
        caller(groups=[])
    with pytest.raises(AccessDenied, match='sends no name: none of the claims preferred_username, email and sub'):
        caller(groups='all', sub=7)
    example = '{"platform": "admin", "web": {"role": "deployer", "clusters": ["stag*"]}}'
    with pytest.raises(ValueError, match=re.escape(example)):
        read_groups('')
