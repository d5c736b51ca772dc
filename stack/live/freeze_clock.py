"""The freeze of one cluster by the clock: one that a user declared, and those of its windows. Pure.

A declared freeze comes before a window. What is shown is computed again when a beginning or an end is due, or when
something else is known of them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from stack.changes.guards import freeze_by_window
from stack.stackfile.freeze_windows import FreezeWindow, next_boundary, windows_json, windows_of

Json = Mapping[str, Any]


class FreezeNow(NamedTuple):
    """The freeze in force, and the windows, as the API shows them; None for none."""

    freeze: Json | None = None
    windows: Json | None = None


class FreezeClock:
    __slots__ = ('_declared', '_due', '_is_known', '_now', '_shared', '_stated')

    def __init__(self) -> None:
        self._declared: Json | None = None
        self._stated: tuple[FreezeWindow, ...] = ()
        self._shared: tuple[FreezeWindow, ...] = ()
        self._now = FreezeNow()
        # When something begins or ends next.
        self._due: datetime | None = None
        self._is_known = True

    def declare(self, freeze: Json | None) -> None:
        """A user froze the cluster, or thawed it."""
        self._declared, self._is_known = freeze, False

    def state(self, document: Any) -> None:
        """The cluster has that desired state."""
        self._take(windows_of(document), self._shared)

    def share(self, windows: tuple[FreezeWindow, ...]) -> None:
        """The calendar has these windows for the cluster."""
        self._take(self._stated, windows)

    def _take(self, stated: tuple[FreezeWindow, ...], shared: tuple[FreezeWindow, ...]) -> None:
        if (stated, shared) != (self._stated, self._shared):
            self._stated, self._shared, self._is_known = stated, shared, False

    def at(self, now: datetime) -> FreezeNow:
        """What is in force at that time."""
        if not self._is_known or (self._due is not None and self._due <= now):
            self._look(now)
        return self._now

    def seconds_left(self, now: datetime) -> float | None:
        """Until something begins or ends; None where nothing does."""
        return (self._due - now).total_seconds() if self._due else None

    def _look(self, now: datetime) -> None:
        windows = (*self._stated, *self._shared)
        until = self._declared.get('until') if self._declared else None
        end = datetime.fromisoformat(until) if until else None
        if end is not None and end <= now:
            self._declared, end = None, None
        freeze = self._declared
        if freeze is None and (by_window := freeze_by_window(windows, now)):
            freeze = by_window.to_json()
        self._now = FreezeNow(freeze, windows_json(windows, now) if windows else None)
        self._due = min((at for at in (end, next_boundary(windows, now)) if at is not None), default=None)
        self._is_known = True
