"""Times in requests."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.api.times import FUTURE, PAST, read_future, read_past
from stack.errors import InvalidRequest

NOW = datetime(2030, 4, 2, 12, tzinfo=UTC)


def test_a_duration_counts_from_now():
    assert read_past('since', '1h30m', NOW) == NOW - timedelta(minutes=90)
    assert read_future('until', '3d', NOW) == NOW + timedelta(days=3)


def test_a_moment_is_in_utc():
    for read in (read_past, read_future):
        at = read('at', '2030-01-31T18:00:00+02:00', NOW)
        assert (at.isoformat(), at.tzinfo) == ('2030-01-31T16:00:00+00:00', UTC)


# The last two are out of range in UTC.
@pytest.mark.parametrize(
    'text', ['', 'soon', '2030-01-31T18:00:00', '0001-01-01T00:00:00+14:00', '9999-12-31T23:59:59-14:00']
)
def test_what_is_no_time_is_refused(text: str):
    for read, allowed in ((read_past, PAST), (read_future, FUTURE)):
        with pytest.raises(InvalidRequest, match=allowed) as refused:
            read('at', text, NOW)
        assert refused.value.details() == [{'path': 'at', 'message': allowed}]


@pytest.mark.parametrize('value', [5, True, [], {}])
def test_a_field_of_another_type_is_refused(value: Any):
    with pytest.raises(InvalidRequest):
        read_future('until', value, NOW)
