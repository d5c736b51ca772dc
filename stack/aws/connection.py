"""boto3 for everybody: one session, a client for each service, and calls that are awaited."""

import asyncio
import functools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import botocore
from botocore.config import Config

from stack.aws import listing
from stack.aws.errors import AWS_ERRORS, translate
from stack.aws.limitations import Limitations

# What a thread may wait for: a connection, and an answer. botocore's own default is 60 s each.
CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 10
# A long poll of SQS is answered after up to 20 s.
LONG_POLL_READ_TIMEOUT_S = 30

# Told of each call: its name as `s3:PutObject`, its outcome as AWS's error code or `ok`, its duration in seconds.
CallObserver = Callable[[str, str, float], None]


class Connection:
    """AWS, as the adapters see it.

    Clients are thread-safe and made once: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html
    Region, credentials and `AWS_ENDPOINT_URL` are found as boto3 finds them.
    """

    def __init__(self, *, threads: int = 16, observe: CallObserver | None = None, **session: Any):
        """`session` goes to `boto3.Session`, but for `endpoint_url`, which goes to each client."""
        self._endpoint_url = session.pop('endpoint_url', None)
        self._session = boto3.Session(**session)
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix='aws')
        self._observe = observe or (lambda *_: None)
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._making = threading.Lock()
        self.limitations = Limitations()

    @property
    def region(self) -> str | None:
        return self._session.region_name

    def client(self, service: str, region: str | None = None) -> Any:
        """The client of a service, made when it is first asked for (44–350 ms, once)."""
        key = (service, region)
        if key not in self._clients:
            with self._making:
                if key not in self._clients:
                    client = self._session.client(
                        service, region_name=region, endpoint_url=self._endpoint_url, config=self._config(service)
                    )
                    client.meta.events.register(listing.EVENT, listing.read_contents)
                    self._clients[key] = client
        return self._clients[key]

    def _config(self, service: str) -> Config:
        return Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=LONG_POLL_READ_TIMEOUT_S if service == 'sqs' else READ_TIMEOUT_S,
            retries={'mode': 'standard', 'total_max_attempts': 3},
            max_pool_connections=self._threads,
            # Stores that speak S3 but are not AWS do not know the newer checksums.
            request_checksum_calculation='when_required',
            response_checksum_validation='when_required',
            # Cloud Map would otherwise be asked at another host than the endpoint that was set.
            inject_host_prefix=self._endpoint_url is None,
        )

    def call_now(self, service: str, operation: str, /, *, region: str | None = None, **arguments: Any) -> dict:
        """Make one call and wait for it in this thread. Raises `AwsFailed` and what is below it."""
        name = f'{service}:{operation}'
        started = time.monotonic()
        outcome = 'ok'
        try:
            method = getattr(self.client(service, region), botocore.xform_name(operation))
            answer = method(**arguments)
            if 'Body' in answer:
                answer['Body'] = answer['Body'].read()
        except AWS_ERRORS as error:
            failed = translate(error, name)
            outcome = failed.aws_code
            raise failed from error
        else:
            return answer
        finally:
            self._observe(name, outcome, time.monotonic() - started)

    async def call(self, service: str, operation: str, /, *, region: str | None = None, **arguments: Any) -> dict:
        """Make one call without holding up the loop; `operation` is AWS's name for it, as `PutObject`.

        A body that streams is read: `answer['Body']` is bytes. Raises `AwsFailed` and what is below it.
        """
        job = functools.partial(self.call_now, service, operation, region=region, **arguments)
        return await asyncio.get_running_loop().run_in_executor(self._pool, job)

    async def pages(
        self,
        service: str,
        operation: str,
        items: str,
        /,
        *,
        token: tuple[str, str],
        region: str | None = None,
        **arguments: Any,
    ) -> list:
        """All items of a paged call; `token` names the token in the answer, and in the next request."""
        found: list = []
        while True:
            answer = await self.call(service, operation, region=region, **arguments)
            found += answer.get(items, [])
            if not answer.get(token[0]):
                return found
            arguments[token[1]] = answer[token[0]]

    def close(self) -> None:
        """Let go of the threads; calls under way are finished first."""
        self._pool.shutdown(wait=True)
        for client in self._clients.values():
            client.close()
