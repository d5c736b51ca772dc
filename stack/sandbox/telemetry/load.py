"""Load model of a service: traffic by time of day and weekday, noise, and short incidents. Deterministic by its key."""

import hashlib
import math
from dataclasses import dataclass
from functools import cache

HOUR = 3600
DAY = 24 * HOUR
# Each service has at most one incident in a slot of this length.
_SLOT = 8 * HOUR
_INCIDENT_CHANCE = 0.12
_INCIDENT_SECONDS = (150, 900)
_WEEKEND = 0.62


@dataclass(frozen=True)
class Profile:
    """What is characteristic of a service: requests a second and CPU share at its peak, latency at rest, errors."""

    peak_requests: float
    median_seconds: float
    idle_cpu: float
    peak_cpu: float
    memory: float
    error_share: float
    log_lines: float


def fraction(*parts: object) -> float:
    """A number from 0 to 1 that depends on the parts alone."""
    digest = hashlib.blake2b('/'.join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def between(low: float, high: float, *parts: object) -> float:
    return low + (high - low) * fraction(*parts)


@cache
def profile(key: str) -> Profile:
    """The profile of the service with that key, `cluster/service`. Production carries the most traffic."""
    busy = 1.0 if key.startswith('prod') else 0.15
    return Profile(
        peak_requests=busy * math.exp(between(1.5, 5.3, key, 'requests')),
        median_seconds=math.exp(between(-4.6, -2.2, key, 'latency')),
        idle_cpu=between(1.5, 6, key, 'idle'),
        peak_cpu=between(18, 68, key, 'cpu'),
        memory=between(28, 66, key, 'memory'),
        error_share=between(0.0001, 0.0015, key, 'errors'),
        log_lines=between(0.15, 0.9, key, 'lines'),
    )


def level(key: str, at: float) -> float:
    """The load at a time as a share of the peak, from about 0.1 to 1.1: two humps a day, less at weekends."""
    hour = at % DAY / HOUR + between(-1.5, 1.5, key, 'shift')
    day = 0.2 + 0.55 * _hump(hour, 13.5, 4.2) + 0.45 * _hump(hour, 20, 2.4)
    # 1970 began on a Thursday.
    weekday = (int(at // DAY) + 3) % 7
    noise = between(0.93, 1.07, key, 'noise', int(at // 60))
    return day * noise * (_WEEKEND if weekday >= 5 else 1.0)


def incident(key: str, at: float) -> float:
    """How bad the incident at that time is, from 0 (there is none) to 1."""
    slot = int(at // _SLOT)
    if fraction(key, 'incident', slot) >= _INCIDENT_CHANCE:
        return 0.0
    length = between(*_INCIDENT_SECONDS, key, 'length', slot)
    begin = slot * _SLOT + between(0, _SLOT - length, key, 'begin', slot)
    if not begin <= at < begin + length:
        return 0.0
    return between(0.3, 1.0, key, 'severity', slot) * math.sin(math.pi * (at - begin) / length)


def _hump(hour: float, middle: float, width: float) -> float:
    distance = (hour - middle + 12) % 24 - 12
    return math.exp(-((distance / width) ** 2))
