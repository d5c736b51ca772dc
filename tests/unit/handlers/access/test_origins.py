"""Origins: allowed and refused requests, addresses behind proxies, and headers."""

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from handlers.access.origins import Origins
from stack.errors import AccessDenied

URL, OTHER = 'https://nysa.example.com', 'https://tool.example.com'


class Context:
    remote_ip = '10.0.0.9'
    protocol = 'http'


class Connection:
    context = Context()

    def set_close_callback(self, callback: object) -> None:
        """Never called."""


def request(method: str = 'POST', host: str = 'nysa.example.com', **headers: str) -> HTTPServerRequest:
    named = HTTPHeaders({'Host': host} | {name.replace('_', '-'): value for name, value in headers.items()})
    line = RequestStartLine(method, '/', 'HTTP/1.1')
    return HTTPServerRequest(start_line=line, headers=named, connection=Connection())


@pytest.mark.parametrize(
    'asked',
    [
        request('GET', Origin='https://evil.example'),
        request(),
        request(Sec_Fetch_Site='none'),
        request(Origin=URL),
        request(Origin=OTHER),
    ],
    ids=['read', 'a program', 'typed', 'own', 'listed'],
)
def test_allowed(asked: HTTPServerRequest):
    Origins(URL, frozenset({OTHER})).check(asked)


@pytest.mark.parametrize(
    'asked',
    [
        request(Origin='https://evil.example'),
        request(Origin='null'),
        request(Sec_Fetch_Site='cross-site'),
        request('GET', Upgrade='WebSocket', Origin='https://evil.example'),
    ],
    ids=['another', 'opaque', 'without origin', 'socket'],
)
def test_refused(asked: HTTPServerRequest):
    with pytest.raises(AccessDenied, match='NYSA_ORIGINS'):
        Origins(URL, frozenset({OTHER})).check(asked)


def test_without_a_url_the_host_is_the_origin():
    Origins().check(request(host='10.0.0.1:8888', Origin='http://10.0.0.1:8888'))
    with pytest.raises(AccessDenied):
        Origins().check(request(host='10.0.0.1:8888', Origin='http://10.0.0.1'))


@pytest.mark.parametrize(
    ('host', 'allowed'), [('localhost:8888', True), ('127.0.0.1', True), ('[::1]:1', True), ('rebound.example', False)]
)
def test_loopback_names_only(host: str, allowed: bool):
    origins = Origins(loopback_only=True)
    if allowed:
        origins.check(request('GET', host))
    else:
        with pytest.raises(AccessDenied, match='localhost only'):
            origins.check(request('GET', host))


def test_a_session_needs_the_servers_own_page():
    origins = Origins(URL, frozenset({OTHER}))
    origins.check_own(request('GET'))
    origins.check_own(request(Origin=URL))
    for asked in (request(), request(Origin=OTHER)):
        with pytest.raises(AccessDenied):
            origins.check_own(asked)


@pytest.mark.parametrize(
    ('proxies', 'forwarded', 'address'),
    [
        (0, '1.1.1.1', '10.0.0.9'),
        (1, '6.6.6.6, 1.1.1.1', '1.1.1.1'),
        (2, '6.6.6.6, 1.1.1.1, 2.2.2.2', '1.1.1.1'),
        (2, '1.1.1.1', '10.0.0.9'),
        (1, '', '10.0.0.9'),
    ],
)
def test_the_address_that_the_outermost_proxy_saw(proxies: int, forwarded: str, address: str):
    assert Origins(proxies=proxies).address(request(X_Forwarded_For=forwarded)) == address


def test_headers():
    origins = Origins(URL, frozenset({OTHER}))
    plain, listed = origins.headers(request()), origins.headers(request(Origin=OTHER))
    assert 'Strict-Transport-Security' in plain
    assert 'Strict-Transport-Security' not in Origins('http://nysa').headers(request())
    assert 'Access-Control-Allow-Origin' not in plain
    assert (listed['Access-Control-Allow-Origin'], listed['Vary']) == (OTHER, 'Origin')
    assert not any('Credentials' in name for name in listed)
