"""The routing table by shape finds what trying every route would find."""

from itertools import product

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.routing import PathMatches

from handlers.route_table import NAME, RouteTable
from handlers.routes import ROUTES, SOCKETS

ALL = (*ROUTES, *SOCKETS)
TABLE = RouteTable(ALL)
NAMES = ('web', 'config', 'services', 'a%2Fb', '*', '([^/]+)', '%FF', 'ü')


def request(path: str) -> HTTPServerRequest:
    return HTTPServerRequest(
        start_line=RequestStartLine('GET', path, 'HTTP/1.1'), headers=HTTPHeaders({'Host': 'nysa.example'})
    )


def paths() -> list[str]:
    made = set()
    for pattern, _ in ALL:
        literals = pattern.split(NAME)
        for names in product(NAMES, repeat=min(2, len(literals) - 1)):
            filled = [*names, *['x'] * (len(literals) - 1 - len(names)), '']
            path = ''.join(literal + name for literal, name in zip(literals, filled, strict=True))
            made |= {path, f'{path}/', f'/{path}', path.rpartition('/')[0], f'{path}?a=/b', f'{path}x'}
    return sorted(made)


def test_it_finds_what_trying_each_route_would():
    matchers = [(PathMatches(pattern), handler) for pattern, handler in ALL]
    found = 0
    for path in paths():
        asked = request(path)
        tried = ((handler, matcher.match(asked)) for matcher, handler in matchers)
        expected = next(((handler, match) for handler, match in tried if match is not None), None)
        assert TABLE.find(asked) == expected, path
        found += expected is not None
    assert found > len(ALL)


@pytest.mark.parametrize('path', ['', '/', '*', '/cp', '/api/v1/nothing'])
def test_it_finds_nothing_elsewhere(path: str):
    assert TABLE.find(request(path)) is None
