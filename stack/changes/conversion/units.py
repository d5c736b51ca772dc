"""Durations, sizes and command lines as Compose and Copilot write them. A value that cannot be read is None."""

import math
import re
import shlex
from typing import Any

DURATION = re.compile(r'(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?')
SIZE = re.compile(r'(\d+(?:\.\d+)?)\s*(?:([kmg])?i?b?)', re.IGNORECASE)
MIB = {None: 1 / 2**20, 'k': 1 / 2**10, 'm': 1, 'g': 2**10}

CPU_UNITS = 1024


def seconds(value: Any) -> int | None:
    """`1m30s` or a number of seconds, rounded up."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return math.ceil(value)
    match = DURATION.fullmatch(value.strip()) if isinstance(value, str) and value.strip() else None
    if match is None or not any(match.groups()):
        return None
    hours, minutes, whole, milliseconds = (float(part or 0) for part in match.groups())
    return math.ceil(3600 * hours + 60 * minutes + whole + milliseconds / 1000)


def mebibytes(value: Any) -> int | None:
    """`512m`, `1gb` or a number of bytes, rounded up."""
    if isinstance(value, int) and not isinstance(value, bool):
        return math.ceil(value / 2**20)
    match = SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    return math.ceil(float(match[1]) * MIB[match[2] and match[2].lower()]) if match else None


def cpu_units(value: Any) -> int | None:
    """A number of processors, as `0.5` or `'0.5'`, in CPU units."""
    try:
        processors = float(value)
    except (TypeError, ValueError):
        return None
    return max(1, round(processors * CPU_UNITS)) if math.isfinite(processors) else None


def words(value: Any) -> list[str] | None:
    """A command line: a list of words, or a text that a shell would split."""
    if isinstance(value, list):
        return [str(word) for word in value]
    try:
        return shlex.split(value) if isinstance(value, str) else None
    except ValueError:
        return None
