"""Times in requests: moments with their offset from UTC, or durations before or after now."""

from datetime import datetime
from typing import Any

from stack.errors import InvalidRequest
from stack.runtime.durations import read_duration
from stack.runtime.moments import read_moment

PAST = 'a time with its offset from UTC, or a duration before now such as 15m or 90d'
FUTURE = 'a time with its UTC offset, as 2030-01-31T18:00:00Z, or a duration from now on, as 90m, 1h or 3d'


def read_past(name: str, text: str, now: datetime) -> datetime:
    """The moment in a parameter, also given as a duration before `now`. Raises `InvalidRequest`."""
    duration = read_duration(text)
    return _present(name, read_moment(text) if duration is None else now - duration, PAST)


def read_future(name: str, value: Any, now: datetime) -> datetime:
    """The moment in a field of a body, also given as a duration after `now`. Raises `InvalidRequest`."""
    text = value if isinstance(value, str) else ''
    duration = read_duration(text)
    return _present(name, read_moment(text) if duration is None else now + duration, FUTURE)


def _present(name: str, at: datetime | None, allowed: str) -> datetime:
    if at is None:
        raise InvalidRequest(f'{name} must be {allowed}.', [{'path': name, 'message': allowed}])
    return at
