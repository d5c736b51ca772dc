"""Timestamps of the API and the live channel."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from stack.runtime.moments import read_moment, stamp


def test_a_timestamp_is_in_utc_with_milliseconds():
    assert stamp(datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)) == '2026-03-01T12:00:00.123+00:00'
    assert stamp(datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))) == '2026-03-01T10:00:00.000+00:00'


def test_a_moment_is_read_with_its_offset():
    read = read_moment('2026-03-01T12:00:00+02:00')
    assert read is not None
    assert (read, read.tzinfo) == (datetime(2026, 3, 1, 10, tzinfo=UTC), UTC)


@pytest.mark.parametrize('text', ['', 'now', '2026-03-01T12:00:00', '9999-12-31T23:59:59-14:00'])
def test_what_is_no_moment(text: str):
    assert read_moment(text) is None
