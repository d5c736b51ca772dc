"""The routing table, and what is declared above each verb."""

import inspect

import pytest

from handlers.api.operation import VERBS, Operation
from handlers.document.openapi import MEANING, PATH_NAMES
from handlers.document.schemas import component_schemas
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


@pytest.mark.parametrize(('handler', 'verb'), DECLARED)
def test_what_is_declared_is_written_down(handler, verb):
    """The tables behind the OpenAPI document have every shape, refusal and name in an address."""
    method = getattr(handler, verb)
    shapes = {method.operation.answer, method.operation.body} - {None}
    assert shapes <= set(component_schemas()), 'add it under handlers/schemas/'
    assert method.operation.answer, 'name the shape of the answer'
    assert set(method.operation.refusals) <= set(MEANING), 'add it to MEANING in handlers/document/openapi.py'
    assert set(list(inspect.signature(method).parameters)[1:]) <= set(PATH_NAMES), 'add it to PATH_NAMES there'


def test_no_address_is_routed_twice():
    patterns = [pattern for pattern, _ in ROUTES]
    assert len(patterns) == len(set(patterns))


def test_every_route_has_a_verb():
    assert {handler for _, handler in ROUTES} == {param.values[0] for param in DECLARED}
