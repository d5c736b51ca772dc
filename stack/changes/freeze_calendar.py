"""The freeze calendar in the bucket: freeze windows for clusters by name or pattern.

`nysa/freezes` is one object for all clusters, written on the condition that it is unchanged since it was read.
What a process knows of it is at most `KNOWN_S` seconds old: a window is stated ahead of its time.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from voluptuous import Invalid

from stack.aws.ports import ObjectStore
from stack.errors import InvalidRequest, StateUnreadable
from stack.runtime.patterns import matcher
from stack.runtime.recent_reads import RecentReads
from stack.stackfile.entries import entry, record
from stack.stackfile.freeze_windows import FreezeWindow
from stack.stackfile.shapes import list_of, mistakes_in, text

KEY = 'nysa/freezes'
KNOWN_S = 10.0
MOST_WINDOWS = 200
MOST_PATTERNS = 100
FIELDS = ('cron', 'duration', 'timezone', 'reason')


@dataclass(frozen=True, kw_only=True)
class CalendarWindow(FreezeWindow):
    clusters: tuple[str, ...] = entry(
        list_of(text(r'[A-Za-z0-9_*-]{1,255}', 'a name, or a pattern with *', example='prod-*'), MOST_PATTERNS),
        'The names of the clusters, or patterns with `*`.',
        required=True,
    )

    @cached_property
    def concerns(self) -> Callable[[str], bool]:
        """Whether it is one of a cluster of that name."""
        return matcher(self.clusters)

    def to_json(self) -> dict[str, Any]:
        stated = {name: getattr(self, name) for name in FIELDS}
        return {**stated, 'clusters': list(self.clusters)}


WINDOWS = list_of(record(CalendarWindow), at_most=MOST_WINDOWS)


@dataclass(frozen=True)
class Calendar:
    """The windows, and the ETag of the object that has them: None where there is none."""

    windows: tuple[CalendarWindow, ...] = ()
    etag: str | None = None
    _known: dict[str, tuple[CalendarWindow, ...]] = field(default_factory=dict, compare=False)

    def of(self, cluster: str) -> tuple[CalendarWindow, ...]:
        """The windows of a cluster."""
        if not self.windows:
            return ()
        if cluster not in self._known:
            self._known[cluster] = tuple(window for window in self.windows if window.concerns(cluster))
        return self._known[cluster]


class FreezeCalendar:
    def __init__(self, bucket: ObjectStore):
        self._bucket = bucket
        self._reads = RecentReads(KNOWN_S, 1)

    async def read(self) -> Calendar:
        """The calendar as it was at most `KNOWN_S` seconds ago. Raises `AwsFailed`, `StateUnreadable`."""
        return await self._reads.get(KEY, self._read)

    async def current(self) -> Calendar:
        """The calendar as it is stored now; an unreadable one is empty. Raises `AwsFailed`."""
        stored = await self._bucket.get(KEY)
        try:
            return Calendar(load(stored.body), stored.etag) if stored else Calendar()
        except StateUnreadable:
            return Calendar((), stored.etag if stored else None)

    async def store(self, windows: tuple[CalendarWindow, ...], over: str | None) -> Calendar:
        """Store windows in place of those with that ETag. Raises `PreconditionFailed`, `AwsFailed`."""
        body = json.dumps({'windows': [window.to_json() for window in windows]}).encode()
        written = await self._bucket.put(KEY, body, over=over)
        self._reads.forget(KEY)
        return Calendar(windows, written.etag)

    async def _read(self) -> Calendar:
        stored = await self._bucket.get(KEY)
        return Calendar(load(stored.body), stored.etag) if stored else Calendar()


def read_windows(given: Any) -> tuple[CalendarWindow, ...]:
    """The windows that a caller states. Raises `InvalidRequest` with every mistake."""
    try:
        return tuple(CalendarWindow(**window) for window in WINDOWS.check(given))
    except Invalid as invalid:
        details = [{'path': _path(each.path), 'message': each.error_message} for each in mistakes_in(invalid)]
        raise InvalidRequest('The freeze windows have mistakes; nothing was changed.', details) from None


def _path(path: list[Any]) -> str:
    return 'content' + ''.join(f'[{part}]' if isinstance(part, int) else f'.{part}' for part in path)


def load(body: bytes) -> tuple[CalendarWindow, ...]:
    """The windows of a stored calendar. Raises `StateUnreadable`."""
    try:
        windows = json.loads(body)['windows']
        return read_windows(windows)
    except (ValueError, KeyError, TypeError, InvalidRequest) as error:
        raise StateUnreadable(
            f'The freeze calendar {KEY} cannot be read; nothing was changed. PUT /api/v1/freezes replaces it.'
        ) from error
