"""Changes of the freeze calendar: within the caller's clusters, recorded in the audit of each cluster concerned."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from stack.access.access import Caller
from stack.changes.audit import Audit
from stack.changes.change_request import ChangeRequest
from stack.changes.freeze_calendar import Calendar, CalendarWindow, FreezeCalendar
from stack.changes.guards import freeze_by_window, refuse_frozen
from stack.errors import AccessDenied, Conflict, PreconditionFailed, RevisionConflict

# How often a change without a condition is tried while others change the calendar too.
ATTEMPTS = 10


@dataclass(frozen=True)
class Reach:
    """The part of the calendar that a caller may read and change: the windows of its own clusters alone."""

    caller: Caller

    def includes(self, window: CalendarWindow) -> bool:
        return self.caller.covers(window.clusters)

    def check(self, windows: Iterable[CalendarWindow]) -> None:
        """Raises `AccessDenied` for a window of other clusters, and for a caller of some services alone."""
        outside = [f'content[{i}].clusters' for i, window in enumerate(windows) if not self.includes(window)]
        if outside:
            raise AccessDenied(
                f'A freeze window may concern no other clusters than yours: {", ".join(self.caller.clusters)}.',
                [{'path': path, 'message': 'is outside the clusters of your token'} for path in outside],
            )
        if not self.caller.scope.is_everything:
            raise AccessDenied('A freeze window concerns all services of a cluster, and your token does not.')


class CalendarChanges:
    """`names` gives the clusters under management."""

    def __init__(self, calendar: FreezeCalendar, names: Callable[[], Awaitable[Sequence[str]]], audit: Audit):
        self._calendar = calendar
        self._names = names
        self._audit = audit

    async def read(self, reach: Reach) -> Calendar:
        """The windows within reach. Raises `AwsFailed`."""
        return _within(await self._calendar.current(), reach)

    async def replace(self, windows: tuple[CalendarWindow, ...], reach: Reach, request: ChangeRequest) -> Calendar:
        """Store windows in place of all within reach; a dry run stores nothing.

        Raises `AccessDenied`, `Frozen` where a window in progress would end without an override, `RevisionConflict`
        where another calendar was expected, `Conflict`, `AwsFailed`.
        """
        reach.check(windows)
        for _ in range(ATTEMPTS):
            current = await self._calendar.current()
            if request.expected is not None and request.expected != revision(current):
                raise RevisionConflict('The freeze calendar has changed; nothing was changed.', revision(current))
            others = tuple(window for window in current.windows if not reach.includes(window))
            removed = [window for window in current.windows if window not in others and window not in windows]
            added = [window for window in windows if window not in current.windows]
            overridden = _overridden(removed, request)
            if request.dry_run or not (removed or added):
                return Calendar(windows, current.etag)
            try:
                stored = await self._calendar.store(others + windows, current.etag)
            except PreconditionFailed:
                continue
            await self._record(removed, added, replace(request, override=request.override if overridden else None))
            return _within(stored, reach)
        raise Conflict('The freeze calendar kept changing at the same time; nothing was changed.')

    async def _record(
        self, removed: Sequence[CalendarWindow], added: Sequence[CalendarWindow], request: ChangeRequest
    ) -> None:
        for cluster in await self._names():
            lost, gained = (sum(each.concerns(cluster) for each in windows) for windows in (removed, added))
            if lost or gained:
                change = request.change(None, verb='freeze windows', added=gained, removed=lost)
                self._audit.rescheduled(cluster, change)


def revision(calendar: Calendar) -> str:
    """The calendar's version as callers name it."""
    return (calendar.etag or 'none').strip('"')


def _within(calendar: Calendar, reach: Reach) -> Calendar:
    return Calendar(tuple(window for window in calendar.windows if reach.includes(window)), calendar.etag)


def _overridden(removed: Sequence[CalendarWindow], request: ChangeRequest) -> bool:
    """Whether the change ends a window in progress. Raises `Frozen` where it does without an override."""
    now = datetime.now(UTC)
    for window in removed:
        freeze = freeze_by_window((window,), now)
        if freeze and not request.override:
            raise refuse_frozen(', '.join(window.clusters), freeze)
        if freeze:
            return True
    return False
