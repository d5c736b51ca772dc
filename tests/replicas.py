"""Replicas of the server without their HTTP: the use cases as `nysa_server` composes them, on AWS in memory."""

import asyncio
import json
from typing import Any

import nysa_server
from stack.configuration.settings import read_settings
from stack.runtime.metrics import Metrics
from tests.fake_s3 import Answer, FakeS3, World

SETTINGS = {
    'PROFILE': 'test',
    'AWS_S3_BUCKET': 'bucket',
    'AWS_SQS_NOTIFICATION_QUEUE': 'https://sqs/queue',
    'NYSA_TOKENS': '[]',
}


class FakeAws(FakeS3):
    """S3, a queue, and an ECS in which every cluster is active and nothing runs."""

    def __init__(self, world: World):
        super().__init__(world)
        self.sent: list[Answer] = world.__dict__.setdefault('sent', [])

    def _SendMessage(self, MessageBody: str, **_: Any) -> Answer:
        self.sent.append(json.loads(MessageBody))
        return {'MessageId': str(len(self.sent))}

    def _ListTasks(self, **_: Any) -> Answer:
        return {'taskArns': []}

    def _DescribeClusters(self, clusters: list[str]) -> Answer:
        described = {'status': 'ACTIVE', 'registeredContainerInstancesCount': 1}
        return {'clusters': [{'clusterName': name, 'clusterArn': name, **described} for name in clusters]}


class Replica:
    def __init__(self, world: World):
        self.aws = FakeAws(world)
        settings = read_settings(SETTINGS, {}, {})
        self.context, self.states = nysa_server.make_context(nysa_server.Aws(settings, self.aws, Metrics()))

    @property
    def store(self) -> Any:
        return self.states._store

    async def frozen(self, cluster: str) -> bool:
        return await self.context.freezing.frozen(await self.store.read(cluster)) is not None

    async def settled(self) -> None:
        """Send pending announcements, and wait until no work is in progress."""
        await self.states.settled()
        await self.context.sweeper.sweep()
        await self.states.settled()


async def turns(number: int = 50) -> None:
    """Run the event loop until all tasks wait for outside events."""
    for _ in range(number):
        await asyncio.sleep(0)
