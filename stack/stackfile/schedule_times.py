"""The times at which a schedule is due: cron, rate or at, with time zone and summer time.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scheduled-scaling.html
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from stack.stackfile.cron import Cron, read_cron

DEFAULT_ZONE = 'UTC'

_RATE = re.compile(r'([1-9][0-9]{0,8}) +(minute|hour|day)s?')
_AT = re.compile(r'[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}')
_EXPRESSION = re.compile(r'(cron|rate|at)\((.*)\)')


@dataclass(frozen=True)
class Timetable:
    """When a schedule is due; `pattern` is a cron expression, an interval, or one local time.

    An interval is counted from `anchor`, at which the schedule was created or changed; without one, nothing is known
    of its times. A local time that clocks skip is left out, as AWS does; with `keeps_skipped` it is the moment at which
    they go forward.
    """

    pattern: Cron | timedelta | datetime
    zone: str = DEFAULT_ZONE
    keeps_skipped: bool = False

    def after(self, start: datetime, anchor: datetime | None = None) -> Iterator[datetime]:
        """The times after a time, ascending, in UTC."""
        if isinstance(self.pattern, timedelta):
            yield from _intervals(self.pattern, start, anchor)
            return
        zone = ZoneInfo(self.zone)
        local = start.astimezone(zone).replace(tzinfo=None)
        times = iter((self.pattern,)) if isinstance(self.pattern, datetime) else self.pattern.after(local)
        for time in times:
            at = self._in_zone(time, zone)
            if at is not None and at > start:
                yield at

    def last_before(self, end: datetime, anchor: datetime | None = None) -> datetime | None:
        """The last time up to `end`, inclusive, in UTC; None where there is none."""
        if isinstance(self.pattern, timedelta):
            return None if anchor is None or end < anchor else anchor + (end - anchor) // self.pattern * self.pattern
        zone = ZoneInfo(self.zone)
        local = end.astimezone(zone)
        # In the second of two repeated hours, times later on the clock have passed in the first one.
        latest = local.replace(tzinfo=None, fold=0) + timedelta(days=local.fold)
        times = iter((self.pattern,)) if isinstance(self.pattern, datetime) else self.pattern.until(latest)
        moments = (at for time in times if (at := self._in_zone(time, zone)) is not None)
        return next((at for at in moments if at <= end), None)

    def _in_zone(self, local: datetime, zone: ZoneInfo) -> datetime | None:
        """A local time in UTC: the first of two where clocks go back; None where it is left out."""
        try:
            at = local.replace(tzinfo=zone).astimezone(UTC)
            if at.astimezone(zone).replace(tzinfo=None) == local:
                return at
            return _clocks_go_forward(local, zone) if self.keeps_skipped else None
        except OverflowError:
            return None

    def between(self, start: datetime, end: datetime, most: int, anchor: datetime | None = None) -> list[datetime]:
        """The first `most` times after `start` that are not after `end`."""
        due = itertools.takewhile(lambda at: at <= end, self.after(start, anchor))
        return list(itertools.islice(due, most))


def read_timetable(expression: str, zone: str = DEFAULT_ZONE) -> Timetable:
    """The timetable of a `ScheduleExpression`. Raises `ValueError`."""
    match = _EXPRESSION.fullmatch(expression.strip())
    if match is None:
        raise ValueError('expected cron( ), rate( ) or at( )')
    check_zone(zone)
    return Timetable(_READ[match[1]](match[2]), zone)


def read_rate(text: str) -> timedelta:
    """The interval of `5 minutes`. Raises `ValueError`."""
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise ValueError('expected a number from 1 and a unit, minutes, hours or days, such as 5 minutes')
    try:
        return timedelta(**{f'{match[2]}s': int(match[1])})
    except OverflowError:
        raise ValueError('expected a shorter interval') from None


def read_at(text: str) -> datetime:
    """The local time of `2030-01-31T18:00:00`. Raises `ValueError`."""
    try:
        if _AT.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError('expected a time without an offset, such as 2030-01-31T18:00:00; timezone states the time zone')


_READ: Mapping[str, Callable[[str], Cron | timedelta | datetime]] = {
    'cron': read_cron,
    'rate': read_rate,
    'at': read_at,
}


def check_zone(name: str) -> None:
    """Raise `ValueError` unless it is the name of a time zone of the IANA database."""
    if name not in zones():
        raise ValueError('expected a time zone of the IANA database, such as Europe/Berlin')


@cache
def zones() -> frozenset[str]:
    """The names of all time zones; without those that the database has for its own use."""
    return frozenset(available_timezones()) - {'Factory', 'localtime', 'posixrules'}


def _intervals(interval: timedelta, start: datetime, anchor: datetime | None) -> Iterator[datetime]:
    if anchor is None:
        return
    passed = max(0, (start - anchor) // interval + 1) if start >= anchor else 0
    try:
        for number in itertools.count(passed):
            yield anchor + number * interval
    except OverflowError:
        return


def _clocks_go_forward(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment of the change of clocks that skips a local time, in UTC."""
    before, after = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)
