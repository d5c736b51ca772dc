"""AWS's cron expressions."""

import calendar
import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stack.stackfile.cron import read_cron


def first(expression: str, start: str, count: int = 3) -> list[str]:
    times = read_cron(expression).after(datetime.fromisoformat(start))
    return [at.isoformat(timespec='minutes') for at in itertools.islice(times, count)]


@pytest.mark.parametrize(
    ('expression', 'start', 'expected'),
    [
        ('0 3 * * ? *', '2030-01-31T03:00', ['2030-02-01T03:00', '2030-02-02T03:00', '2030-02-03T03:00']),
        ('0/20 8-9 ? * MON-FRI *', '2030-06-07T09:30', ['2030-06-07T09:40', '2030-06-10T08:00', '2030-06-10T08:20']),
        ('15 10 L * ? *', '2028-01-31T11:00', ['2028-02-29T10:15', '2028-03-31T10:15', '2028-04-30T10:15']),
        ('0 0 ? * 6L 2030', '2030-10-01T00:00', ['2030-10-25T00:00', '2030-11-29T00:00', '2030-12-27T00:00']),
        ('0 0 ? * L *', '2030-06-01T12:00', ['2030-06-08T00:00', '2030-06-15T00:00', '2030-06-22T00:00']),
        ('0 9 ? * 2#1 *', '2030-01-01T00:00', ['2030-01-07T09:00', '2030-02-04T09:00', '2030-03-04T09:00']),
        ('0 9 ? * FRI#5 *', '2030-01-01T00:00', ['2030-03-29T09:00', '2030-05-31T09:00', '2030-08-30T09:00']),
        ('0 9 15W * ? *', '2030-06-01T00:00', ['2030-06-14T09:00', '2030-07-15T09:00', '2030-08-15T09:00']),
        ('0 9 1W 6 ? *', '2030-01-01T00:00', ['2030-06-03T09:00', '2031-06-02T09:00', '2032-06-01T09:00']),
        ('0 9 31W * ? *', '2030-03-01T00:00', ['2030-03-29T09:00', '2030-05-31T09:00', '2030-07-31T09:00']),
        ('0 0 29 FEB ? *', '2030-01-01T00:00', ['2032-02-29T00:00', '2036-02-29T00:00', '2040-02-29T00:00']),
        ('0 0 30 2 ? *', '2030-01-01T00:00', []),
        ('0 0 LW 5 ? *', '2026-05-01T00:00', ['2026-05-29T00:00', '2027-05-31T00:00', '2028-05-31T00:00']),
        ('0 0 lw 5 ? 2026', '2026-05-01T00:00', ['2026-05-29T00:00']),
        ('0 0 ? * 6l 2030', '2030-10-01T00:00', ['2030-10-25T00:00', '2030-11-29T00:00', '2030-12-27T00:00']),
        ('59 23 31 12 ? 2199', '2030-01-01T00:00', ['2199-12-31T23:59']),
        ('5,10 0 1,15 jan,JUL ? 2030-2031/1', '2031-07-15T00:05', ['2031-07-15T00:10']),
    ],
)
def test_times_of_an_expression(expression: str, start: str, expected: list[str]):
    assert first(expression, start) == expected


@pytest.mark.parametrize(
    ('expression', 'message'),
    [
        ('0 3 * * *', 'expected six fields: minutes, hours, day-of-month, month, day-of-week, year; found 5 (a Unix'),
        ('', 'expected six fields'),
        ('0 3 * * * *', 'expected ? in one of the fields day-of-month and day-of-week'),
        ('0 3 ? * ? *', 'expected ? in one of the fields day-of-month and day-of-week'),
        ('60 3 * * ? *', 'minutes: expected 0 to 59; found 60'),
        ('0 24 * * ? *', 'hours: expected 0 to 23; found 24'),
        ('0 3 0 * ? *', 'day-of-month: expected 1 to 31; found 0'),
        ('0 3 * 13 ? *', 'month: expected 1 to 12 or JAN to DEC; found 13'),
        ('0 3 ? * 8 *', 'day-of-week: expected 1 to 7 or SUN to SAT; found 8'),
        ('0 3 ? * FRI-MON *', 'day-of-week: the range FRI-MON ends before it begins; write two ranges'),
        ('0 3 ? * 3#6 *', 'day-of-week: expected 1 to 5; found 6'),
        ('0 3 ? * 3#1,6#3 *', 'day-of-week: expected 1 to 5; found 1,6#3'),
        ('0 3 L,15 * ? *', 'day-of-month: expected 1 to 31; found L'),
        ('0 3 32W * ? *', 'day-of-month: expected 1 to 31; found 32'),
        ('0 3 * * ? 1969', 'year: expected 1970 to 2199; found 1969'),
        ('0/0 3 * * ? *', 'minutes: expected 1 to 59; found 0'),
        ('*/ 3 * * ? *', 'minutes: expected 1 to 59; found nothing'),
        ('0 3 * * ? x', 'year: expected 1970 to 2199; found x'),
        ('1- 3 * * ? *', 'minutes: expected 0 to 59; found nothing'),
    ],
)
def test_an_invalid_expression_names_the_field(expression: str, message: str):
    with pytest.raises(ValueError, match='^' + message.replace('(', r'\(').replace('?', r'\?')):
        read_cron(expression)


def _field(low: int, high: int) -> st.SearchStrategy[tuple[str, set[int]]]:
    """A field's text with the values that it names, found without the module."""
    numbers = st.integers(low, high)
    single = numbers.map(lambda n: (str(n), {n}))
    spans = st.tuples(numbers, numbers).map(sorted)
    span = spans.map(lambda pair: (f'{pair[0]}-{pair[1]}', set(range(pair[0], pair[1] + 1))))
    steps = st.tuples(numbers, st.integers(1, max(1, high))).map(
        lambda pair: (f'{pair[0]}/{pair[1]}', {n for n in range(pair[0], high + 1) if (n - pair[0]) % pair[1] == 0})
    )
    part = st.one_of(single, span, steps)
    parts = st.lists(part, min_size=1, max_size=3)
    listed = parts.map(lambda some: (','.join(text for text, _ in some), set().union(*(found for _, found in some))))
    return st.one_of(st.just(('*', set(range(low, high + 1)))), listed)


@settings(max_examples=60, deadline=None)
@given(
    minutes=_field(0, 59),
    hours=_field(0, 23),
    day=_field(1, 31),
    month=_field(1, 12),
    weekday=_field(1, 7),
    by_weekday=st.booleans(),
    start=st.datetimes(datetime(2027, 1, 1), datetime(2033, 1, 1)),
)
def test_times_are_those_that_a_walk_through_the_minutes_finds(minutes, hours, day, month, weekday, by_weekday, start):
    days = ('?', weekday[0]) if by_weekday else (day[0], '?')
    expression = f'{minutes[0]} {hours[0]} {days[0]} {month[0]} {days[1]} *'

    def is_due(at: datetime) -> bool:
        if at.minute not in minutes[1] or at.hour not in hours[1] or at.month not in month[1]:
            return False
        return at.isoweekday() % 7 + 1 in weekday[1] if by_weekday else at.day in day[1]

    begin = start.replace(second=0, microsecond=0)
    end = begin + timedelta(days=2)
    walked = [at for n in range(1, 2 * 24 * 60) if is_due(at := begin + timedelta(minutes=n)) and at > start]
    cron = read_cron(expression)
    assert list(itertools.takewhile(lambda at: at < end, cron.after(start))) == walked
    last = walked[-1] if walked else end - timedelta(minutes=1)
    assert list(itertools.takewhile(lambda at: at > start, cron.until(last))) == walked[::-1]


def test_the_time_at_which_a_search_ends_is_found_and_the_one_at_which_it_starts_is_not():
    cron, at = read_cron('0 8 * * ? 2030'), datetime(2030, 3, 4, 8)
    assert next(cron.until(at)) == at
    assert next(cron.after(at)) == at + timedelta(days=1)
    assert list(cron.until(datetime(2029, 12, 31))) == []


@pytest.mark.parametrize('day', range(1, 32))
def test_the_nearest_weekday_is_no_weekend_and_at_most_two_days_off(day: int):
    cron = read_cron(f'0 0 {day}W * ? *')
    for year, month in itertools.product(range(2028, 2032), range(1, 13)):
        found = cron.days(year, month)
        if day > calendar.monthrange(year, month)[1]:
            assert list(found) == []
        else:
            [nearest] = found
            assert abs(nearest - day) <= 2
            assert datetime(year, month, nearest).weekday() < 5
