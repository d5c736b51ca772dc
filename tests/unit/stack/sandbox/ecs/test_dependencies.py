"""Circles among the dependencies of containers."""

import pytest

from stack.sandbox.ecs.dependencies import circle


def containers(**needs: str) -> list[dict]:
    """Containers by name, with the names that each depends on, separated by spaces."""
    return [
        {'name': name, 'dependsOn': [{'containerName': other, 'condition': 'START'} for other in others.split()]}
        for name, others in needs.items()
    ]


@pytest.mark.parametrize(
    ('needs', 'found'),
    [
        ({'a': ''}, ''),
        ({'a': 'b c', 'b': 'c', 'c': ''}, ''),
        ({'a': 'a'}, 'a'),
        ({'a': 'b', 'b': 'c', 'c': 'a'}, 'a'),
        ({'a': 'b', 'b': 'c', 'c': 'b'}, 'b'),
    ],
)
def test_circles(needs: dict[str, str], found: str):
    assert circle(containers(**needs)) == found
