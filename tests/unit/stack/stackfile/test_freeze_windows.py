"""Freeze windows: what is valid, when they begin and end, also where clocks change."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stack.stackfile.check import check
from stack.stackfile.freeze_windows import in_progress, next_boundary, past, upcoming, windows_json, windows_of

NIGHT = {'cron': '0 22 ? * MON-FRI *', 'duration': '9h', 'timezone': 'Europe/Berlin', 'reason': 'night'}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(f'{text}+00:00')


def window(**changes: Any) -> tuple[Any, ...]:
    return windows_of({'freezes': [NIGHT | changes]})


@pytest.mark.parametrize(
    ('freezes', 'path', 'message'),
    [
        ([NIGHT | {'cron': '0 22 * * *'}], 'freezes.0.cron', 'expected six fields'),
        ([NIGHT | {'cron': '0 25 * * ? *'}], 'freezes.0.cron', 'hours: expected 0 to 23; found 25'),
        ([NIGHT, NIGHT | {'duration': '0m'}], 'freezes.1.duration', 'expected a duration from 1m to 31d'),
        ([NIGHT | {'duration': '32d'}], 'freezes.0.duration', 'expected a duration from 1m to 31d'),
        ([NIGHT | {'duration': 60}], 'freezes.0.duration', 'expected a duration from 1m to 31d'),
        ([NIGHT | {'timezone': 'Europe/Atlantis'}], 'freezes.0.timezone', 'expected a time zone'),
        ([NIGHT | {'reason': ''}], 'freezes.0.reason', 'expected text'),
        ([NIGHT | {'clusters': ['prod']}], 'freezes.0.clusters', 'unknown key'),
        ([{'cron': '0 22 * * ? *'}], 'freezes.0.duration', 'is missing'),
        (NIGHT, 'freezes', 'expected a list'),
    ],
)
def test_a_mistake_has_a_path_and_states_what_is_allowed(freezes: Any, path: str, message: str):
    mistakes = check({'freezes': freezes, 'services': []}).mistakes
    found = {'.'.join(map(str, each.path)): each.message for each in mistakes}
    assert found[path].startswith(message)


def test_valid_windows_have_no_mistakes():
    assert not check(
        {'freezes': [NIGHT, NIGHT | {'cron': '0 0 24 12 ? 2030', 'duration': '3d12h'}], 'services': []}
    ).mistakes


def test_what_cannot_be_read_is_ignored():
    assert windows_of({'freezes': [NIGHT | {'cron': 'never'}, {'reason': 'x'}, 5, NIGHT]}) == window()
    for document in (None, [], {}, {'freezes': None}, {'freezes': 'x'}):
        assert windows_of(document) == ()


def test_past_windows_are_those_that_ended_in_between():
    now = moment('2030-06-06T21:00:00')
    found = past(window(), moment('2030-06-04T05:00:01'), now)
    # The one that ended just before, and the one in progress, are not among them.
    assert [each.start for each in found] == [moment('2030-06-04T20:00:00'), moment('2030-06-05T20:00:00')]
    assert past(window(), now, now) == []
    assert past((), moment('2030-01-01T00:00:00'), now) == []


def test_past_windows_are_merged_and_only_the_last_ones_are_computed():
    each_minute = {'cron': '* * * * ? *', 'duration': '1m'}
    windows = windows_of({'freezes': [NIGHT, NIGHT | each_minute]})
    now = moment('2030-06-06T05:02:00')
    found = past(windows, moment('2000-01-01T00:00:00'), now, most=4)
    assert [(each.start, each.end) for each in found] == [
        (moment('2030-06-06T04:58:00'), moment('2030-06-06T04:59:00')),
        (moment('2030-06-06T04:59:00'), moment('2030-06-06T05:00:00')),
        (moment('2030-06-06T05:00:00'), moment('2030-06-06T05:01:00')),
        (moment('2030-06-06T05:01:00'), moment('2030-06-06T05:02:00')),
    ]


@pytest.mark.parametrize(
    ('now', 'until'),
    [
        ('2030-06-03T19:59:59', None),
        ('2030-06-03T20:00:00', '2030-06-04T05:00:00+00:00'),
        ('2030-06-04T04:59:59', '2030-06-04T05:00:00+00:00'),
        ('2030-06-04T05:00:00', None),
        ('2030-06-08T12:00:00', None),
    ],
)
def test_a_window_begins_and_ends_by_the_clock_of_its_zone(now: str, until: str | None):
    found = in_progress(window(), moment(now))
    assert (found and found.end.isoformat()) == until


def test_the_hours_of_a_zone_move_in_utc_when_its_clocks_change():
    daily = window(cron='0 22 * * ? *')
    starts = [each.start.isoformat() for each in upcoming(daily, moment('2030-03-30T12:00:00'), 2)]
    assert starts == ['2030-03-30T21:00:00+00:00', '2030-03-31T20:00:00+00:00']
    starts = [each.start.isoformat() for each in upcoming(daily, moment('2030-10-26T12:00:00'), 2)]
    assert starts == ['2030-10-26T20:00:00+00:00', '2030-10-27T21:00:00+00:00']


def test_a_duration_is_elapsed_time_also_where_clocks_change():
    for day in ('2030-03-31', '2030-10-27'):
        [found] = upcoming(window(cron='0 1 * * ? *', duration='3h'), moment(f'{day}T00:00:00') - timedelta(hours=2), 1)
        assert found.end - found.start == timedelta(hours=3)


def test_a_beginning_that_clocks_skip_is_the_moment_of_their_change():
    skipped = window(cron='30 2 * * ? *', duration='2h')
    assert in_progress(skipped, moment('2030-03-31T00:59:59')) is None
    found = in_progress(skipped, moment('2030-03-31T01:00:00'))
    assert (found.start, found.end) == (moment('2030-03-31T01:00:00'), moment('2030-03-31T03:00:00'))


def test_a_beginning_that_clocks_repeat_occurs_once():
    repeated = window(cron='30 2 * * ? *', duration='20m')
    found = upcoming(repeated, moment('2030-10-26T12:00:00'), 2)
    assert [each.start for each in found] == [moment('2030-10-27T00:30:00'), moment('2030-10-28T01:30:00')]
    assert in_progress(repeated, moment('2030-10-27T01:35:00')) is None


def test_several_skipped_beginnings_are_one():
    often = window(cron='0/15 2 * * ? *', duration='5m')
    found = upcoming(often, moment('2030-03-30T12:00:00'), 2)
    assert [each.start for each in found] == [moment('2030-03-31T01:00:00'), moment('2030-04-01T00:00:00')]


def test_of_several_in_progress_the_one_that_ends_last_is_shown():
    both = window(duration='1h', reason='short') + window(cron='30 22 * * ? *', duration='4h', reason='long')
    assert in_progress(both, moment('2030-06-03T20:10:00')).reason == 'short'
    assert in_progress(both, moment('2030-06-03T20:40:00')).reason == 'long'
    assert in_progress(both, moment('2030-06-03T21:10:00')).reason == 'long'


def test_the_next_ones_are_shown_in_order():
    both = window() + window(cron='0 0 1 1 ? *', timezone='UTC', duration='1d', reason='new year')
    shown = windows_json(both, moment('2030-12-30T22:00:00'))
    assert shown['now'] == {
        'from': '2030-12-30T21:00:00+00:00',
        'until': '2030-12-31T06:00:00+00:00',
        'reason': 'night',
    }
    assert [each['reason'] for each in shown['next']] == ['night', 'new year', 'night', 'night', 'night']
    assert windows_json(window(cron='0 0 1 1 ? 2020'), moment('2030-01-01T00:00:00')) == {'now': None, 'next': []}


@settings(max_examples=40, deadline=None)
@given(
    cron=st.sampled_from(['0/20 2 * * ? *', '30 2 ? * SUN *', '0 0 L * ? *', '15 1-3 * * ? *', '0 22 * * ? *']),
    zone=st.sampled_from(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC', 'Asia/Kathmandu']),
    minutes=st.integers(1, 3 * 24 * 60),
    start=st.datetimes(datetime(2028, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC)),
)
def test_between_two_boundaries_nothing_begins_or_ends(cron, zone, minutes, start):
    windows = window(cron=cron, timezone=zone, duration=f'{minutes}m')
    now = start
    for _ in range(6):
        boundary = next_boundary(windows, now)
        assert boundary > now
        before = in_progress(windows, now)
        assert in_progress(windows, now + (boundary - now) * 0.99) == before
        assert in_progress(windows, boundary) != before
        now = boundary
