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
