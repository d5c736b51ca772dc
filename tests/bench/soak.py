"""A soak: many clusters, sockets and changes for half an hour, while one of two replicas is restarted every minute.

Every message is checked when it arrives: each revision in order, once or named as covered. At the end each socket has
the stored state, no request has failed, and what the other replica holds has not grown. `make bench` leaves it out.
"""

import argparse
import asyncio
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields

import boto3
import urllib3
from tornado.httpclient import HTTPError

from tests.bench._aws import BUCKET, KEYS, BenchAws
from tests.bench._growth import Samples
from tests.bench._server import Measured, nysa
from tests.client import Answer
from tests.endurance import Record
from tests.live_client import LiveClient

SERVICES = 5
CLUSTERS_EACH = 10
# Requests under way at a time: beyond it, changes are left out, and counted.
MOST_UNDER_WAY = 64
SAMPLE_EVERY_S = 5.0
# A load balancer sends nothing to a target that it removes, and lets its requests end: so does this before a stop.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
DRAINED_WITHIN_S = 60.0
SETTLES_WITHIN_S = 300.0
# As in ECS, whose `stopTimeout` is 30 s.
STOPS_WITHIN_S = 20
# https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
GOING_AWAY = 1001
TASKS = re.compile(r'^nysa_event_loop_tasks (\S+)$', re.MULTILINE)


@dataclass(frozen=True)
class Load:
    minutes: float = 30.0
    clusters: int = 300
    sockets: int = 500
    changes: float = field(default=20.0, metadata={'help': 'a second'})
    restart: float = field(default=60.0, metadata={'help': 'seconds between two restarts'})


class Listener:
    """A socket with some clusters that connects again whenever its connection ends."""

    def __init__(self, clusters: Sequence[str]):
        self.records = {cluster: Record(cluster) for cluster in clusters}
        self.replica: Measured | None = None
        self.messages: Counter[str] = Counter()
        # By code; those of this side as `left`.
        self.ends: Counter[int | str | None] = Counter()
        self._leaves = False
        self._client: LiveClient | None = None

    async def run(self, soak: 'Soak') -> None:
        while True:
            self.replica = soak.chance.choice(soak.in_service)
            try:
                self._client = await LiveClient.connect(self.replica.port)
            except (OSError, HTTPError):
                soak.refused_sockets += 1
                await asyncio.sleep(0.1)  # the pause of a client before it tries again
                continue
            await self._listen(self._client)

    async def _listen(self, client: LiveClient) -> None:
        self._leaves = False
        client.patience = None  # what is missing at the end is found there
        known = {name: record.revision for name, record in self.records.items() if record.revision}
        await client.say({'type': 'subscribe', 'clusters': list(self.records), 'known': known})
        while message := await client.next():
            client.got.clear()
            self.messages[message['type']] += 1
            assert message['type'] != 'error', message
            if record := self.records.get(message.get('cluster')):
                record.take(message)
        self.ends['left' if self._leaves else client.closed_with] += 1

    def leave(self) -> None:
        """Close the connection, to be balanced to another replica."""
        if self._client is not None and not self._client.closed:
            self._leaves = True
            self._client._connection.close()


class Soak:
    """The replica `steady` runs for the whole time; `in_service` are those that get requests and sockets."""

    def __init__(self, aws: BenchAws, load: Load, seed: int = 1):
        self.chance = random.Random(seed)
        self.refused_sockets = 0
        self.statuses: Counter[str] = Counter()
        self.left_out = self.restarts = 0
        self.stored: dict[str, list[str]] = defaultdict(list)
        self.samples = Samples()
        self._aws = aws
        self._load = load
        self._names = [f'soak-{number:04}' for number in range(load.clusters)]
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MOST_UNDER_WAY + 8))
        services = [{f's{number}': {'image': 'team/app:0', 'desired_count': 1}} for number in range(SERVICES)]
        self._aws.fill({name: {'services': services} for name in self._names})
        self.steady, self._restarted = self._new_replica(), self._new_replica()
        self.in_service = [self.steady, self._restarted]
        each = min(CLUSTERS_EACH, len(self._names))
        self.listeners = [Listener(self.chance.sample(self._names, each)) for _ in range(self._load.sockets)]
        try:
            await self._play()
        finally:
            for replica in (self.steady, self._restarted):
                await asyncio.to_thread(replica.__exit__)

    def _new_replica(self) -> Measured:
        return nysa(self._aws, NYSA_STOP_SECONDS=str(STOPS_WITHIN_S)).__enter__()

    async def _play(self) -> None:
        async with asyncio.TaskGroup() as group:
            listening = [group.create_task(listener.run(self)) for listener in self.listeners]
            await self._until_all(lambda record: record.revision is not None)
            others = [group.create_task(each) for each in (self._restart(), self._sample())]
            await self._write(time.monotonic() + 60 * self._load.minutes)
            for task in others:
                task.cancel()
            await self._check_final()
            for task in listening:
                task.cancel()

    async def _until_all(self, holds: Callable[[Record], bool]) -> None:
        until = time.monotonic() + SETTLES_WITHIN_S
        for record in [record for listener in self.listeners for record in listener.records.values()]:
            while not holds(record):
                assert time.monotonic() < until, f'{record.cluster} is at {record.revision}'
                await asyncio.sleep(0.1)  # the interval between two looks

    # What goes on meanwhile

    async def _write(self, until: float) -> None:
        """Make changes at an even rate, whether or not those before have their answers."""
        number, began = 0, time.monotonic()
        while time.monotonic() < until:
            number += 1
            if len(self._under_way) < MOST_UNDER_WAY:
                task = asyncio.create_task(self._change(number))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
            else:
                self.left_out += 1
            await asyncio.sleep(max(0.0, began + number / self._load.changes - time.monotonic()))  # the rate
        await asyncio.gather(*self._under_way)

    async def _change(self, number: int) -> None:
        """Change a service by one replica, and read the cluster from one."""
        cluster, service = self.chance.choice(self._names), f's{self.chance.randrange(SERVICES)}'
        path = f'/clusters/{cluster}/services/{service}'
        try:
            writer = self.chance.choice(self.in_service)
            answer = await asyncio.to_thread(writer.api, 'PUT', path, {'image_tag': str(number)})
            self._count('PUT', answer)
            if answer.status == 202:
                self.stored[cluster].append(answer.revision)
            reader = self.chance.choice(self.in_service)
            read = await asyncio.to_thread(reader.api, 'GET', f'/clusters/{cluster}/config')
            self._count('GET', read)
        except (OSError, urllib3.exceptions.HTTPError) as error:
            self.statuses[type(error).__name__] += 1

    def _count(self, method: str, answer: Answer) -> None:
        """Count an answer; those of errors by their message as well."""
        why = '' if answer.status < 400 else f' {answer.json["message"]}'
        self.statuses[f'{method} {answer.status}{why}'] += 1

    async def _restart(self) -> None:
        while True:
            await asyncio.sleep(self._load.restart)
            self.in_service.remove(self._restarted)
            if self._under_way:
                await asyncio.wait(set(self._under_way), timeout=DRAINED_WITHIN_S)
            await asyncio.to_thread(self._restarted.__exit__)
            self._restarted = await asyncio.to_thread(self._new_replica)
            self.in_service.append(self._restarted)
            self.restarts += 1
            for listener in self.chance.sample(self.listeners, len(self.listeners) // 2):
                listener.leave()

    async def _sample(self) -> None:
        while True:
            page = (await asyncio.to_thread(self.steady.ask, 'GET', '/metrics')).body.decode()
            self.samples.add(
                {
                    'memory, MB': self.steady.memory_mb(),
                    'open handles': self.steady.handles(),
                    'threads': self.steady.threads(),
                    'tasks of the event loop': float(TASKS.search(page)[1]),
                }
            )
            await asyncio.sleep(SAMPLE_EVERY_S)

    # The end

    async def _check_final(self) -> None:
        histories = await asyncio.to_thread(self._histories)
        await self._until_all(lambda record: record.revision == histories[record.cluster][-1])
        for cluster in self._names:
            for replica in self.in_service:
                answer = await asyncio.to_thread(replica.api, 'GET', f'/clusters/{cluster}/services')
                assert answer.revision == histories[cluster][-1]
                images = {row['name']: row['image'] for row in answer.json['content']}
                for listener in self.listeners:
                    if cluster in listener.records:
                        assert listener.records[cluster].images == images, f'{cluster} is another in a socket'
        for listener in self.listeners:
            for cluster, record in listener.records.items():
                record.account_for_all(histories[cluster], self.stored[cluster])

    def _histories(self) -> dict[str, list[str]]:
        s3, found = boto3.client('s3', endpoint_url=self._aws.endpoint, **KEYS), {}
        pages = s3.get_paginator('list_object_versions')
        for cluster in self._names:
            listed = pages.paginate(Bucket=BUCKET, Prefix=cluster)
            found[cluster] = [each['VersionId'] for page in listed for each in page.get('Versions', ())][::-1]
        return found

    def show(self) -> None:
        records = [record for each in self.listeners for record in each.records.values()]
        ends = sum((each.ends for each in self.listeners), Counter())
        messages = sum((each.messages for each in self.listeners), Counter())
        failed = {name: count for name, count in self.statuses.items() if name not in ('PUT 202', 'GET 200')}
        others = {code: count for code, count in ends.items() if code not in ('left', GOING_AWAY)}
        for what, *figures in (
            ('changes made; left out, as too many had no answer', self.statuses['PUT 202'], self.left_out),
            ('reads', self.statuses['GET 200']),
            ('other answers, and requests without one', sum(failed.values())),
            ('restarts of one replica', self.restarts),
            ('sockets closed by a stop; balanced', ends[GOING_AWAY], ends['left']),
            ('sockets that ended otherwise; refused connections', sum(others.values()), self.refused_sockets),
            ('messages received', sum(messages.values())),
            ('revisions received one by one', sum(len(record.seen) for record in records)),
            ('ranges of revisions named as covered', sum(len(record.covered) for record in records)),
        ):
            print(f'{what:60}' + ''.join(f'{figure:12,}' for figure in figures))
        print('\nthe replica that was not restarted:')
        self.samples.show()
        assert not failed, failed
        assert not others, others
        print('\nno gap, no repetition, no failed request; every socket has the stored state')


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog='python -m tests.bench.soak', description=__doc__.partition('\n')[0])
    for each in fields(Load):
        unit = each.metadata.get('help', each.name)
        parser.add_argument(f'--{each.name}', type=each.type, default=each.default, help=f'{unit}; {each.default:g}')
    load = Load(**vars(parser.parse_args(arguments)))
    print(f'{load.minutes:g} minutes, {load.clusters} clusters, {load.sockets} sockets, {load.changes:g} changes/s\n')
    with BenchAws() as aws:
        soak = Soak(aws, load)
        asyncio.run(soak.run())
        soak.show()


if __name__ == '__main__':
    main(sys.argv[1:])
