"""What groups let a person do, and claims that say nothing of use."""

import pytest

from stack.access import EVERYWHERE, Caller, Role
from stack.errors import AccessDenied
from stack.groups import caller_of_claims, read_groups

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
def test_somebody_in_no_group_is_refused(groups: object):
    with pytest.raises(AccessDenied):
        caller(groups=groups)


@pytest.mark.parametrize('claims', [{'sub': ''}, {'sub': 7}, {'sub': 'a\nb'}, {'sub': 'x' * 101}])
def test_somebody_without_a_name_is_refused(claims: dict):
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
