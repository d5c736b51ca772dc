"""Bulkheads: each AWS service has threads, deadlines and a circuit breaker of its own, so that one that hangs holds up
no other. See docs/decisions/bulkheads.md.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.retries.quota import RetryQuota

from stack.errors import Unavailable
from stack.runtime.circuit_breaker import CircuitBreaker
from stack.runtime.daemon_threads import DaemonThreads
from stack.runtime.interruptible import Interrupted

log = logging.getLogger(__name__)

TIMEOUTS = (ConnectTimeoutError, ReadTimeoutError)

# What is the code of a call that was not made because its circuit is open, or because it found no thread in time.
CIRCUIT_OPEN, BUSY = 'CircuitOpen', 'Busy'
NOT_SENT = {CIRCUIT_OPEN, BUSY}

# How long a deadline waits for a thread to end by itself, in seconds.
SLACK_S = 1.0


@dataclass(frozen=True)
class Limits:
    """What a service may use: threads, and seconds for a connection, for each answer, and for a whole call.

    A call is retried only where another try can end before the deadline. `retries` is false where a retry must be
    decided by the caller.
    """

    threads: int = 6
    connect_s: float = 3.0
    read_s: float = 10.0
    deadline_s: float = 25.0
    retries: bool = True


DEFAULT = Limits()

# By service, or by call where that is special: a long poll is answered after up to 20 s, and a message that is sent
# again by itself could arrive behind a newer one.
LIMITS = {
    's3': Limits(threads=16),
    'ecs': Limits(threads=12),
    'sqs': Limits(threads=4, read_s=5.0, deadline_s=12.0),
    'sqs:SendMessage': Limits(threads=4, read_s=5.0, deadline_s=12.0, retries=False),
    'sqs:ReceiveMessage': Limits(threads=4, read_s=30.0, deadline_s=45.0),
}


def share_of(service: str, operation: str) -> str:
    """The bulkhead of a call: its service's, or one of its own."""
    name = f'{service}:{operation}'
    return name if name in LIMITS else service


class Bulkhead:
    """The share of one service. Raises `Unavailable` for a call that takes too long, or that is not worth making."""

    def __init__(self, name: str, limits: Limits, circuit: Callable[[str, bool], None] = lambda *_: None):
        """`circuit(name, is_open)` is called when the circuit opens or closes."""
        self.name = name
        self.limits = limits
        self.breaker = CircuitBreaker(self._changed)
        self.retries = RetryQuota()
        self._circuit = circuit
        self._threads = DaemonThreads(limits.threads, f'aws-{name}')
        self._call = threading.local()

    async def run(self, call: str, job: Callable[[], Any], may_start: Callable[[], bool] | None = None) -> Any:
        """Do a job in a thread of this share; `call` is its name as `s3:PutObject`.

        With `may_start` it is tried once, and `Interrupted` is raised where that is false once a thread is free.
        """
        is_trial = self._admit(call)
        try:
            under_way = self._threads.submit(self._in_thread, call, job, is_trial, may_start)
        except RuntimeError as error:
            raise Unavailable(f'{call} was not sent: {error}', call, BUSY, pending=False) from error
        try:
            async with asyncio.timeout(self.limits.deadline_s + SLACK_S):
                return await asyncio.wrap_future(under_way)
        except TimeoutError:
            if under_way.cancelled():
                message = f'All {self.limits.threads} threads for {self.name} are busy: {call} was not sent'
                raise Unavailable(message, call, BUSY, pending=False) from None
            self.breaker.timed_out()
            message = f'AWS did not answer {call} within {self.limits.deadline_s:.0f} s'
            raise Unavailable(message, call, 'DeadlineExceeded') from None

    def _in_thread(
        self, call: str, job: Callable[[], Any], is_trial: bool, may_start: Callable[[], bool] | None
    ) -> Any:
        if self.breaker.is_open and not is_trial:  # it has opened while the job waited for a thread
            raise self._refusal(call)
        if may_start is not None and not may_start():
            raise Interrupted
        self._call.started, self._call.once = time.monotonic(), may_start is not None
        try:
            answer = job()
        except Exception as error:
            if not isinstance(error.__cause__, TIMEOUTS):
                self.breaker.answered()
            raise
        self.breaker.answered()
        return answer

    def _admit(self, call: str) -> bool:
        """Whether the call is the trial of an open circuit. Raises `Unavailable` where it may not be made."""
        if not self.breaker.admit():
            raise self._refusal(call)
        return self.breaker.is_open

    def _refusal(self, call: str) -> Unavailable:
        seconds = self.breaker.open_for
        message = f'AWS has not answered {self.name} for {seconds:.0f} s: {call} was not sent'
        return Unavailable(message, call, CIRCUIT_OPEN, pending=False)

    def may_retry(self, caught_exception: Exception | None = None, **_: Any) -> bool | None:
        """Botocore's `needs-retry` event: false forbids another try, None leaves it to botocore."""
        if isinstance(caught_exception, TIMEOUTS):
            self.breaker.timed_out()
        limits = self.limits
        latest = self._call.started + limits.deadline_s - limits.connect_s - limits.read_s
        if not limits.retries or self._call.once or self.breaker.is_open or time.monotonic() > latest:
            return False
        return None

    def close(self, seconds: float) -> bool:
        """Wait for calls under way; false where some take longer than that."""
        return self._threads.close(seconds)

    def _changed(self, is_open: bool) -> None:
        self._circuit(self.name, is_open)
        if is_open:
            log.error('AWS does not answer %s: calls are refused until a probe is answered', self.name)
        else:
            log.warning('AWS answers %s again', self.name)
