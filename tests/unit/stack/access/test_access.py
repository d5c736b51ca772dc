"""Callers and their clusters."""

import pytest

from stack.access.access import Caller, Role

TEAM = Caller('kim', Role.DEPLOYER, ('prod', 'stag*'))


@pytest.mark.parametrize(('cluster', 'seen'), [('prod', True), ('staging', True), ('production', False), ('', False)])
def test_clusters(cluster: str, seen: bool):
    assert TEAM.may_see(cluster) is seen
    assert Caller('root', Role.ADMIN).may_see(cluster)


@pytest.mark.parametrize(
    ('patterns', 'covered'), [(('prod',), True), (('stag*', 'staging-2'), True), (('*',), False), (('sta*',), False)]
)
def test_what_a_callers_clusters_include(patterns: tuple[str, ...], covered: bool):
    assert TEAM.covers(patterns) is covered


def test_rate_limits_count_by_token_or_by_name():
    assert Caller('a', Role.VIEWER, token='t').key == Caller('b', Role.VIEWER, token='t', speaker='a').key
    assert Caller('a', Role.VIEWER, via='session').key != Caller('a', Role.VIEWER, via='load balancer').key


def test_each_role_includes_the_lower_ones():
    assert Role.PUBLIC < Role.VIEWER < Role.DEPLOYER < Role.ADMIN
