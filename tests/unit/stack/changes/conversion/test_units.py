"""Durations, sizes and command lines of other tools."""

from typing import Any

import pytest

from stack.changes.conversion.units import cpu_units, mebibytes, seconds, words


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        ('1m30s', 90),
        ('1h', 3600),
        ('500ms', 1),
        (10, 10),
        (1.2, 2),
        ('', None),
        ('soon', None),
        (None, None),
        (True, None),
    ],
)
def test_seconds(value: Any, expected: int | None):
    assert seconds(value) == expected


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        ('512m', 512),
        ('512M', 512),
        ('1gb', 1024),
        ('1.5GiB', 1536),
        ('64k', 1),
        (2**21, 2),
        ('much', None),
        (None, None),
    ],
)
def test_mebibytes(value: Any, expected: int | None):
    assert mebibytes(value) == expected


@pytest.mark.parametrize(
    ('value', 'expected'), [('0.5', 512), (2, 2048), (0.0001, 1), ('all', None), (None, None), ('inf', None)]
)
def test_cpu_units(value: Any, expected: int | None):
    assert cpu_units(value) == expected


@pytest.mark.parametrize(
    ('value', 'expected'),
    [('a "b c" d', ['a', 'b c', 'd']), (['a b', 1], ['a b', '1']), ('a "b', None), (None, None)],
)
def test_words(value: Any, expected: list[str] | None):
    assert words(value) == expected
