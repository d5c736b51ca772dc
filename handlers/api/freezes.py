"""The freeze calendar: windows for clusters by name or pattern."""

from datetime import UTC, datetime
from typing import Any

from handlers.api.operation import operation
from handlers.api.parameters import CHANGE, CONDITIONAL_READ
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.changes.calendar_changes import Reach, revision
from stack.changes.freeze_calendar import Calendar, read_windows
from stack.stackfile.freeze_windows import upcoming

CALENDAR_CHANGE = tuple(each for each in CHANGE if each.name in ('message', 'dry_run', 'override', 'If-Match'))


class Freezes(ApiHandler):
    @operation(Role.ADMIN, answer='FreezeCalendar', parameters=CONDITIONAL_READ)
    async def get(self) -> None:
        """List the freeze windows of clusters by name or pattern, with the next times of all."""
        calendar = await self.context.calendar.read(Reach(self.caller))
        if not self.not_modified(revision(calendar)):
            self.reply(_content(calendar), revision=revision(calendar))

    @operation(
        Role.ADMIN,
        body='NewFreezeCalendar',
        answer='FreezeCalendar',
        plan='FreezeCalendar',
        parameters=CALENDAR_CHANGE,
        refusals=(400, 409, 412, 413, 415, 423),
    )
    async def put(self) -> None:
        """Replace the freeze windows of clusters by name or pattern; in force in every server within 10 s.

        Only those of the caller's own clusters are replaced. Ending a window in progress requires an override.
        """
        given = self.body.fields({'content': 'a list of freeze windows'})
        windows = read_windows(given.get('content'))
        calendar = await self.context.calendar.replace(windows, Reach(self.caller), self.change_request())
        self.reply(_content(calendar), revision=revision(calendar))


def _content(calendar: Calendar) -> dict[str, Any]:
    times = upcoming(calendar.windows, datetime.now(UTC))
    return {
        'content': [window.to_json() for window in calendar.windows],
        'next': [occurrence.to_json() for occurrence in times],
    }
