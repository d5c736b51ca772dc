"""Headers that are read in one go are those that Tornado reads; what it may judge otherwise is left to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPInputError

from handlers.http.request_headers import RequestHeaders, parse

LINE = 'GET / HTTP/1.1'
# What may stand anywhere in a request, with all that separates.
TEXT = st.text(st.sampled_from('Ab-1:, \t\r\n\x00\x7f\x80\xff"(é'), max_size=40)


def by_tornado(data: bytes) -> tuple[str, HTTPHeaders] | None:
    """None where Tornado refuses the headers."""
    try:
        return HTTP1Connection._parse_headers(None, data)
    except HTTPInputError:
        return None


def check(data: bytes) -> None:
    parsed = parse(data)
    if parsed is None:
        return
    expected = by_tornado(data)
    assert expected is not None
    assert parsed[0] == expected[0]
    assert list(parsed[1].get_all()) == list(expected[1].get_all())
    assert dict(parsed[1]) == dict(expected[1])


@given(TEXT, TEXT)
def test_what_is_read_is_what_tornado_reads(line: str, lines: str):
    check(f'{line}\r\n{lines}\r\n\r\n'.encode('latin-1'))


@given(st.lists(st.tuples(st.text('Ab-1x', min_size=1, max_size=4), st.text('a :,\t\xff', max_size=8))))
def test_valid_headers_are_read(pairs: list[tuple[str, str]]):
    lines = ''.join(f'{name}:{value}\r\n' for name, value in pairs)
    data = f'{LINE}\r\n{lines}\r\n'.encode('latin-1')
    assert parse(data) is not None
    check(data)


@pytest.mark.parametrize(
    'sent',
    [
        'GET / HTTP/1.1\nHost: x\r\n\r\n',
        'GET / HTTP/1.1\r\nHost: x\n\n',
        'GET / HTTP/1.1\r\nHost: x\nCookie: y\r\n\r\n',
        'GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n',
        'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
        'GET / HTTP/1.1\r\nHost\r\n\r\n',
        'GET / HTTP/1.1\r\n: x\r\n\r\n',
        'GET / HTTP/1.1\r\nHost: x\ry\r\n\r\n',
        'GET / HTTP/1.1\r\nHost: x\x00\r\n\r\n',
        '\r\n\r\n',
    ],
)
def test_what_is_irregular_is_left_to_tornado(sent: str):
    parsed = parse(sent.encode('latin-1'))
    assert parsed is None or sent.startswith(f'{LINE}\n')
    check(sent.encode('latin-1'))


def test_the_headers_of_a_request_can_be_changed():
    _, headers = parse(b'GET / HTTP/1.1\r\naccept: a\r\nACCEPT: b\r\n\r\n')
    assert isinstance(headers, RequestHeaders)
    assert headers['Accept'] == 'a,b'
    headers.add('Accept', 'c')
    assert headers.get_list('accept') == ['a', 'b', 'c']
    assert headers['accept'] == 'a,b,c'
    copied = headers.copy()
    del headers['Accept']
    assert 'Accept' not in headers
    assert copied['Accept'] == 'a,b,c'
