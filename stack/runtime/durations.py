"""Durations as a caller writes them: `90m`, `1h`, `1h30m`, `3d`."""

import re
from datetime import timedelta

PATTERN = r'^(?=\d)(\d{1,4}d)?(\d{1,6}h)?(\d{1,8}m)?$'
DURATION = re.compile(PATTERN, re.ASCII)
UNITS = ('days', 'hours', 'minutes')


def read_duration(text: str) -> timedelta | None:
    """The duration; None where the text is none."""
    found = DURATION.match(text)
    if found is None or text.endswith('\n'):
        return None
    parts = [int(part[:-1]) if part else 0 for part in found.groups()]
    return timedelta(**dict(zip(UNITS, parts, strict=True)))


def write_duration(duration: timedelta) -> str:
    """A duration in whole minutes as a caller writes it: `1h30m`, and `0m` for none."""
    days, rest = divmod(int(duration.total_seconds()) // 60, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = ((days, 'd'), (hours, 'h'), (minutes, 'm'))
    return ''.join(f'{number}{unit}' for number, unit in parts if number) or '0m'
