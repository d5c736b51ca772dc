"""The scope of a caller among services."""

import pytest

from stack.access.scope import EVERY_SERVICE, ServiceScope
from stack.errors import AccessDenied

TEAM = ServiceScope(('team-a-*', 'web'))


@pytest.mark.parametrize(
    ('service', 'included'), [('team-a-api', True), ('web', True), ('web-2', False), ('team-b', False), ('', False)]
)
def test_names_and_patterns(service: str, included: bool):
    assert TEAM.includes(service) is included
    assert EVERY_SERVICE.includes(service)


@pytest.mark.parametrize(
    ('patterns', 'covered'),
    [(['team-a-x*', 'web'], True), (['team-a-*'], True), (['team-*'], False), (['*'], False), (['we*'], False)],
)
def test_a_scope_covers_narrower_ones(patterns: list[str], covered: bool):
    assert TEAM.covers(patterns) is covered
    assert EVERY_SERVICE.covers(patterns)


def test_a_refusal_names_what_is_outside():
    TEAM.check(['web', 'team-a-api'])
    with pytest.raises(AccessDenied) as refused:
        TEAM.check([*'gfedcba', 'web'])
    assert 'concerns a, b, c, d, e and 2 more, outside the services of your token: team-a-*, web' in str(refused.value)
    assert [detail['path'] for detail in refused.value.details()] == [f'services.{name}' for name in 'abcdefg']
