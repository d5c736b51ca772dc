"""Patterns of names."""

import pytest

from stack.runtime.patterns import matcher


@pytest.mark.parametrize(
    ('patterns', 'name', 'matches'),
    [
        (['prod'], 'prod', True),
        (['prod'], 'prod-eu', False),
        (['prod'], 'eu-prod', False),
        (['prod*'], 'prod-eu', True),
        (['*'], 'anything', True),
        (['a', '*-eu'], 'prod-eu', True),
        (['pr.d'], 'prod', False),
        (['[a-z]*'], 'prod', False),
        ([], 'prod', False),
        ([], '', False),
        (['a*a'], 'a', False),
        (['a*a'], 'aa', True),
        (['*a*b*'], 'xaxbx', True),
        (['*a*b*'], 'xbxax', False),
        (['*b*b'], 'ab', False),
        (['**'], '', True),
        (['*' + 'a*' * 100 + 'b'], 'a' * 255, False),
    ],
)
def test_patterns(patterns, name, matches):
    assert matcher(patterns)(name) is matches
