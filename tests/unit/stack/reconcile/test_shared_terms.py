"""Equal terms are one object; different ones are not."""

from datetime import UTC, datetime
from typing import Any

import pytest

from stack.reconcile.shared_terms import shared


def test_equal_terms_are_one_object():
    first, second = ({'launchType': 'EC2', 'tags': [{'key': 'a', 'value': 'b'}]} for _ in range(2))
    assert shared(first) is shared(second)
    assert shared(first) == first


@pytest.mark.parametrize(('one', 'other'), [({'a': 1}, {'a': True}), ({'a': 1}, {'a': 1.0}), ({'a': '1'}, {'a': 1})])
def test_values_of_different_types_are_different_terms(one: Any, other: Any):
    assert type(shared(one)['a']) is type(one['a'])
    assert type(shared(other)['a']) is type(other['a'])


@pytest.mark.parametrize('terms', [{'at': datetime(2026, 3, 1, tzinfo=UTC)}, {'ids': ('a', 'b')}, {1: 'a'}])
def test_what_json_has_no_form_for_is_left_as_it_is(terms: Any):
    assert shared(terms) is terms
