"""The routing table, and what is declared above each verb."""

import inspect

import pytest

from handlers.operation import VERBS, Operation
from handlers.routes import ROUTES

DECLARED = [
    pytest.param(handler, verb, id=f'{verb.upper()} {pattern}')
    for pattern, handler in ROUTES
    for verb in VERBS
    if verb in vars(handler)
]


@pytest.mark.parametrize(('handler', 'verb'), DECLARED)
def test_every_verb_declares_who_may_call_it_and_says_what_it_does(handler, verb):
    method = getattr(handler, verb)
    assert isinstance(getattr(method, 'operation', None), Operation)
    assert inspect.getdoc(method)


def test_no_address_is_routed_twice():
    patterns = [pattern for pattern, _ in ROUTES]
    assert len(patterns) == len(set(patterns))


def test_every_route_has_a_verb():
    assert {handler for _, handler in ROUTES} == {param.values[0] for param in DECLARED}
