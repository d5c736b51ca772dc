import pytest

from stack.sandbox.ecs.errors import EcsError
from stack.sandbox.ecs.expressions import compiled

FACTS = {'ecs.instance-type': 't2.small', 'stack': 'prod', 'cores': '4', 'ssd': ''}


@pytest.mark.parametrize(
    'expression',
    [
        '',
        'attribute:stack',
        'attribute:stack ==',
        'attribute:stack === prod',
        'attribute:stack == prod and',
        '(attribute:stack == prod',
        'attribute:stack in prod',
        'attribute:stack in [prod',
        'attribute:stack == prod attribute:x == y',
        'attribute:stack =~ [',
        'attribute:stack =~ *',
        'attribute:cores > many',
        'attribute:stack ~ prod',
        'not',
    ],
)
def test_unreadable(expression: str):
    with pytest.raises(EcsError, match='is not valid') as caught:
        compiled(expression)
    assert caught.value.code == 'InvalidParameterException'


@pytest.mark.parametrize(
    ('expression', 'expected'),
    [
        ('attribute:stack == prod', True),
        ('attribute:stack==prod', True),
        ('attribute:stack != prod', False),
        ('attribute:missing != prod', True),
        ('attribute:ecs.instance-type =~ t2.*', True),
        ('attribute:ecs.instance-type =~ t2', False),
        ('attribute:ecs.instance-type !~ m5.*', True),
        ('attribute:stack in [test, prod]', True),
        ('attribute:stack not_in [test, prod]', False),
        ('attribute:stack !in [test]', True),
        ('attribute:ssd exists', True),
        ('attribute:hdd exists', False),
        ('attribute:hdd !exists', True),
        ('attribute:cores >= 4', True),
        ('attribute:cores > 4', False),
        ('attribute:stack > 4', False),
        ('attribute:stack == test or attribute:cores == 4', True),
        ('attribute:stack == test and attribute:cores == 4', False),
        ('not (attribute:stack == test and attribute:cores == 4)', True),
        ('not(attribute:stack == prod)', False),
    ],
)
def test_readable(expression: str, expected: bool):
    assert compiled(expression)(FACTS) is expected
