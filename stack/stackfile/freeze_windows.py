"""Freeze windows: times that repeat by a cron expression, in which a cluster accepts no changes. Pure."""

import heapq
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from voluptuous import Invalid

from stack.runtime.durations import PATTERN, read_duration
from stack.stackfile.cron import read_cron
from stack.stackfile.entries import completed, entry, record
from stack.stackfile.schedule_shapes import CRON, TIMEZONE
from stack.stackfile.schedule_times import DEFAULT_ZONE, Timetable
from stack.stackfile.shapes import Shape, list_of, refused, text

MOST_WINDOWS = 50
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=31)
# Windows that are shown ahead of time, and of the past.
SHOWN = 5
MOST_PAST = 100


def _duration() -> Shape:
    description = 'a duration from 1m to 31d, such as 90m, 12h or 2d12h'
    words = text(PATTERN.removeprefix('^').removesuffix('$'), description, at_most=32, example='12h')

    def check(value: Any) -> str:
        content: str = words.check(value)
        lasts = read_duration(content)
        if lasts is None or not SHORTEST <= lasts <= LONGEST:
            raise refused(description, value)
        return content

    return Shape(words.description, check, words.json)


@dataclass(frozen=True)
class Occurrence:
    """One time of a window."""

    start: datetime
    end: datetime
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {'from': self.start.isoformat(), 'until': self.end.isoformat(), 'reason': self.reason}


@dataclass(frozen=True, kw_only=True)
class FreezeWindow:
    cron: str = entry(
        CRON,
        "When it begins: minutes, hours, day-of-month, month, day-of-week (1 is Sunday) and year, as AWS's own cron.",
        required=True,
    )
    duration: str = entry(_duration(), 'How long it lasts, in elapsed time.', required=True)
    timezone: str = entry(TIMEZONE, 'The time zone of `cron`.', default=DEFAULT_ZONE)
    reason: str = entry(text(at_most=300), 'Why; shown in each refusal.', required=True)

    @property
    def lasts(self) -> timedelta:
        return read_duration(self.duration) or SHORTEST

    def at(self, now: datetime) -> Occurrence | None:
        """The occurrence in progress; that which began last, where the next begins before one has ended."""
        start = _timetable(self.cron, self.timezone).last_before(now)
        return self._from(start) if start is not None and now < start + self.lasts else None

    def after(self, now: datetime) -> Iterator[Occurrence]:
        """The occurrences that begin later, in order."""
        starts = itertools.groupby(_timetable(self.cron, self.timezone).after(now))
        return (self._from(start) for start, _ in starts)

    def before(self, now: datetime) -> Iterator[Occurrence]:
        """The occurrences that began up to a time, the last one first."""
        timetable, at = _timetable(self.cron, self.timezone), now
        while (start := timetable.last_before(at)) is not None:
            yield self._from(start)
            at = start - timedelta.resolution

    def _from(self, start: datetime) -> Occurrence:
        return Occurrence(start, start + self.lasts, self.reason)


FREEZES = list_of(record(FreezeWindow), at_most=MOST_WINDOWS)


@lru_cache(1000)
def _timetable(cron: str, zone: str) -> Timetable:
    # A window whose beginning the clocks skip begins all the same: left out, it would permit what it is to refuse.
    return Timetable(read_cron(cron), zone, keeps_skipped=True)


def windows_of(document: Any) -> tuple[FreezeWindow, ...]:
    """The windows that a document states. What cannot be read of them is ignored."""
    listed = document.get('freezes') if isinstance(document, Mapping) else None
    if not listed:
        return ()
    try:
        windows: tuple[FreezeWindow, ...] = completed(FREEZES.read(listed))
    except Invalid:
        return ()
    return windows


def in_progress(windows: Sequence[FreezeWindow], now: datetime) -> Occurrence | None:
    """The occurrence in progress that ends last; None where changes are accepted."""
    found = [occurrence for window in windows if (occurrence := window.at(now))]
    return max(found, key=lambda occurrence: (occurrence.end, occurrence.start, occurrence.reason), default=None)


def upcoming(windows: Sequence[FreezeWindow], now: datetime, most: int = SHOWN) -> list[Occurrence]:
    """The next occurrences, in the order of their beginnings."""
    merged = heapq.merge(*(window.after(now) for window in windows), key=lambda occurrence: occurrence.start)
    return list(itertools.islice(merged, most))


def past(windows: Sequence[FreezeWindow], since: datetime, now: datetime, most: int = MOST_PAST) -> list[Occurrence]:
    """The last occurrences that ended between two times, in the order of their beginnings.

    They are those of the windows as they are now: what these were at the time is not known here.
    """
    now = now.astimezone(UTC)
    recent = [itertools.takewhile(lambda each: each.end > since, window.before(now)) for window in windows]
    merged = heapq.merge(*recent, key=lambda occurrence: occurrence.start, reverse=True)
    over = (occurrence for occurrence in merged if occurrence.end <= now)
    return list(itertools.islice(over, most))[::-1]


def next_boundary(windows: Sequence[FreezeWindow], now: datetime) -> datetime | None:
    """When an occurrence begins or ends next; None where none does."""
    ends = [occurrence.end for window in windows if (occurrence := window.at(now))]
    starts = [occurrence.start for occurrence in upcoming(windows, now, 1)]
    return min([*ends, *starts], default=None)


def windows_json(windows: Sequence[FreezeWindow], now: datetime) -> dict[str, Any]:
    """The occurrence in progress, and the next ones."""
    current = in_progress(windows, now.astimezone(UTC))
    return {
        'now': current.to_json() if current else None,
        'next': [occurrence.to_json() for occurrence in upcoming(windows, now)],
    }
