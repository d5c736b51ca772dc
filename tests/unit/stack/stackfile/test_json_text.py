"""JSON, hostile first."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.errors import InvalidRequest
from stack.stackfile.json_text import load, places
from stack.stackfile.places import find
from tests.unit.stack.stackfile.examples import TOO_LONG

FAULTS = [
    ('', 1, 1),
    ('{', 1, 2),
    ('[1,]', 1, 3),
    ('{"a": 1}\n{}', 2, 1),
    ("{'a': 1}", 1, 2),
    ('{"a": 1,\n "a": 2}', 2, 2),
    ('{"a": {"b": 1, "\\u0062": 2}}', 1, 16),
    ('{"a": "\\ud800"}', 1, 7),
    ('{"\\udc00": 1}', 1, 2),
    ('{"a": "\x01"}', 1, 8),
]


@pytest.mark.parametrize(('text', 'line', 'column'), FAULTS)
def test_faults_have_a_position(text: str, line: int, column: int):
    with pytest.raises(InvalidRequest) as refused:
        load(text)
    assert (refused.value.details()[0]['line'], refused.value.details()[0]['column']) == (line, column)


@pytest.mark.parametrize(
    'text', ['NaN', '[Infinity]', '{"a": -Infinity}', '1e999', '-1e999', '9' * 301, '[' * 100_000, '{"a":' * 100_000]
)
def test_refuses_in_time(text: str):
    started = time.thread_time()
    with pytest.raises(InvalidRequest) as refused:
        load(text)
    assert time.thread_time() - started < TOO_LONG
    assert len(refused.value.message) < 200


def test_every_repeated_key_is_reported():
    with pytest.raises(InvalidRequest) as refused:
        load('{"a": 1, "a": 2, "b": {"c": 1, "c": 2}}')
    assert [detail['column'] for detail in refused.value.details()] == [10, 32]


def test_what_is_no_surrogate_is_taken():
    assert load('["\\ud83d\\ude00", "\\\\ud800", "\\u0041"]') == ['😀', '\\ud800', 'A']


def test_places():
    text = '{"a": [1, {"b, c": "x]\\""}],\n "é😀": {},\n  "z": null}'
    load(text)
    root = places(text)
    assert find(root, ()) == (1, 1)
    assert find(root, ('a',)) == (1, 2)
    assert find(root, ('a', 0)) == (1, 8)
    assert find(root, ('a', 1)) == (1, 11)
    assert find(root, ('a', 1, 'b, c')) == (1, 12)
    assert find(root, ('é😀',)) == (2, 2)
    assert find(root, ('z',)) == (3, 3)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.text(), parts, max_size=4),
    max_leaves=20,
)


@given(PLAIN, st.booleans(), st.sampled_from([None, 1, '\t']))
def test_what_json_writes_is_read_back_and_every_part_has_its_place(data: object, escaped: bool, indent: object):
    text = json.dumps(data, ensure_ascii=escaped, indent=indent)  # type: ignore[arg-type]  # text or a number
    try:
        text.encode()
        assert load(text) == data
    except (UnicodeEncodeError, InvalidRequest):
        return  # half a surrogate pair
    lines = text.split('\n')

    def look(part: object, path: tuple) -> None:
        line, column = find(places(text), path)
        written = json.JSONDecoder().raw_decode('\n'.join([lines[line - 1][column - 1 :], *lines[line:]]))[0]
        assert written == (path[-1] if path and isinstance(path[-1], str) else part)
        for key, value in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
            look(value, (*path, key))

    look(data, ())


@pytest.mark.parametrize(
    ('text', 'column', 'kind'), [(b'{"a": 1,}', 8, 'object'), (b'[1,]', 3, 'array'), (b'{"a": [1, ]}', 9, 'array')]
)
def test_a_trailing_comma_is_reported_alike_by_every_python(text: bytes, column: int, kind: str):
    with pytest.raises(InvalidRequest) as refused:
        load(text.decode())
    (detail,) = refused.value.details()
    assert detail['column'] == column
    assert detail['message'] == f'not JSON: Illegal trailing comma before end of {kind}'
