"""The cluster query language: what ECS can parse, and what it cannot."""

import pytest

from stack.stackfile.query_language import is_expression


@pytest.mark.parametrize(
    'text',
    [
        'attribute:zone == a',
        'attribute:ecs.instance-type =~ t3.*',
        'attribute:stack in [a, b]',
        'not (attribute:gpu exists) and attribute:memory > 1024 or task:group != service:x',
        'attribute:gpu !exists',
        'attribute:stack !in [a]',
        '((attribute:a == b))',
    ],
)
def test_expressions(text: str):
    assert is_expression(text)


@pytest.mark.parametrize(
    'text',
    ['', ' ', 'zone', 'zone ==', '== a', 'nonsense (', '(zone == a', 'zone in a', 'zone in [a,]', 'memory > much',
     'zone =~ [', 'zone == a b', 'zone is a', '(' * 600, 'not ' * 600],
)  # fmt: skip
def test_what_is_no_expression(text: str):
    assert not is_expression(text)
