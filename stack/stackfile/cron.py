"""AWS's cron expressions: six fields, read into the local times that they name.

EventBridge Scheduler and Application Auto Scaling have the same syntax. AWS documents neither lower case nor `LW`, the
last weekday of a month; both are read as Quartz does, whose syntax it is.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
"""

import calendar
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

NAMES = ('minutes', 'hours', 'day-of-month', 'month', 'day-of-week', 'year')
FIRST_YEAR, LAST_YEAR = 1970, 2199

_MONTH_NAMES = ('JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC')
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_WEEKDAYS = {name: number for number, name in enumerate(('SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'), 1)}

# The days of a month: year, month → the days that the expression names, in order.
Days = Callable[[int, int], Sequence[int]]


@dataclass(frozen=True)
class Cron:
    """A cron expression; all members are sorted. Times are local: the schedule states their time zone."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    years: tuple[int, ...]
    days: Days

    def after(self, start: datetime) -> Iterator[datetime]:
        """The local times after a local time, ascending; it ends with the year 2199."""
        for year in self.years:
            for month in self.months if year >= start.year else ():
                if (year, month) < (start.year, start.month):
                    continue
                for day in self.days(year, month):
                    if (year, month, day) >= (start.year, start.month, start.day):
                        yield from (at for at in self._on(datetime(year, month, day)) if at > start)

    def until(self, end: datetime) -> Iterator[datetime]:
        """The local times up to a local time, inclusive, descending; it ends with the year 1970."""
        for year in reversed(self.years):
            for month in reversed(self.months) if year <= end.year else ():
                if (year, month) > (end.year, end.month):
                    continue
                for day in reversed(self.days(year, month)):
                    if (year, month, day) <= (end.year, end.month, end.day):
                        yield from (at for at in reversed(self._on(datetime(year, month, day))) if at <= end)

    def _on(self, day: datetime) -> list[datetime]:
        return [day.replace(hour=hour, minute=minute) for hour in self.hours for minute in self.minutes]


def read_cron(expression: str) -> Cron:
    """The expression without `cron( )` around it. Raises `ValueError` with a message that names the field."""
    fields = expression.split()
    if len(fields) != len(NAMES):
        hint = ' (a Unix expression lacks the year, and has ? in neither field of days)' if len(fields) == 5 else ''
        raise ValueError(f'expected six fields: {", ".join(NAMES)}; found {len(fields)}{hint}')
    minutes, hours, days, months, weekdays, years = fields
    if (days == '?') == (weekdays == '?'):
        raise ValueError('expected ? in one of the fields day-of-month and day-of-week, and a value in the other')
    return Cron(
        _numbers('minutes', minutes, 0, 59),
        _numbers('hours', hours, 0, 23),
        _numbers('month', months, 1, 12, _MONTHS),
        _numbers('year', years, FIRST_YEAR, LAST_YEAR),
        _by_weekday(weekdays) if days == '?' else _by_number(days),
    )


def _numbers(name: str, field: str, low: int, high: int, words: Mapping[str, int] | None = None) -> tuple[int, ...]:
    """The values of a field: `*`, numbers, ranges and steps, separated by commas."""
    found: set[int] = set()
    for part in field.split(','):
        span, slash, step = part.partition('/')
        first, dash, last = span.partition('-')
        if span == '*':
            start, end = low, high
        else:
            start = _number(name, first, low, high, words)
            end = _number(name, last, low, high, words) if dash else (high if slash else start)
        if start > end:
            raise ValueError(f'{name}: the range {span} ends before it begins; write two ranges')
        width = _number(name, step, 1, high, None) if slash else 1
        found.update(range(start, end + 1, width))
    return tuple(sorted(found))


def _number(name: str, text: str, low: int, high: int, words: Mapping[str, int] | None) -> int:
    value = (words or {}).get(text.upper())
    if value is None and re.fullmatch(r'[0-9]{1,4}', text):
        value = int(text)
    if value is None or not low <= value <= high:
        allowed = f'{low} to {high}' + (f' or {next(iter(words))} to {list(words)[-1]}' if words else '')
        raise ValueError(f'{name}: expected {allowed}; found {text or "nothing"}')
    return value


def _by_number(field: str) -> Days:
    """Days by number, the last day (`L`), or the weekday nearest to a day (`15W`, `LW`)."""
    if field.upper() == 'L':
        return lambda year, month: (_length(year, month),)
    if field.upper() == 'LW':
        return lambda year, month: _nearest_weekday(year, month, _length(year, month))
    if field.upper().endswith('W'):
        day = _number('day-of-month', field[:-1], 1, 31, None)
        return lambda year, month: _nearest_weekday(year, month, day)
    days = _numbers('day-of-month', field, 1, 31)
    return lambda year, month: [day for day in days if day <= _length(year, month)]


def _by_weekday(field: str) -> Days:
    """Days by weekday, the last one of a kind (`5L`, `L` is Saturday), or the n-th (`3#2`)."""
    if field.upper() == 'L':
        return lambda year, month: _of_week(year, month, (7,))
    if re.fullmatch(r'.+[lL]', field):
        last = _number('day-of-week', field[:-1], 1, 7, _WEEKDAYS)
        return lambda year, month: _of_week(year, month, (last,))[-1:]
    if '#' in field:
        name, _, position = field.partition('#')
        weekday = _number('day-of-week', name, 1, 7, _WEEKDAYS)
        nth = _number('day-of-week', position, 1, 5, None)
        return lambda year, month: _of_week(year, month, (weekday,))[nth - 1 : nth]
    weekdays = _numbers('day-of-week', field, 1, 7, _WEEKDAYS)
    return lambda year, month: _of_week(year, month, weekdays)


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _of_week(year: int, month: int, weekdays: Sequence[int]) -> list[int]:
    """The days of a month that are one of the weekdays; 1 is Sunday."""
    first, length = calendar.monthrange(year, month)
    return [day for day in range(1, length + 1) if (first + day) % 7 + 1 in weekdays]


def _nearest_weekday(year: int, month: int, day: int) -> Sequence[int]:
    """The Monday to Friday nearest to a day, in the same month; none where the month has no such day."""
    first, length = calendar.monthrange(year, month)
    if day > length:
        return ()
    weekday = (first + day - 1) % 7
    if weekday == calendar.SATURDAY:
        return (day - 1 if day > 1 else day + 2,)
    if weekday == calendar.SUNDAY:
        return (day + 1 if day < length else day - 2,)
    return (day,)
