"""Durations as a caller writes them."""

from datetime import timedelta

import pytest

from stack.runtime.durations import read_duration, write_duration


@pytest.mark.parametrize(
    ('text', 'duration'),
    [
        ('1h', timedelta(hours=1)),
        ('90m', timedelta(minutes=90)),
        ('1h30m', timedelta(minutes=90)),
        ('3d', timedelta(days=3)),
        ('1d12h', timedelta(hours=36)),
        ('0m', timedelta()),
    ],
)
def test_days_hours_and_minutes(text: str, duration: timedelta):
    assert read_duration(text) == duration


@pytest.mark.parametrize(
    'text', ['', '1', 'h', '1s', '1 h', '-1h', '1.5h', '30m1h', '1h ', '1h\n', '१h', '99999d', 'PT1H']
)
def test_what_is_no_duration(text: str):
    assert read_duration(text) is None


@pytest.mark.parametrize('text', ['0m', '5m', '1h', '1h30m', '2d', '14d1h1m'])
def test_a_written_duration_is_read_back(text: str):
    found = read_duration(text)
    assert found is not None
    assert write_duration(found) == text
