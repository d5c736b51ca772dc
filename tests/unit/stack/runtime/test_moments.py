"""Timestamps of the API and the live channel."""

from datetime import UTC, datetime, timedelta, timezone

from stack.runtime.moments import stamp


def test_a_timestamp_is_in_utc_with_milliseconds():
    assert stamp(datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)) == '2026-03-01T12:00:00.123+00:00'
    assert stamp(datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))) == '2026-03-01T10:00:00.000+00:00'
