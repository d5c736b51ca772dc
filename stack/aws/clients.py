"""boto3's clients: one for each service and region, shared by the connections to all accounts.

A client takes some hundred kilobytes and up to 350 ms, so that no account has clients of its own. What belongs to a
connection is looked up in the thread that makes a call: the credentials that sign it, and the bulkhead that decides
about retries. See docs/decisions/accounts.md.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from botocore.retries import standard

from stack.aws import listing, timestamps
from stack.aws.assumed_role import STS
from stack.aws.bulkhead import Bulkhead, Limits

ATTEMPTS = 3

# Idle TCP connections that a client keeps: those of all accounts. Calls beyond them do not wait.
MOST_IDLE = 1000

# Gives botocore's credentials object; None where there is none.
Credentials = Callable[[], Any]


@dataclass
class Call:
    """A call that a thread makes. `timed_out`: one of its attempts has. `signed_with` are the credentials it had."""

    credentials: Credentials
    bulkhead: Bulkhead
    timed_out: bool = False
    signed_with: Any = None


class _Thread(threading.local):
    call: Call | None = None


class Clients:
    """The clients for one endpoint (None: AWS's own)."""

    def __init__(self, endpoint_url: str | None = None):
        self._endpoint_url = endpoint_url
        self._thread = _Thread()
        core = botocore.session.Session()
        timestamps.register(core)
        # Credentials of the global endpoint are not valid in regions that an account has to enable.
        core.set_config_variable('sts_regional_endpoints', 'regional')
        core.register_component('credential_provider', _GivenCredentials(_CallCredentials(self._current)))
        self._session = boto3.Session(botocore_session=core)
        self._clients: dict[tuple[str, ...], Any] = {}
        self._making = threading.Lock()

    @contextlib.contextmanager
    def making(self, call: Call) -> Iterator[None]:
        """Within, calls of this thread are this one."""
        before, self._thread.call = self._thread.call, call
        try:
            yield
        finally:
            self._thread.call = before

    @contextlib.contextmanager
    def signing_with(self, credentials: Credentials) -> Iterator[None]:
        """Within, calls that this thread makes for its call are signed with other credentials."""
        with self.making(Call(credentials, self._current().bulkhead)):
            yield

    def _current(self) -> Call:
        call = self._thread.call
        if call is None:
            raise RuntimeError('this thread makes no call')
        return call

    def of(self, service: str, region: str | None, share: str, limits: Limits) -> Any:
        """The client for the calls of a share, made when it is first asked for."""
        return self._kept((share, service, region or ''), lambda: self._new(service, region, limits))

    def sts(self, region: str | None) -> Any:
        """The client that assumes roles, at the endpoint of a region."""
        return self._kept(('assume', region or ''), lambda: self._make('sts', region, STS))

    def _kept(self, key: tuple[str, ...], make: Callable[[], Any]) -> Any:
        if key not in self._clients:
            with self._making:
                if key not in self._clients:
                    self._clients[key] = make()
        return self._clients[key]

    def _make(self, service: str, region: str | None, config: Config) -> Any:
        return self._session.client(service, region_name=region, endpoint_url=self._endpoint_url, config=config)

    def _new(self, service: str, region: str | None, limits: Limits) -> Any:
        client = self._make(service, region, self._config(limits))
        events = client.meta.events
        listing.register(events)
        events.register('response-received', self._note_attempt)
        service_id = client.meta.service_model.service_id.hyphenize()
        # botocore's own handler has a quota of retries, which a failing account would use up for all others.
        events.unregister(f'needs-retry.{service_id}', unique_id=f'retry-config-{service_id}')
        handler = standard.register_retry_handler(client, ATTEMPTS)
        handler._retry_quota._quota = _CallQuota(self._current)
        events.register_first(f'needs-retry.{service_id}', self._may_retry)
        return client

    def _config(self, limits: Limits) -> Config:
        return Config(
            connect_timeout=limits.connect_s,
            read_timeout=limits.read_s,
            retries={'mode': 'standard', 'total_max_attempts': ATTEMPTS},
            max_pool_connections=MOST_IDLE,
            # Stores that speak S3 but are not AWS do not know the newer checksums.
            request_checksum_calculation='when_required',
            response_checksum_validation='when_required',
            # Cloud Map would otherwise be asked at another host than the endpoint that was set.
            inject_host_prefix=self._endpoint_url is None,
        )

    def _note_attempt(self, exception: Exception | None = None, **_: Any) -> None:
        """Called by botocore after each attempt of a call."""
        if isinstance(exception, ReadTimeoutError):
            self._current().timed_out = True

    def _may_retry(self, **attempt: Any) -> bool | None:
        return self._current().bulkhead.may_retry(**attempt)

    def close(self) -> None:
        """Close idle TCP connections."""
        for client in list(self._clients.values()):
            client.close()


class _CallCredentials:
    """The credentials object of all clients: it gives those of the call that the thread makes."""

    method = 'caller'

    def __init__(self, current: Callable[[], Call]):
        self._current = current

    def get_frozen_credentials(self) -> Any:
        call = self._current()
        call.signed_with = credentials = call.credentials()
        return credentials and credentials.get_frozen_credentials()

    def get_deferred_property(self, name: str) -> Callable[[], Any]:
        return lambda: getattr(self._current().credentials(), name, None)


class _CallQuota:
    """The retry quota of all clients: that of the bulkhead whose call the thread makes."""

    def __init__(self, current: Callable[[], Call]):
        self._current = current

    def acquire(self, amount: int) -> bool:
        accepted: bool = self._current().bulkhead.retries.acquire(amount)
        return accepted

    def release(self, amount: int) -> None:
        self._current().bulkhead.retries.release(amount)


class _GivenCredentials:
    """The credential resolver of a session whose credentials are given."""

    def __init__(self, credentials: _CallCredentials):
        self._credentials = credentials

    def load_credentials(self) -> _CallCredentials:
        return self._credentials
