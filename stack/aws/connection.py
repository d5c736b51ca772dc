"""boto3 for the adapters: one identity, a bulkhead for each service, and calls that are awaited."""

import asyncio
import contextlib
import functools
import itertools
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import botocore

from stack.aws.assumed_role import AssumedRole, rejects_credentials
from stack.aws.bulkhead import DEFAULT, LIMITS, Bulkhead, share_of
from stack.aws.client import AwsClient
from stack.aws.clients import Call
from stack.aws.errors import AWS_ERRORS, BROKEN, translate
from stack.aws.identity import Identity
from stack.aws.limitations import Limitations
from stack.errors import AwsFailed
from stack.runtime import fence

log = logging.getLogger(__name__)

# Waits by design, so it is no sign of a service that hangs.
LONG_POLL = 'sqs:ReceiveMessage'

# How long the end of the process waits for calls under way.
CLOSE_WITHIN_S = 1.0

# Read-only calls are retried where their answer breaks off: so many attempts in all.
READS = ('Get', 'Head', 'List', 'Describe', 'Filter')
READ_ATTEMPTS = 3

# Called for each call: its name as `s3:PutObject`, its outcome as AWS's error code or `ok`, its duration in seconds.
CallObserver = Callable[[str, str, float], None]


class Connection(AwsClient):
    """AWS, as the adapters see it.

    Clients are thread-safe: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html
    Region, credentials and `AWS_ENDPOINT_URL` are found as boto3 finds them.
    """

    def __init__(
        self,
        *,
        threads: int | None = None,
        observe: CallObserver | None = None,
        circuit: Callable[[str, bool], None] = lambda *_: None,
        identity: Identity | None = None,
        **session: Any,
    ):
        """`session` goes to `boto3.Session`, but for `endpoint_url`, which goes to each client, unless there is an
        `identity`.

        `threads` is the number for each service; by default it is that of `stack.aws.bulkhead`.
        `circuit(share, is_open)` is called when a circuit opens or closes, from any thread.
        """
        self._identity = identity or Identity.of_process(**session)
        self._threads = threads
        self._observe = observe or (lambda *_: None)
        self._circuit = circuit
        self._bulkheads: dict[str, Bulkhead] = {}
        self._under_way: dict[int, tuple[str, float]] = {}
        self._numbers = itertools.count()
        self._limitations = Limitations()

    def elsewhere(
        self,
        region: str | None,
        role: AssumedRole | None = None,
        *,
        observe: CallObserver,
        circuit: Callable[[str, bool], None] = lambda *_: None,
    ) -> 'Connection':
        """A connection to another region, or to another account by a role that is assumed; it shares boto3's clients
        with this one, and no thread, circuit or retry.
        """
        identity = self._identity.elsewhere(region, role)
        return Connection(threads=self._threads, observe=observe, circuit=circuit, identity=identity)

    @property
    def region(self) -> str | None:
        return self._identity.region

    @property
    def limitations(self) -> Limitations:
        return self._limitations

    def client(self, service: str, region: str | None = None, share: str | None = None) -> Any:
        """The client of a service, made when it is first asked for (44–350 ms, once), for the calls of a share."""
        share = share or service
        return self._identity.clients.of(service, region or self.region, share, self.bulkhead(share).limits)

    def bulkhead(self, share: str, region: str | None = None) -> Bulkhead:
        """The threads, deadline and circuit breaker of a service, or of a call that has its own, in a region."""
        name = share if region in (None, self.region) else f'{share} in {region}'
        if name not in self._bulkheads:
            limits = LIMITS.get(share, DEFAULT)
            bulkhead = Bulkhead(name, replace(limits, threads=self._threads or limits.threads), self._circuit)
            # Several threads may ask for it at once: one bulkhead serves them all.
            self._bulkheads.setdefault(name, bulkhead)
        return self._bulkheads[name]

    def overdue(self, seconds: float) -> list[tuple[str, float]]:
        """The calls without an answer for longer than that: their names and ages in seconds, the oldest first."""
        now = time.monotonic()
        found = [(name, now - started) for name, started in list(self._under_way.values()) if now - started > seconds]
        return sorted(((name, age) for name, age in found if name != LONG_POLL), key=lambda each: each[1], reverse=True)

    def warnings(self) -> dict[str, str]:
        """Sentences for `/readyz`, by call or service: what is not available here, and what does not answer now."""
        return {**self._limitations.all(), **self.outages()}

    def outages(self) -> dict[str, str]:
        """By share, a sentence on each whose circuit is open."""
        return {
            share: f'AWS has not answered for {bulkhead.breaker.open_for:.0f} s'
            for share, bulkhead in list(self._bulkheads.items())
            if bulkhead.breaker.is_open
        }

    async def call(self, service: str, operation: str, /, *, region: str | None = None, **arguments: Any) -> Any:
        """Make one call without holding up the loop; `operation` is AWS's name for it, as `PutObject`.

        A body that streams is read: `answer['Body']` is bytes. Raises `AwsFailed` and what is below it.
        """
        bulkhead = self.bulkhead(share_of(service, operation), region)
        job = functools.partial(self._ask, bulkhead, service, operation, region, arguments)
        with self._observed(f'{service}:{operation}'):
            return await bulkhead.run(f'{service}:{operation}', job, fence.may_start())

    def _ask(
        self, bulkhead: Bulkhead, service: str, operation: str, region: str | None, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        call = Call(self._identity.credentials, bulkhead)
        try:
            with self._identity.clients.making(call):
                client = self.client(service, region, share_of(service, operation))
                method = getattr(client, botocore.xform_name(operation))
                return _answer(method, arguments, READ_ATTEMPTS if operation.startswith(READS) else 1)
        except AWS_ERRORS as error:
            if rejects_credentials(error) and self._identity.renew(call.signed_with):
                return self._ask(bulkhead, service, operation, region, arguments)
            raise translate(error, f'{service}:{operation}', call.timed_out) from error

    @contextlib.contextmanager
    def _observed(self, name: str) -> Iterator[None]:
        number, started, outcome, called = next(self._numbers), time.monotonic(), 'ok', name
        self._under_way[number] = name, started
        try:
            yield
        except AwsFailed as failed:
            outcome, called = failed.aws_code, failed.operation
            raise
        except asyncio.CancelledError:
            outcome = 'Cancelled'
            raise
        finally:
            del self._under_way[number]
            self._observe(called, outcome, time.monotonic() - started)

    def close(self, seconds: float = CLOSE_WITHIN_S) -> None:
        """Release the threads; calls under way are waited for within that time, in all."""
        until = time.monotonic() + seconds
        ended = [bulkhead.close(max(0.0, until - time.monotonic())) for bulkhead in list(self._bulkheads.values())]
        if not all(ended):
            log.warning('calls without an answer at the end: %s', ', '.join(name for name, _ in self.overdue(0)))
        elif self._identity.owner:
            self._identity.clients.close()


def _answer(method: Callable[..., dict[str, Any]], arguments: dict[str, Any], attempts: int) -> dict[str, Any]:
    """A call's answer with its body read; botocore repeats no call whose answer breaks off or cannot be read."""
    for attempt in range(1, attempts + 1):
        try:
            answer = method(**arguments)
            if 'Body' in answer:
                answer['Body'] = answer['Body'].read()
        except BROKEN:
            if attempt == attempts:
                raise
        else:
            return answer
    raise AssertionError('unreachable')
