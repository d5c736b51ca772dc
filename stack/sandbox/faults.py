"""Fault injection for the embedded AWS, switched on and off while it runs.

In Python: `aws.faults.add(Fault('throttle', service='s3', operation='PutObject', every=3))`. From elsewhere, on the
endpoint itself: `POST /_nysa/faults` with the fields of `Fault` as JSON, `GET` lists, `DELETE` ends them all.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from stack.sandbox.calls import Call, refusal
from stack.sandbox.http_server import Answer

KINDS = {
    'latency': 'each call takes `seconds` longer',
    'throttle': 'refused as the service does when it is called too often: beyond `burst` + `rate` a second, or always',
    'error': 'answered with `status` and `code`, nothing done',
    'down': 'the connection is reset, nothing done',
    'deny': 'refused for lack of a permission',
    'lose': 'done, but the connection is reset before the answer: the caller cannot know',
    'duplicate': 'SQS: a message that is sent is delivered twice, under one message id',
    'shuffle': 'SQS: a standard queue gives its messages in random order',
}

# Operations for which a kind means anything, where it is not all.
_ONLY = {'duplicate': ('sqs', 'SendMessage'), 'shuffle': ('sqs', 'ReceiveMessage')}

_THROTTLED = {
    's3': (503, 'SlowDown'),
    'ec2': (503, 'RequestLimitExceeded'),
    'elbv2': (400, 'Throttling'),
    'route53': (400, 'Throttling'),
    'servicediscovery': (400, 'RequestLimitExceeded'),
    'sqs': (400, 'RequestThrottled'),
}
_DENIED = {'ec2': (403, 'UnauthorizedOperation'), 's3': (403, 'AccessDenied'), 'sqs': (403, 'AccessDenied')}
_DENIED_BY_PROTOCOL = {'json': (400, 'AccessDeniedException'), 'cbor': (400, 'AccessDeniedException')}


class InvalidFault(ValueError):
    """An invalid fault; `str()` is the reason."""


@dataclass(frozen=True)
class Fault:
    """One fault: what happens, to which calls, how often.

    `service` is boto3's name and `operation` the API's, as shell patterns, several parted by `|`. `resource` is any
    part of the URL or the body: a bucket, a queue's name. It hits every `every`th call that matches, `times` times.
    """

    kind: str
    service: str = '*'
    operation: str = '*'
    resource: str = ''
    every: int = 1
    times: int | None = None
    seconds: float = 0.0
    rate: float = 0.0
    burst: float = 0.0
    status: int = 500
    code: str = 'InternalError'

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidFault(f'{self.kind!r} is no kind of fault; there are {", ".join(KINDS)}')
        for name, kind in _TYPES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, kind):
                raise InvalidFault(f'{name} cannot be {value!r}')
        if self.every < 1 or (self.times is not None and self.times < 1):
            raise InvalidFault('every and times count from 1')
        if min(self.seconds, self.rate, self.burst) < 0 or not 400 <= self.status <= 599:
            raise InvalidFault('seconds, rate and burst are not below 0, and status is one of 400 to 599')

    def matches(self, call: Call, text: str) -> bool:
        """Whether it concerns the call; `text` is all that names a resource."""
        service, operation = _ONLY.get(self.kind, (call.service, call.operation))
        if (service, operation) != (call.service, call.operation):
            return False
        return _fits(self.service, call.service) and _fits(self.operation, call.operation) and self.resource in text


_TYPES: dict[str, Any] = {
    'service': str,
    'operation': str,
    'resource': str,
    'code': str,
    'every': int,
    'times': int | None,
    'status': int,
    'seconds': int | float,
    'rate': int | float,
    'burst': int | float,
}


def _fits(patterns: str, name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns.split('|'))


@dataclass
class _Active:
    fault: Fault
    seen: int = 0
    hits: int = 0
    tokens: float = 0.0
    filled_at: float = 0.0


@dataclass
class Verdict:
    """What is to happen to one call: first the wait, then a refusal or a reset in its place, or what follows it."""

    seconds: float = 0.0
    refusal: Answer | None = None
    reset: bool = False
    kinds: set[str] = field(default_factory=set)


class Faults:
    """The faults that are on; safe to change from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._active: dict[int, _Active] = {}
        self._last = 0

    def __bool__(self) -> bool:
        return bool(self._active)

    def add(self, fault: Fault) -> int:
        """Switches it on; the number that comes back switches it off again."""
        with self._lock:
            self._last += 1
            self._active[self._last] = _Active(fault, tokens=fault.burst, filled_at=self._clock())
            return self._last

    def remove(self, number: int) -> bool:
        """Switches one off; False where it is not on."""
        with self._lock:
            return self._active.pop(number, None) is not None

    def clear(self) -> None:
        with self._lock:
            self._active.clear()

    @contextmanager
    def during(self, *faults: Fault) -> Iterator[None]:
        """On for the length of a `with` block."""
        numbers = [self.add(fault) for fault in faults]
        try:
            yield
        finally:
            for number in numbers:
                self.remove(number)

    def listed(self) -> list[dict[str, Any]]:
        """Those that are on, with their numbers and how often each has hit."""
        with self._lock:
            return [{'id': n, 'hits': a.hits, **asdict(a.fault)} for n, a in self._active.items()]

    def verdict(self, call: Call, text: str) -> Verdict:
        """What the faults that are on make of this call; counts it."""
        verdict = Verdict()
        with self._lock:
            for active in self._active.values():
                if active.fault.matches(call, text) and self._hits(active):
                    active.hits += 1
                    _apply(active.fault, call, verdict)
        return verdict

    def _hits(self, active: _Active) -> bool:
        fault = active.fault
        if fault.times is not None and active.hits >= fault.times:
            return False
        active.seen += 1
        if active.seen % fault.every:
            return False
        return fault.kind != 'throttle' or not self._has_token(active)

    def _has_token(self, active: _Active) -> bool:
        now, fault = self._clock(), active.fault
        room = max(fault.burst, fault.rate and 1.0)
        active.tokens = min(room, active.tokens + (now - active.filled_at) * fault.rate)
        active.filled_at = now
        if active.tokens < 1:
            return False
        active.tokens -= 1
        return True


def _apply(fault: Fault, call: Call, verdict: Verdict) -> None:
    verdict.kinds.add(fault.kind)
    verdict.seconds += fault.seconds if fault.kind == 'latency' else 0
    verdict.reset |= fault.kind == 'down'
    if fault.kind == 'throttle':
        status, code = _THROTTLED.get(call.service, (400, 'ThrottlingException'))
        verdict.refusal = refusal(call, status, code, 'Rate exceeded')
    elif fault.kind == 'deny':
        status, code = _DENIED.get(call.service) or _DENIED_BY_PROTOCOL.get(call.protocol, (403, 'AccessDenied'))
        verdict.refusal = refusal(call, status, code, f'not authorized to perform: {call}')
    elif fault.kind == 'error':
        verdict.refusal = refusal(call, fault.status, fault.code, 'a fault that was switched on in the embedded AWS')
