"""A recorded client that is repeatedly disconnected while others change the cluster to which it subscribes."""

import asyncio
import random
from collections.abc import Collection, Sequence
from typing import Any

import urllib3

from tests.aws import Aws
from tests.client import Client
from tests.live_client import LiveClient
from tests.server import Server

# Mean time until the client is disconnected, in seconds: sometimes before it is synchronised.
LISTENS_S = 0.1

CONFIG = {'services': [{'web': {'image': 'team/web:0', 'desired_count': 2}}, {'api': {'image': 'team/api:0'}}]}


class Record:
    """What a client has received of one cluster: each revision, in order, once or named as covered."""

    def __init__(self, cluster: str):
        self.cluster = cluster
        self.revision: str | None = None
        self.seen: list[str] = []
        self.covered: list[tuple[str, str]] = []
        self.images: dict[str, str] = {}

    def take(self, message: dict[str, Any]) -> None:
        if message.get('cluster') != self.cluster:
            return
        if message['type'] == 'desired':
            assert message['previous'] == self.revision, f'a gap or a repetition after {self.revision}: {message}'
            changes = [(row['service'], each) for row in message['changes'] for each in row['changes']]
            self.images |= {service: each['after'] for service, each in changes if each['path'] == 'image'}
            self.revision = message['revision']
            self.seen.append(self.revision)
        elif message['type'] == 'cluster':
            if self.revision is not None:
                assert 'merged' in message or message['covers_since'] == self.revision
                self.covered.append((self.revision, message['revision']))
            self.revision = message['revision']
            self.images = {row['name']: row['image'] for row in message['services']}
        elif message['type'] == 'rollout':
            assert message['revision'] == self.revision, 'a rollout overtook its revision'

    def account_for_all(self, history: Sequence[str], stored: Collection[str]) -> None:
        """Each of the `stored` revisions was received once, or is in a range that was named as covered.

        `history` has all revisions of the cluster, the oldest first.
        """
        assert len(self.seen) == len(set(self.seen)), f'a repetition in {self.cluster}'
        place = {revision: number for number, revision in enumerate(history)}
        order = [place[revision] for revision in self.seen]
        assert order == sorted(order), f'{self.cluster} was received out of order'
        stretches = [range(place[known] + 1, place[newest] + 1) for known, newest in self.covered]
        for revision in set(stored) - set(self.seen):
            missed = place[revision]
            assert any(missed in stretch for stretch in stretches), f'revision {missed} was never reported'


class Trial:
    """Two replicas on one bucket, a writer on each, and a client that connects and disconnects."""

    def __init__(self, aws: Aws, changes: int, cuts: int, restarts: int, seed: int = 1):
        self.changes, self.cuts, self.restarts = changes, cuts, restarts
        self.chance = random.Random(seed)
        self.replicas: list[Client] = []
        self.stored: list[str] = []
        self.use(aws)

    def use(self, aws: Aws) -> None:
        self.aws = aws
        self.shared = {'AWS_S3_BUCKET': aws.bucket(), 'AWS_SQS_NOTIFICATION_QUEUE': aws.queue()}

    def run(self) -> Record:
        """The record; each message is checked when it arrives."""
        self.replicas = [self.start() for _ in range(2)]
        try:
            cluster = self.create()
            self.record = Record(cluster)
            asyncio.run(self._play(cluster))
        finally:
            for each in self.replicas:
                self.stop(each)
        return self.record

    # Replicas that are processes override these

    def start(self) -> Client:
        return Server(self.aws, **self.shared).__enter__()

    def stop(self, replica: Client) -> None:
        replica.__exit__()

    def create(self) -> str:
        return self.replicas[0].cluster(CONFIG)

    def history(self) -> list[str]:
        """The revisions of the cluster, the oldest first."""
        pages = self.aws.client('s3').get_paginator('list_object_versions')
        listed = pages.paginate(Bucket=self.shared['AWS_S3_BUCKET'], Prefix=self.record.cluster)
        return [each['VersionId'] for page in listed for each in page.get('Versions', ())][::-1]

    async def _play(self, cluster: str) -> None:
        while self.record.revision is None:
            await self._listen(cluster, until='synced')
        writer = asyncio.create_task(self._write(cluster))
        restarter = asyncio.create_task(self._restart(writer))
        while self.cuts > 0 or not writer.done():
            await self._listen(cluster)
            self.cuts -= 1
        await writer
        await restarter
        # A replica learns of the other's writes within the interval between two listings of the bucket.
        newest = self.history()[-1]
        async with asyncio.timeout(30):
            while self.record.revision != newest:
                await self._listen(cluster, until='synced')
        answer = await asyncio.to_thread(self.replicas[0].api, 'GET', f'/clusters/{cluster}/services')
        assert self.record.revision == answer.revision
        assert self.record.images == {row['name']: row['image'] for row in answer.json['content']}
        self.record.account_for_all(self.history(), self.stored)

    async def _write(self, cluster: str) -> None:
        for number in range(1, self.changes + 1):
            replica = self.chance.choice(self.replicas)
            path = f'/clusters/{cluster}/services/{self.chance.choice(["web", "api"])}'
            try:
                answer = await asyncio.to_thread(replica.api, 'PUT', path, {'image_tag': str(number)})
            except (OSError, urllib3.exceptions.HTTPError):
                continue  # that replica is restarting
            assert answer.status == 202, answer.body
            self.stored.append(answer.revision)

    async def _restart(self, writer: asyncio.Task) -> None:
        for number in range(self.restarts):
            await asyncio.sleep(0.3)  # the rate of restarts; nothing waits for it
            index = number % 2
            old = self.replicas[index]
            self.replicas[index] = await asyncio.to_thread(self.start)
            await asyncio.to_thread(self.stop, old)
            if writer.done():
                return

    async def _listen(self, cluster: str, until: str | None = None) -> None:
        """Connect to a replica, send the known position, read for a moment, and disconnect."""
        known = {cluster: self.record.revision} if self.record.revision else {}
        try:
            client = await LiveClient.connect(self.chance.choice(self.replicas).port)
        except OSError:
            return
        try:
            await client.say({'type': 'subscribe', 'clusters': [cluster], 'known': known})
            async with asyncio.timeout(None if until else self.chance.expovariate(1 / LISTENS_S)):
                while message := await client.next():
                    self.record.take(message)
                    if message['type'] == until:
                        return
        except TimeoutError:
            pass
        finally:
            client.cut()
