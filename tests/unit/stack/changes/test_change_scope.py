"""The services that a change concerns."""

from datetime import UTC, datetime
from typing import Any

import pytest

from stack.access.scope import ServiceScope
from stack.changes.change_scope import check_scope, concerned
from stack.errors import AccessDenied
from stack.state.revisions import REMOVAL, Change, Origin

A, B = {'a': {'image': 'x:1'}}, {'b': {'image': 'y:1'}}


def change(verb: str, scope: tuple[str, ...] = ('*',), **did: Any) -> Change:
    announce = 'destroy' if verb == 'remove' else 'deploy'
    return Change(Origin('kim', 'here'), datetime.now(UTC), {'verb': verb, **did}, announce, scope=ServiceScope(scope))


@pytest.mark.parametrize(
    ('verb', 'did', 'before', 'after', 'expected'),
    [
        ('change', {}, [A, B], [A, B], set()),
        ('change', {}, [A, B], [A, {'b': {'image': 'y:2'}}], {'b'}),
        ('change', {'service': 'a'}, [A, B], [A, B], {'a'}),
        ('change', {'services': ['a', 'b']}, [A, B], [A, B], {'a', 'b'}),
        ('remove', {'service': 'b'}, [A, B], [A], {'b'}),
        ('replace', {}, [A, B], [B, A], set()),
        ('replace', {}, [A], [A, B], {'b'}),
        ('replace', {'destroyed': ['c']}, [A, B], [A, B], {'c'}),
        ('replace', {}, [A, B], [A, B, 'broken'], {'a', 'b'}),
        ('replace', {}, [A, B, B], [A, B], {'b'}),
        ('deploy', {}, [A, B], [A, B], {'a', 'b'}),
        ('create', {}, [], [A, B], {'a', 'b'}),
        (REMOVAL, {}, [A, B], [], {'a', 'b'}),
        ('release', {'service': 'a'}, [A, B], [A, B], {'a'}),
    ],
)
def test_concerned(verb: str, did: dict[str, Any], before: list[Any], after: list[Any], expected: set[str]):
    assert concerned(change(verb, **did), {'services': before}, {'services': after}) == expected


def test_what_is_outside_services_concerns_all_of_them():
    before = {'services': [A, B]}
    assert concerned(change('replace'), before, before | {'defaults': {'cpu': 256}}) == {'a', 'b'}
    assert concerned(change('replace'), 'unreadable', before) == {'a', 'b'}


def test_the_scope_of_the_author_decides():
    before, after = {'services': [A, B]}, {'services': [A]}
    check_scope(change('replace'), before, after)
    check_scope(change('replace', ('b',)), before, after)
    with pytest.raises(AccessDenied):
        check_scope(change('replace', ('a',)), before, after)
