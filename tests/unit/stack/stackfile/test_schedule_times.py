"""Times of schedules: time zones, summer time, intervals, one-time schedules."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stack.stackfile.schedule_times import read_timetable, zones


def due(expression: str, zone: str, start: str, count: int = 3, anchor: str | None = None) -> list[str]:
    since = datetime.fromisoformat(anchor) if anchor else None
    times = read_timetable(expression, zone).after(datetime.fromisoformat(start), since)
    return [at.isoformat(timespec='minutes') for at in itertools.islice(times, count)]


def test_a_time_that_summer_time_skips_is_skipped():
    assert due('cron(30 2 * * ? *)', 'Europe/Berlin', '2030-03-30T00:00+00:00') == [
        '2030-03-30T01:30+00:00',
        '2030-04-01T00:30+00:00',
        '2030-04-02T00:30+00:00',
    ]


def test_a_time_that_occurs_twice_is_due_once():
    assert due('cron(30 2 * * ? *)', 'Europe/Berlin', '2030-10-26T12:00+00:00', 2) == [
        '2030-10-27T00:30+00:00',
        '2030-10-28T01:30+00:00',
    ]


def test_the_repeated_hour_is_not_due_again():
    assert due('cron(0/15 2 * * ? *)', 'Europe/Berlin', '2030-10-27T01:10+00:00', 1) == ['2030-10-28T01:00+00:00']


def test_an_interval_is_counted_from_its_anchor():
    anchor = '2030-01-01T00:10+00:00'
    assert due('rate(6 hours)', 'UTC', '2030-01-01T12:00+00:00', 2, anchor) == [
        '2030-01-01T12:10+00:00',
        '2030-01-01T18:10+00:00',
    ]
    assert due('rate(1 day)', 'UTC', '2030-01-01T00:00+00:00', 1, anchor) == [anchor]
    assert due('rate(1 day)', 'UTC', anchor, 1, anchor) == ['2030-01-02T00:10+00:00']


def test_an_interval_without_an_anchor_has_no_known_times():
    assert due('rate(5 minutes)', 'UTC', '2030-01-01T00:00+00:00') == []


def test_a_one_time_schedule_is_due_once():
    assert due('at(2030-07-01T09:00:00)', 'America/New_York', '2030-01-01T00:00+00:00') == ['2030-07-01T13:00+00:00']
    assert due('at(2030-07-01T09:00:00)', 'America/New_York', '2030-07-01T13:00+00:00') == []
    assert due('at(2030-03-31T02:30:00)', 'Europe/Berlin', '2030-01-01T00:00+00:00') == []


def test_times_at_the_ends_of_the_calendar_end():
    assert due('at(9999-12-31T23:59:59)', 'America/New_York', '2030-01-01T00:00+00:00') == []
    assert len(due('rate(999999 days)', 'UTC', '2030-01-01T00:00+00:00', 10, '2030-01-01T00:00+00:00')) < 10


@pytest.mark.parametrize(
    ('expression', 'zone'),
    [
        ('0 3 * * ? *', 'UTC'),
        ('cron(0 3 * * ?)', 'UTC'),
        ('rate(0 minutes)', 'UTC'),
        ('rate(5 seconds)', 'UTC'),
        ('rate(5minutes)', 'UTC'),
        ('at(2030-02-30T00:00:00)', 'UTC'),
        ('at(2030-01-31T00:00:00Z)', 'UTC'),
        ('at(2030-01-31)', 'UTC'),
        ('rate(5 minutes)', 'Europe/Atlantis'),
        ('rate(5 minutes)', '../etc/passwd'),
        ('rate(5 minutes)', ''),
    ],
)
def test_invalid_schedules(expression: str, zone: str):
    with pytest.raises(ValueError, match='expected '):
        read_timetable(expression, zone)


@pytest.mark.parametrize(
    ('expression', 'zone', 'end', 'expected'),
    [
        ('cron(0 8 * * ? *)', 'UTC', '2030-03-04T08:00', '2030-03-04T08:00'),
        ('cron(0 8 * * ? *)', 'UTC', '2030-03-04T07:59', '2030-03-03T08:00'),
        ('cron(0 8 * * ? 2090)', 'UTC', '2030-03-04T07:59', None),
        ('cron(0 8 * * ? *)', 'Europe/Berlin', '2030-03-31T12:00', '2030-03-31T06:00'),
        ('cron(30 2 * * ? *)', 'Europe/Berlin', '2030-03-31T12:00', '2030-03-30T01:30'),
        ('cron(45 2 * * ? *)', 'Europe/Berlin', '2030-10-27T01:30', '2030-10-27T00:45'),
        ('at(2030-07-01T09:00:00)', 'America/New_York', '2030-07-01T12:59', None),
        ('at(2030-07-01T09:00:00)', 'America/New_York', '2030-07-01T13:00', '2030-07-01T13:00'),
        ('rate(6 hours)', 'UTC', '2030-01-02T12:20', '2030-01-02T12:10'),
        ('rate(6 hours)', 'UTC', '2030-01-01T00:00', None),
    ],
)
def test_the_last_time_before_another(expression: str, zone: str, end: str, expected: str | None):
    anchor = datetime(2030, 1, 1, 0, 10, tzinfo=UTC)
    last = read_timetable(expression, zone).last_before(datetime.fromisoformat(f'{end}+00:00'), anchor)
    assert (last and last.isoformat(timespec='minutes')) == (expected and f'{expected}+00:00')


def test_the_times_between_two_are_bounded():
    start = datetime(2030, 1, 1, tzinfo=UTC)
    table = read_timetable('cron(0 * * * ? *)')
    assert len(table.between(start, start + timedelta(days=2), 10)) == 10
    assert table.between(start, start + timedelta(minutes=59), 10) == []
    assert table.between(start, start + timedelta(hours=1), 10) == [start + timedelta(hours=1)]


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(sorted(zone for zone in zones() if '/' in zone)),
    start=st.datetimes(datetime(2028, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC)),
)
def test_times_ascend_and_have_the_local_time_of_the_expression(zone, start):
    times = list(itertools.islice(read_timetable('cron(30 2 * * ? *)', zone).after(start), 5))
    assert times == sorted(set(times))
    assert times[0] > start
    assert {(at.astimezone(ZoneInfo(zone)).hour, at.astimezone(ZoneInfo(zone)).minute) for at in times} == {(2, 30)}
