"""Variables and secrets, whichever way they are written."""

from typing import Any

import pytest
from voluptuous import MultipleInvalid

from stack.stackfile import values


@pytest.mark.parametrize(
    ('raw', 'paths'),
    [
        ([{'A': 1}, 'B=2', {'A': 3}, 'B=4'], [[2, 'A'], [3]]),
        ([{'1': None}], [[0, '1'], [0, '1']]),
        ([{'A': 1, 'B': None}], [[0], [0, 'B']]),
        ({'1': 'x', 'A': []}, [['1'], ['A']]),
        (['A', 7], [[0], [1]]),
    ],
)
def test_mistakes_in_variables(raw: Any, paths: list):
    with pytest.raises(MultipleInvalid) as refused:
        values.ENVIRONMENT.check(raw)
    assert [error.path for error in refused.value.errors] == paths


@pytest.mark.parametrize('raw', [[{'A': 1}, 'B=x'], {'A': 1, 'B': 'x'}, ['A=1', 'B=x'], [{'B': 'x'}, {'A': 1}]])
def test_every_way_to_write_variables(raw: Any):
    assert values.ENVIRONMENT.check(raw) == {'A': '1', 'B': 'x'}
    assert values.ENVIRONMENT.read(raw) == {'A': '1', 'B': 'x'}


def test_secrets_are_no_text():
    with pytest.raises(MultipleInvalid):
        values.SECRETS.check(['A=arn:aws:ssm:x'])
