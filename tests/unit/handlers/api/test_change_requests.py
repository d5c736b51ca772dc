"""Change requests from the query and headers of a request."""

from types import SimpleNamespace
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.web import Application, RequestHandler

from handlers.api.change_requests import read_change_request
from handlers.api.query import Query
from stack.access.access import Caller, Role
from stack.errors import AccessDenied, InvalidRequest

ADMIN = Caller('ada', Role.ADMIN)


def query(text: str) -> Query:
    connection: Any = SimpleNamespace(set_close_callback=lambda _: None)
    start = RequestStartLine('GET', f'/?{text}', 'HTTP/1.1')
    request = HTTPServerRequest(connection=connection, start_line=start, headers=HTTPHeaders({'Host': 'localhost'}))
    return Query(RequestHandler(Application(), request))


def test_defaults_are_to_deploy_on_any_revision():
    request = read_change_request(query(''), {'User-Agent': 'curl/8'}, ADMIN, '192.0.2.1')
    assert (request.deploy, request.dry_run, request.expected, request.plan, request.override) == (
        True,
        False,
        None,
        None,
        None,
    )
    assert (request.origin.by, request.origin.source) == ('ada', '192.0.2.1 curl/8')


@pytest.mark.parametrize(
    ('header', 'revision'), [('"abc"', 'abc'), ('W/"abc"', 'abc'), ('abc', 'abc'), ('*', None), ('', None)]
)
def test_if_match_names_the_expected_revision(header: str, revision: str | None):
    assert read_change_request(query(''), {'If-Match': header}, ADMIN, '').expected == revision


def test_if_match_names_one_revision_only():
    with pytest.raises(InvalidRequest, match='one revision'):
        read_change_request(query(''), {'If-Match': '"a", "b"'}, ADMIN, '')


def test_the_message_comes_from_the_query_before_the_header():
    headers = {'X-Nysa-Message': 'gr%C3%BC%C3%9Fe'}
    assert read_change_request(query(''), headers, ADMIN, '').origin.message == 'grüße'
    assert read_change_request(query('message=why'), headers, ADMIN, '').origin.message == 'why'


def test_the_token_that_speaks_for_a_person_is_in_the_source():
    caller = Caller('grace', Role.DEPLOYER, speaker='bot')
    assert read_change_request(query(''), {}, caller, '192.0.2.1').origin.source == 'bot: 192.0.2.1'


def test_only_an_admin_overrides_a_freeze():
    assert read_change_request(query('override=incident'), {}, ADMIN, '').override == 'incident'
    with pytest.raises(AccessDenied, match='requires the role admin'):
        read_change_request(query('override=incident'), {}, Caller('grace', Role.DEPLOYER), '')


@pytest.mark.parametrize('text', ['deploy=yes', 'dry_run=2', 'deploy='])
def test_a_flag_is_true_or_false(text: str):
    with pytest.raises(InvalidRequest, match='must be true or false'):
        read_change_request(query(text), {}, ADMIN, '')


@pytest.mark.parametrize('text', ['limit=0', 'limit=201', 'limit=x', 'limit=%C2%B2', 'limit=1e2', 'limit=00000000001'])
def test_a_number_is_within_its_bounds(text: str):
    with pytest.raises(InvalidRequest, match='a whole number from 1 to 200'):
        query(text).number('limit', 20, 1, 200)
