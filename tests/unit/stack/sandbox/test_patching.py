"""Replacement of moto's functions: never of one that moto does not have."""

import pytest

from stack.sandbox.patching import replace


class Backend:
    def describe(self) -> str:
        return 'moto'


def test_replaces_a_method():
    replace(Backend, 'describe', lambda self: 'ours')
    assert Backend().describe() == 'ours'


def test_refuses_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match='list_all'):
        replace(Backend, 'list_all', lambda self: [])
