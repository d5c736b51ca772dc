"""Request bodies: their bounds, their media types, their keys."""

import asyncio

import pytest

from handlers.api.body import BODY_LIMIT, Body, expect_one_of
from stack.errors import InvalidRequest, InvalidStackfile, TooLarge, UnsupportedMedia


def body(content: bytes = b'', **headers: str) -> Body:
    received = Body({name.replace('_', '-'): value for name, value in headers.items()})
    received.add(content)
    return received


def test_a_body_within_the_limit_is_complete():
    received = body()
    for chunk in (b'a', b'', b'b' * (BODY_LIMIT - 1)):
        received.add(chunk)
    assert received.content() == b'a' + b'b' * (BODY_LIMIT - 1)


def test_a_body_over_the_limit_is_dropped_and_refused():
    received = body()
    for _ in range(40):
        received.add(b'x' * (BODY_LIMIT // 10))
    assert sum(map(len, received._chunks)) <= BODY_LIMIT
    with pytest.raises(TooLarge, match=f'{40 * (BODY_LIMIT // 10):,} bytes'):
        received.content()


@pytest.mark.parametrize('encoding', ['gzip', 'br', 'GZIP'])
def test_a_compressed_body_is_refused(encoding: str):
    with pytest.raises(UnsupportedMedia, match='send the body plain'):
        body(b'{}', Content_Encoding=encoding).content()


@pytest.mark.parametrize(
    ('content_type', 'content'),
    [
        ('', b'{"a": 1}'),
        ('application/json', b'{"a": 1}'),
        ('application/merge-patch+json; charset=utf-8', b'{"a": 1}'),
        ('application/yaml', b'a: 1'),
        ('text/yaml', b'a: 1'),
    ],
)
def test_the_content_type_decides_the_syntax(content_type: str, content: bytes):
    assert body(content, Content_Type=content_type).document().data == {'a': 1}


@pytest.mark.parametrize('content_type', ['text/html', 'application/json; charset=latin-1'])
def test_other_content_types_are_refused(content_type: str):
    with pytest.raises(UnsupportedMedia):
        body(b'{}', Content_Type=content_type).document()


def test_an_absent_body_has_no_fields():
    assert body().fields({'reason': 'text'}) == {}


def test_every_unknown_field_is_reported():
    with pytest.raises(InvalidRequest) as refused:
        body(b'{"reason": "", "until": 1, "unitl": 2}').fields({'reason': 'text'})
    assert [detail['path'] for detail in refused.value.details()] == ['until', 'unitl']


def test_fields_must_be_an_object():
    with pytest.raises(InvalidRequest, match='must be an object'):
        body(b'[1]').fields({})


def test_a_syntax_error_is_reported_with_the_mistakes_beside_it():
    text = b'services:\n- web: {memory: lots, environment: [!x 1]}\n'
    with pytest.raises(InvalidStackfile) as refused:
        asyncio.run(body(text, Content_Type='application/yaml').stackfile())
    assert len(refused.value.details()) >= 2


@pytest.mark.parametrize('value', [None, 'c', '', 1, [], {}])
def test_a_value_that_is_none_of_the_allowed_ones(value: object):
    with pytest.raises(InvalidRequest, match=r'^mode must be a or b\.$') as caught:
        expect_one_of('mode', value, ('a', 'b'))
    assert caught.value.details() == [{'path': 'mode', 'message': 'a or b'}]
    with pytest.raises(InvalidRequest, match=r'^mode must be one of a, b, d\.$'):
        expect_one_of('mode', value, ('a', 'b', 'd'))


def test_an_allowed_value():
    expect_one_of('mode', 'b', ('a', 'b'))
