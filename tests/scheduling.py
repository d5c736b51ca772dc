"""Schedulers under test, and the Slack channel to which all of them post."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from prometheus_client import CollectorRegistry

from stack.aws.connection import Connection
from stack.aws.ecs_look import EcsLook
from stack.aws.inventory import Inventory
from stack.aws.paced import PacedConnection
from stack.aws.s3 import Bucket
from stack.aws.sqs import Queue
from stack.chat.http_post import Posted
from stack.chat.webhook import Callbacks, Webhooks
from stack.runtime.interruptible import InterruptibleSleep
from stack.runtime.pacing import Pace
from stack.scheduler.gate_look import GateLook
from stack.scheduler.lease import Leases
from stack.scheduler.pass_reports import PassReports
from stack.scheduler.passes import Passes
from stack.scheduler.reconciler import Reconciler
from stack.scheduler.scheduler import Scheduler
from stack.scheduler.scheduler_metrics import SchedulerMetrics
from stack.state.revision_store import RevisionStore, serialise
from stack.state.revisions import Revision
from tests.aws import Aws
from tests.places import InOnePlace

WEBHOOK = 'https://hooks.example.com/services/T/B/x'


class Scene:
    """A bucket, a queue with its dead-letter queue, and any number of schedulers on them."""

    def __init__(self, aws: Aws, connection: Connection, fifo: bool = False):
        self.aws = aws
        self.connection = connection
        self.bucket = aws.bucket()
        self.dead = aws.queue(fifo)
        sqs = aws.client('sqs')
        arn = sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=['QueueArn'])['Attributes']['QueueArn']
        redrive = json.dumps({'deadLetterTargetArn': arn, 'maxReceiveCount': '100'})
        self.queue = aws.queue(fifo, RedrivePolicy=redrive)
        self.posted: list[str] = []
        self.frozen: set[str] = set()
        self.passes: list[Passes] = []

    def store(self, cluster: str, document: dict[str, Any]) -> None:
        """A new revision, as another program writes it."""
        self.aws.client('s3').put_object(Bucket=self.bucket, Key=cluster, Body=serialise(document))

    async def _keep(self, _: str, text: str) -> Posted:
        self.posted.append(text)
        return Posted(200)

    def send(self, message: dict[str, Any] | str, **more: str) -> None:
        body = message if isinstance(message, str) else json.dumps(message)
        self.aws.client('sqs').send_message(QueueUrl=self.queue, MessageBody=body, **more)

    def deploy(self, cluster: str, payload: dict[str, Any] | None = None, **more: Any) -> None:
        """The message of an old API server."""
        self.send(
            {'event_type': 'cluster-deploy', 'callback_url': WEBHOOK, 'cluster': cluster, 'payload': payload or {}}
            | more
        )

    def destroy(self, cluster: str, service: str) -> None:
        self.send({'event_type': 'service-destroy', 'callback_url': WEBHOOK, 'cluster': cluster, 'service': service})

    def waiting(self) -> int:
        """The number of messages in the queue, including hidden ones."""
        names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']
        found = self.aws.client('sqs').get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)['Attributes']
        return sum(int(found[name]) for name in names)

    def scheduler(self, every_cluster: float = 3600.0, **options: Any) -> Scheduler:
        """Another scheduler, which shares only AWS with the others."""
        bucket = Bucket(self.connection, self.bucket)
        revisions = RevisionStore(bucket)
        stop = asyncio.Event()
        sleep = InterruptibleSleep(stop)
        paced = PacedConnection(self.connection, Pace(share=1), sleep=sleep)
        reconciler = Reconciler(Inventory(paced), paced.call, region=paced.region, patience=0.0, sleep=sleep)
        passes = Passes(
            revisions,
            Leases(bucket),
            InOnePlace(reconciler),
            self._is_frozen,
            options.pop('sink', lambda _: None),
            gates=GateLook(InOnePlace(EcsLook(paced))),
        )
        self.passes.append(passes)
        return Scheduler(
            Queue(self.connection, self.queue),
            passes,
            PassReports(Webhooks(Callbacks(private=True), self._keep, sleep=_at_once)),
            SchedulerMetrics(CollectorRegistry()),
            revisions.names,
            stop=stop,
            look=1,
            every_cluster=every_cluster,
            sleep=_soon,
            chance=random.Random(1).random,
            **options,
        )

    async def _is_frozen(self, revision: Revision) -> bool:
        return revision.cluster in self.frozen

    @contextlib.asynccontextmanager
    async def running(self, *schedulers: Scheduler) -> AsyncIterator[None]:
        """Run the schedulers for the length of the block."""
        tasks = [asyncio.create_task(each.run()) for each in schedulers]
        try:
            yield
        finally:
            for each in schedulers:
                each.stop()
            await asyncio.gather(*tasks)


async def _at_once(seconds: float) -> None:
    await asyncio.sleep(0)


async def _soon(seconds: float) -> None:
    """Sleep for a hundredth of a pause between passes, the only wait in these tests."""
    await asyncio.sleep(seconds / 100)


async def until(holds: Callable[[], bool | Awaitable[bool]], seconds: float = 60.0) -> None:
    """Return once the condition is met; fail after `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            if found is True or (found is not False and await found):
                return
            await asyncio.sleep(0.02)


@contextlib.contextmanager
def scenes(aws: Aws):
    """A factory of scenes, with a connection that lasts as long as the block."""
    with contextlib.closing(Connection(threads=32)) as connection:
        yield lambda **options: Scene(aws, connection, **options)
