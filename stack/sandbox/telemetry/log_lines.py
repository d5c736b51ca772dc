"""Log lines of a container that runs: requests or jobs as JSON or as text, with more errors during incidents."""

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from stack.sandbox.telemetry.load import fraction, incident, level, profile

BUCKET = 10
_PATHS = ('/v1/orders', '/v1/orders/{n}', '/v1/users/{n}', '/v1/search?q=shoes', '/v1/carts/{n}/items', '/v1/sessions')
_METHODS = ('GET', 'GET', 'GET', 'GET', 'POST', 'PUT')
_JOBS = ('send-receipt', 'resize-image', 'sync-inventory', 'rebuild-index', 'export-report')
_CAUSES = (
    'upstream request timed out after 3000 ms',
    'connection pool exhausted (20 of 20 in use)',
    'could not connect to db-primary:5432: connection refused',
    'unexpected response from payment-gateway: 502',
)
_WARNINGS = ('slow query: 1840 ms', 'retrying after 503 from inventory', 'cache miss ratio above 0.4')


@dataclass(frozen=True)
class LogSource:
    """A container that writes log lines: its service's key, what it serves, and when it ran (seconds since 1970)."""

    key: str
    serves: bool
    unhealthy: bool
    start: float
    end: float = math.inf

    @property
    def as_json(self) -> bool:
        return fraction(self.key, 'format') < 0.5


class Line(NamedTuple):
    """A line with its time in milliseconds since 1970; `number` counts the lines of one bucket of ten seconds."""

    at: int
    message: str
    number: int


def lines(source: LogSource, stream: str, start: float, end: float) -> Iterator[Line]:
    """The lines from `start` to `end`, both inclusive, the oldest first."""
    for bucket in _buckets(source, start, end):
        yield from _within(_bucket(source, stream, bucket), source, start, end)


def newest_first(source: LogSource, stream: str, start: float, end: float) -> Iterator[Line]:
    for bucket in reversed(_buckets(source, start, end)):
        yield from reversed(_within(_bucket(source, stream, bucket), source, start, end))


def _buckets(source: LogSource, start: float, end: float) -> range:
    return range(int(max(start, source.start) // BUCKET), int(min(end, source.end) // BUCKET) + 1)


def _within(of_bucket: list[Line], source: LogSource, start: float, end: float) -> list[Line]:
    first, last = max(start, source.start) * 1000, min(end, source.end) * 1000
    return [line for line in of_bucket if first <= line.at <= last]


def _bucket(source: LogSource, stream: str, bucket: int) -> list[Line]:
    dice = random.Random(f'{stream}/{bucket}')  # noqa: S311 - a likeness of chance, the same at every call
    at = bucket * BUCKET
    expected = profile(source.key).log_lines * BUCKET * min(1.0, level(source.key, at))
    count = int(expected + dice.random())
    times = sorted(dice.randrange(BUCKET * 1000) for _ in range(count))
    errors = profile(source.key).error_share * 8 + 0.4 * incident(source.key, at) + (0.35 if source.unhealthy else 0)
    return [
        Line(at * 1000 + offset, _message(source, dice, at * 1000 + offset, errors), number)
        for number, offset in enumerate(times)
    ]


def _message(source: LogSource, dice: random.Random, at: int, errors: float) -> str:
    chance = dice.random()
    fields: dict[str, object]
    if chance < errors:
        fields = {'level': 'error', 'message': dice.choice(_CAUSES)}
        if source.serves:
            fields |= _request(source, dice, 500 + dice.choice((0, 2, 3, 4)))
    elif chance < errors + 0.02:
        fields = {'level': 'warning', 'message': dice.choice(_WARNINGS)}
    elif source.serves:
        status = dice.choices((200, 201, 204, 304, 404), (80, 8, 4, 4, 4))[0]
        fields = {'level': 'info', 'message': 'request', **_request(source, dice, status)}
    else:
        job = {'job': dice.choice(_JOBS), 'id': f'{dice.getrandbits(32):08x}', 'duration_ms': dice.randrange(20, 4000)}
        fields = {'level': 'info', 'message': 'job done', **job}
    return _written(source, at, fields)


def _request(source: LogSource, dice: random.Random, status: int) -> dict[str, object]:
    seconds = profile(source.key).median_seconds * math.exp(dice.gauss(0, 0.75)) * (8 if status >= 500 else 1)
    return {
        'method': dice.choice(_METHODS),
        'path': dice.choice(_PATHS).format(n=dice.randrange(1000, 99_999)),
        'status': status,
        'duration_ms': max(1, round(seconds * 1000)),
        'request_id': f'{dice.getrandbits(64):016x}',
    }


def _written(source: LogSource, at: int, fields: dict[str, object]) -> str:
    time = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')
    if source.as_json:
        return json.dumps({'time': time, **fields}, separators=(',', ':'))
    more = ' '.join(f'{name}={value}' for name, value in fields.items() if name not in ('level', 'message'))
    return f'{time} {str(fields["level"]).upper():<7} {fields["message"]} {more}'.rstrip()
