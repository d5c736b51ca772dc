"""The server for tests: the real application on a real port, over real boto3, against the embedded AWS."""

import asyncio
import contextlib
import functools
import json
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

import nysa_server
from handlers.access.access_setup import open_access, start_access_loops
from handlers.serving import bind, make_server, stop_serving
from stack.aws.connection import Connection
from stack.changes import side_effects
from stack.configuration.settings import Settings, read_settings
from stack.live import feed
from stack.notify import notifier
from stack.runtime.loops import Loops
from stack.runtime.metrics import Metrics
from stack.runtime.stopping import STOP_WITHIN_S
from tests.aws import Aws
from tests.client import Answer, Client
from tests.conformance import hold_against_document

# However busy the machine is, an answer waits for the message, so that tests read the queue once they have it, and for
# the look at ECS that it depends on.
notifier.ANSWER_WITHIN_S = 60.0
side_effects.LOOKED_WITHIN_S = 60.0


@functools.cache
def connect(endpoint: str, region: str) -> tuple[Connection, Metrics]:
    """The shared connection of all servers of this process: creating its clients takes longer than most tests."""
    metrics = Metrics()
    keys = {'aws_access_key_id': 'test', 'aws_secret_access_key': 'test'}
    return Connection(observe=metrics.aws_call, endpoint_url=endpoint, region_name=region, **keys), metrics


class Server(Client):
    """A server with its own bucket and queue, in a thread of this process; `with` stops it."""

    # Whether it polls the bucket for writes of other servers.
    learns = False
    # The time of a stop, in seconds.
    stop_within_s: float = STOP_WITHIN_S

    def __init__(self, aws: Aws, *, port: int = 0, connection: Any = None, **settings: str):
        """`connection` replaces the shared one: see `tests.held`."""
        super().__init__()
        self.aws = aws
        self.port = port
        shared, self._metrics = connect(aws.endpoint, aws.region)
        self._connection = connection or shared
        self.bucket = settings.get('AWS_S3_BUCKET') or aws.bucket()
        self.queue = settings.get('AWS_SQS_NOTIFICATION_QUEUE') or aws.queue()
        names = {'AWS_S3_BUCKET': self.bucket, 'AWS_SQS_NOTIFICATION_QUEUE': self.queue.rpartition('/')[2]}
        self._settings = read_settings({'PROFILE': 'test', 'NYSA_AUTH': 'off'} | names | settings)
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve(self._settings))
        except BaseException as error:
            self._failed = error
            raise
        finally:
            # A failed start must not leave its caller waiting.
            self._ready.set()

    async def _serve(self, settings: Settings) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        context, self._states = nysa_server.make_context(nysa_server.Aws(settings, self._connection, self._metrics))
        self.context, self.sweeper = context, context.sweeper
        await open_access(context.access, settings)
        server = self.http = make_server(settings, context)
        sockets = bind(self.port, '127.0.0.1')
        async with Loops() as loops:
            start_access_loops(loops, context.access, context.sockets)
            if self.learns:
                loops.start('revisions', context.live.run)
                loops.start('audit', context.audit_news.run)
            server.listen(sockets)
            self.port = sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()
        await stop_serving(server, context, self._states, self.stop_within_s)

    def __enter__(self) -> 'Server':
        self._thread.start()
        assert self._ready.wait(30)
        if self._failed is not None:
            raise self._failed
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        self.disconnect()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine on the server's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    async def settled(self) -> None:
        """Return when no announcement or mark is pending."""
        await self._states.settled()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        answer = super().ask(method, path, body, **headers)
        hold_against_document(method, path, answer)
        return answer

    def cluster(self, config: dict[str, Any], name: str | None = None) -> str:
        """A new managed cluster; the messages of its creation are removed from the queue."""
        name = self.aws.cluster(name)
        created = self.api('POST', '/clusters', {'name': name, 'config': config})
        assert created.status == 201, created.body
        self.messages()
        return name

    def messages(self) -> list[Any]:
        return self.aws.messages(self.queue)

    def stored(self, cluster: str) -> dict[str, Any]:
        """The object in the bucket, with body and metadata."""
        found = self.aws.client('s3').get_object(Bucket=self.bucket, Key=cluster)
        return found | {'Body': found['Body'].read()}

    def document(self, cluster: str) -> Any:
        return json.loads(self.stored(cluster)['Body'])

    def calls(self, prefix: str = '') -> dict[str, int]:
        """The number of calls of each AWS operation by the servers of this process, such as `s3:PutObject`."""
        counted: dict[str, int] = {}
        for family in self._metrics.registry.collect():
            for sample in family.samples:
                if sample.name == 'nysa_aws_calls_total' and sample.labels['operation'].startswith(prefix):
                    operation = sample.labels['operation']
                    counted[operation] = counted.get(operation, 0) + int(sample.value)
        return counted

    @contextlib.contextmanager
    def counted(self, prefix: str = '') -> Iterator[dict[str, int]]:
        """The calls of a `with` block, and of what its changes leave to announce and mark; filled when it ends.

        A cluster that rolls out is read again some time after a change of it, and what is announced late is compared
        with what is stored: no such call falls into the block.
        """
        made: dict[str, int] = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(feed, 'CALM_S', 3600.0)
            patch.setattr(notifier, 'LATE_S', 3600.0)
            self.run(self._followed_none())
            before = self.calls(prefix)
            yield made
            self.run(self.settled())
            made |= {
                call: n - before.get(call, 0) for call, n in self.calls(prefix).items() if n != before.get(call, 0)
            }

    async def _followed_none(self) -> None:
        """Finish what earlier changes left, and put off the reads that would follow them."""
        await self.settled()
        own = self.context.live.feed
        for timer in own._calm.values():
            timer.cancel()
        await asyncio.gather(*own._tasks, return_exceptions=True)

    def stored_versions(self, cluster: str) -> list[str]:
        """The ids of a cluster's versions, newest first."""
        pages = self.aws.client('s3').get_paginator('list_object_versions').paginate(Bucket=self.bucket, Prefix=cluster)
        return [each['VersionId'] for page in pages for each in page.get('Versions', []) if each['Key'] == cluster]

    def keys(self) -> list[str]:
        listed = self.aws.client('s3').list_objects_v2(Bucket=self.bucket)
        return [each['Key'] for each in listed.get('Contents', [])]

    def clusters(self) -> list[str]:
        """The keys of desired states."""
        return [key for key in self.keys() if '/' not in key]


@pytest.fixture
def server(aws: Aws) -> Iterator[Server]:
    """A fresh server with an empty bucket and an empty queue."""
    with Server(aws) as running:
        yield running
