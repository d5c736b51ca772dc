"""YAML that is written is read back as the same data, whatever it holds."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stack.stackfile.reading import read
from stack.stackfile.yaml_writer import scalar, write

LIKE_OTHERS = """
    7410e02 0o17 1e3 1E3 1e+3 +1 -1 1. .5 0x1F 0b11 1_000 012 0 00 -0 1:30 190:20:30 2030-01-31 2030-01-31T18:00:00Z
    .inf -.INF .nan NaN ~ null Null NULL true True TRUE yes Yes no NO on off y n = << - ? : , [ ] { } # & * ! | > % @ `
"""
STRANGE = '\x85\u2028\u2029\ufeff\xa0\x00\x07\x1b\x7f\x9f\ufffe\uffff\U0001f600\t\r\n '

TEXT = (
    st.sampled_from(['', *LIKE_OTHERS.split()])
    | st.text()
    | st.text(st.sampled_from('0123456789eE.+-_oxXinfa:'))
    | st.text(st.sampled_from(STRANGE + 'a'))
    | st.text(st.sampled_from('ab \'"\\\n:#-[]{},&*!|>%@`?'))
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
DATA = st.recursive(SCALARS, lambda part: st.lists(part, max_size=4) | st.dictionaries(TEXT, part, max_size=4))


def same(one: Any, other: Any) -> bool:
    """Equal in type as well: `1`, `1.0` and `true` are equal to Python."""
    return json.dumps(one) == json.dumps(other)


@settings(max_examples=500)
@given(TEXT)
@example('7410e02')
@example('0o17')
@example('1e3')
@example('a\x85b')
def test_every_text_stays_what_it_is(text: str):
    data = {'key': text, text: [text], 'deep': [{text: {text: text}}]}
    assert same(read(write(data), 'yaml').data, data)


@settings(max_examples=300)
@given(DATA)
def test_all_data_stays_what_it_is(data: Any):
    assert same(read(write(data), 'yaml').data, data)


@pytest.mark.parametrize('text', LIKE_OTHERS.split())
def test_other_programs_read_it_as_text_too(text: str):
    assert yaml.safe_load(write({'key': text})) == {'key': text}


@given(SCALARS)
def test_a_scalar_alone_stays_what_it_is(value: Any):
    assert same(read(f'key: {scalar(value)}', 'yaml').data, {'key': value})


@pytest.mark.parametrize(
    ('value', 'written'),
    [
        ('web', 'web'),
        (80, '80'),
        (True, 'true'),
        ('80', "'80'"),
        ('1e3', "'1e3'"),
        ('a\x85b', '"a\\Nb"'),
        (None, 'null'),
    ],
)
def test_quotes_are_there_where_they_are_needed(value: Any, written: str):
    assert scalar(value) == written


def test_what_is_one_object_is_written_twice():
    part = {'a': 1}
    assert write({'x': part, 'y': part}) == 'x:\n  a: 1\ny:\n  a: 1\n'
