"""AWS's schedule expressions: cron with six fields, and a single moment, each in a time zone.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

# The first and the last year of a cron expression.
_YEARS = (1970, 2199)
_MONTHS = ('JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC')
_WEEKDAYS = ('SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT')
# A day comes again after so many days at most: 29 February, over a year without one.
_HORIZON_DAYS = 8 * 366

# Whether a cron expression runs on a date.
OnDate = Callable[[date], bool]


@dataclass(frozen=True)
class Cron:
    """A cron expression: the times of a day, and the days."""

    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    on_date: OnDate

    def times(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        """The moments on a date of the zone, in UTC and in order. A time that a clock change skips is left out."""
        if day.year not in self.years or day.month not in self.months or not self.on_date(day):
            return
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                local = datetime.combine(day, time(hour, minute), zone)
                at = local.astimezone(UTC)
                if at.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                    yield at

    def last_before(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """The last moment up to `at`, inclusive."""
        today = at.astimezone(zone).date()
        for days in range(_HORIZON_DAYS):
            found = [moment for moment in self.times(today - timedelta(days), zone) if moment <= at]
            if found:
                return found[-1]
        return None

    def next_after(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """The first moment after `at`."""
        today = at.astimezone(zone).date()
        for days in range(_HORIZON_DAYS):
            found = next((moment for moment in self.times(today + timedelta(days), zone) if moment > at), None)
            if found:
                return found
        return None


def time_zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name. Raises `ValueError` where there is none."""
    try:
        return ZoneInfo(name)
    except (OSError, LookupError, ValueError):
        raise ValueError(f'{name} is no time zone of the IANA database') from None


def moment(text: str, zone: ZoneInfo) -> datetime:
    """The moment of an `at` expression, as `2030-01-31T18:00:00`. Raises `ValueError`."""
    if not re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d', text):
        raise ValueError('a moment has the form 2030-01-31T18:00:00')
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@cache
def cron(expression: str) -> Cron:
    """The expression `MINUTES HOURS DAY_OF_MONTH MONTH DAY_OF_WEEK YEAR`. Raises `ValueError` with the reason."""
    fields = expression.split()
    if len(fields) != 6:
        raise ValueError(f'cron has six fields: minutes hours day-of-month month day-of-week year; found {len(fields)}')
    minutes, hours, monthdays, months, weekdays, years = (field.upper() for field in fields)
    if (monthdays == '?') == (weekdays == '?'):
        raise ValueError('exactly one of day-of-month and day-of-week is ?')
    return Cron(
        minutes=_numbers(minutes, 'minutes', 0, 59),
        hours=_numbers(hours, 'hours', 0, 23),
        months=_numbers(months, 'month', 1, 12, _MONTHS),
        years=_numbers(years, 'year', *_YEARS),
        on_date=_monthdays(monthdays) if weekdays == '?' else _weekdays(weekdays),
    )


def _numbers(field: str, what: str, low: int, high: int, words: tuple[str, ...] = ()) -> frozenset[int]:
    """The numbers of a field: `*`, `5`, `1-5`, `*/15`, `2/3`, words, and any of them joined by commas."""
    found: set[int] = set()
    for part in field.split(','):
        first, slash, step = part.partition('/')
        if slash and not re.fullmatch(r'[1-9]\d{0,3}', step):
            raise ValueError(f'{what}: {part} has no step after /')
        begin, dash, end = first.partition('-')
        if first == '*':
            start, stop = low, high
        else:
            start = _number(begin, what, low, high, words)
            stop = _number(end, what, low, high, words) if dash else high if slash else start
        if start > stop:
            raise ValueError(f'{what}: {part} ends before it begins')
        found.update(range(start, stop + 1, int(step) if slash else 1))
    return frozenset(found)


def _number(text: str, what: str, low: int, high: int, words: tuple[str, ...]) -> int:
    if text in words:
        return words.index(text) + low
    if re.fullmatch(r'\d{1,4}', text) and low <= int(text) <= high:
        return int(text)
    known = f'{low} to {high}' + (f' or {words[0]} to {words[-1]}' if words else '')
    raise ValueError(f'{what}: expected {known}; found {text or "nothing"}')


def _monthdays(field: str) -> OnDate:
    if field == 'L':
        return lambda day: (day + timedelta(1)).month != day.month
    if field == 'LW':
        return lambda day: day == _nearest_weekday(_last_of_month(day))
    if match := re.fullmatch(r'(\d{1,2})W', field):
        number = _number(match[1], 'day-of-month', 1, 31, ())
        return lambda day: number <= _last_of_month(day).day and day == _nearest_weekday(day.replace(day=number))
    numbers = _numbers(field, 'day-of-month', 1, 31)
    return lambda day: day.day in numbers


def _weekdays(field: str) -> OnDate:
    """Sunday is 1. `6L` is the last Friday of the month, `3#2` its second Tuesday."""
    if match := re.fullmatch(r'(\w+)#([1-5])', field):
        number, nth = _number(match[1], 'day-of-week', 1, 7, _WEEKDAYS), int(match[2])
        return lambda day: _weekday(day) == number and (day.day - 1) // 7 + 1 == nth
    if field != 'L' and (match := re.fullmatch(r'(\w+)L', field)):
        number = _number(match[1], 'day-of-week', 1, 7, _WEEKDAYS)
        return lambda day: _weekday(day) == number and (day + timedelta(7)).month != day.month
    numbers = frozenset({7}) if field == 'L' else _numbers(field, 'day-of-week', 1, 7, _WEEKDAYS)
    return lambda day: _weekday(day) in numbers


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _last_of_month(day: date) -> date:
    following = day.replace(day=28) + timedelta(4)
    return following - timedelta(following.day)


def _nearest_weekday(day: date) -> date:
    """The day itself, or the nearest day from Monday to Friday in the same month."""
    shift = {6: -1, 7: 1}.get(day.isoweekday(), 0)
    moved = day + timedelta(shift)
    return moved if moved.month == day.month else day - 2 * timedelta(shift)
