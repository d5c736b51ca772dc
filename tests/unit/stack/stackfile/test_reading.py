"""Texts read, whatever they are encoded in."""

import pytest

from stack.errors import InvalidRequest, TooLarge
from stack.stackfile.reading import MAX_BYTES, read


@pytest.mark.parametrize('syntax', ['yaml', 'json'])
@pytest.mark.parametrize(
    'body',
    [
        b'\xff{}',
        b'{"a": "\xc3"}',
        '{"a": 1}'.encode('utf-16'),
        '{"a": 1}'.encode('utf-32'),
        b'\xed\xa0\x80',
        '"\ud800"',
    ],
)
def test_what_is_not_utf_8(body: bytes | str, syntax: str):
    with pytest.raises(InvalidRequest):
        read(body, syntax)  # type: ignore[arg-type]  # one of the two


@pytest.mark.parametrize('syntax', ['yaml', 'json'])
@pytest.mark.parametrize('body', [b'"' + b'x' * MAX_BYTES + b'"', ' ' * 10_000_000, 'ä' * (MAX_BYTES // 2 + 1)])
def test_what_is_too_large(body: bytes | str, syntax: str):
    with pytest.raises(TooLarge):
        read(body, syntax)  # type: ignore[arg-type]  # one of the two


def test_as_much_as_is_taken():
    assert len(read(b'"' + b'x' * (MAX_BYTES - 2) + b'"', 'json').data) == MAX_BYTES - 2


@pytest.mark.parametrize('syntax', ['yaml', 'json'])
@pytest.mark.parametrize('body', [b'\xef\xbb\xbf{"a": "\xc3\xa4"}', '\ufeff{"a": "ä"}', '{"a": "ä"}'])
def test_a_byte_order_mark_says_nothing(body: bytes | str, syntax: str):
    document = read(body, syntax)  # type: ignore[arg-type]  # one of the two
    assert document.data == {'a': 'ä'}
    assert document.position(('a',)) == (1, 2)


YAML = """\
services:
- web:
    image: a
    ports:
      - "80:80"
      - x
  # a comment
- {worker: {image: b}}
"""
JSON = """\
{"services": [
  {"web": {"image": "a",
    "ports": ["80:80",
      "x"]}},

  {"worker": {"image": "b"}}]}
"""


@pytest.mark.parametrize(
    ('path', 'in_yaml', 'in_json'),
    [
        ((), (1, 1), (1, 1)),
        (('services',), (1, 1), (1, 2)),
        (('services', 0), (2, 3), (2, 3)),
        (('services', 0, 'web'), (2, 3), (2, 4)),
        (('services', 0, 'web', 'ports'), (4, 5), (3, 5)),
        (('services', 0, 'web', 'ports', 1), (6, 9), (4, 7)),
        (('services', 1, 'worker', 'image'), (8, 13), (6, 15)),
        # what is not there: the nearest part around it
        (('services', 1, 'worker', 'elb', 'type'), (8, 4), (6, 4)),
        (('services', 7), (1, 1), (1, 2)),
        (('services', 0, 'web', 'image', 'x', 0), (3, 5), (2, 12)),
        (('services', 'x'), (1, 1), (1, 2)),
    ],
)
def test_positions(path: tuple, in_yaml: tuple, in_json: tuple):
    assert read(YAML, 'yaml').position(path) == in_yaml
    assert read(JSON, 'json').position(path) == in_json


def test_positions_of_what_aliases_stand_for():
    document = read('a: &x\n  - b: 1\nc: *x\nd:\n  <<: {e: 1}\n', 'yaml')
    assert document.position(('c',)) == (3, 1)
    assert document.position(('c', 0, 'b')) == (2, 5)
    assert document.position(('d', 'e')) == (5, 8)


def test_an_empty_text():
    assert read(b'', 'yaml').data is None
    assert read(b'', 'yaml').position(('services',)) == (1, 1)
