"""Secrets that changed after the tasks of a service were created: ECS injects them at start only. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stack.runtime.moments import stamp


@dataclass(frozen=True, slots=True)
class StaleSecret:
    """A variable with a value that is no longer the current one, and when the current one came. Never a value."""

    name: str
    since: datetime

    def to_json(self) -> dict[str, Any]:
        return {'name': self.name, 'since': stamp(self.since)}


StaleServices = Mapping[str, tuple[StaleSecret, ...]]


def stale_secrets(changed: Mapping[str, datetime], oldest_task: datetime | None) -> tuple[StaleSecret, ...]:
    """The variables whose secrets changed after the oldest task was created, by name; none without a task.

    A task reads its secrets after it was created. One that was created just before a change may have read the new
    value: it counts as stale, since a restart too many does less harm than a value that is never replaced.
    """
    if oldest_task is None:
        return ()
    return tuple(StaleSecret(name, at) for name, at in sorted(changed.items()) if at > oldest_task)
