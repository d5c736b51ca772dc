"""Shapes by themselves: what a check gives back, and what is read where a check refuses."""

from typing import Any

import pytest
from voluptuous import Invalid, MultipleInvalid

from stack.stackfile import shapes


@pytest.mark.parametrize(
    ('value', 'message'),
    [
        (None, 'nothing'),
        (True, 'true'),
        (1.5, '1.5'),
        ('a"b', '"a\\"b"'),
        ('ä', '"ä"'),
        ({'a': 1}, 'a mapping'),
        ([], 'a list'),
        ('x' * 100, '"' + 'x' * 58 + '…'),
    ],
)
def test_how_a_message_names_a_value(value: Any, message: str):
    assert shapes.found(value) == message


@pytest.mark.parametrize('word', ['', 'zzzzzz', None, 7, [], 'x' * 10_000])
def test_no_suggestion(word: Any):
    assert shapes.suggestion(word, ['image', 'memory']) == ''


@pytest.mark.parametrize('word', ['imag', 'IMAGE', 'iamge'])
def test_a_suggestion(word: str):
    assert shapes.suggestion(word, ['image', 'memory']) == ': did you mean "image"?'


def test_a_list_is_checked_to_its_end():
    with pytest.raises(MultipleInvalid) as refused:
        shapes.list_of(shapes.whole(1, 2)).check([1, 3, 2, True, 'x'])
    assert [error.path for error in refused.value.errors] == [[1], [3], [4]]


def test_of_a_list_the_items_that_can_be_read_are():
    assert shapes.list_of(shapes.whole(1, 2)).read([1, 3, 2, True, 'x']) == (1, 2)


def test_of_a_mapping_both_keys_and_values_are_checked():
    shape = shapes.mapping_of(shapes.text('[a-z]'), shapes.switch())
    with pytest.raises(MultipleInvalid) as refused:
        shape.check({'a': True, 'B': 1, 'c': 2})
    assert [error.path for error in refused.value.errors] == [['B'], ['B'], ['c']]
    assert shape.read({'a': True, 'B': True, 'c': 2}) == {'a': True}
    assert shape.merge({'a': 1, 'b': 2}, {'b': 3}) == {'a': 1, 'b': 3}


@pytest.mark.parametrize('value', [None, 1, 'x', [], True])
def test_what_is_no_mapping(value: Any):
    shape = shapes.mapping_of(shapes.text(), shapes.text())
    for look in (shape.check, shape.read):
        with pytest.raises(Invalid):
            look(value)


@pytest.mark.parametrize('text', ['a\0', '\x1b', '\x7f', 'a\x0b', ''])
def test_text_that_no_program_should_get(text: str):
    with pytest.raises(Invalid):
        shapes.text().check(text)


@pytest.mark.parametrize('text', ['a\tb', 'a\r\nb', 'ä😀', ' '])
def test_text(text: str):
    assert shapes.text().check(text) == text
