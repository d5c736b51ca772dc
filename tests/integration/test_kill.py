"""Killed at any point of a change, again and again: what was answered is stored and announced, what was refused is not.

`NYSA_KILL_BATCHES` sets how often, in batches of six kills; 30 take about ten minutes.
"""

import itertools
import json
import os
import random
import signal
import threading
import time

import pytest
import urllib3

from stack.notify.notifier import WAITING_MOST
from stack.sandbox.faults import Fault
from stack.state import revisions
from tests.aws import Aws
from tests.client import path
from tests.process import Process

BATCHES = int(os.environ.get('NYSA_KILL_BATCHES', '1'))
ROUNDS = 6
CLIENTS = 6
# All changes of a batch may be owed to the last server, and of more than WAITING_MOST the newest is announced for all.
CHANGES_A_ROUND = WAITING_MOST // ROUNDS
# What a server may take at most to find and announce what another one left behind.
FOUND_WITHIN_S = 100
CONFIG = {'services': [{f'service-{n}': {'image': 'team/app:0'}} for n in range(CLIENTS)]}


class Load:
    """Clients that change their own service each, and write down what they were answered."""

    def __init__(self, cluster: str):
        self.cluster = cluster
        self.accepted: dict[str, str] = {}
        self.refused: set[str] = set()
        self._numbers = itertools.count(1)
        # What is left of the changes of a round.
        self._allowed = iter(range(0))

    def run(self, server: Process, stop: threading.Event) -> list[threading.Thread]:
        self._allowed = iter(range(CHANGES_A_ROUND))
        threads = [threading.Thread(target=self._client, args=(server, n, stop)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        return threads

    def _client(self, server: Process, number: int, stop: threading.Event) -> None:
        address = path('clusters', self.cluster, 'services', f'service-{number}')
        while not stop.is_set() and next(self._allowed, None) is not None:
            nth = next(self._numbers)
            # One at least is refused.
            tag, refused = f't{nth}', nth == 1 or random.random() < 0.1
            headers = {'If_Match': '"older"'} if refused else {}
            try:
                answer = server.api('PUT', address, {'image_tag': tag}, **headers)
            except urllib3.exceptions.HTTPError:
                return
            if answer.status == 202:
                self.accepted[tag] = answer.json['revision']
            else:
                assert answer.status in (409, 412), answer.body
                self.refused.add(tag)


@pytest.mark.parametrize('repetition', range(BATCHES))
def test_nothing_is_lost_however_often_the_server_is_killed(aws: Aws, repetition: int):
    bucket, queue = aws.bucket(), aws.queue()
    names = {'AWS_S3_BUCKET': bucket, 'AWS_SQS_NOTIFICATION_QUEUE': queue.rpartition('/')[2]}
    variables = {'PROFILE': 'test', 'NYSA_AUTH': 'off', **names, **aws.environment()}
    cluster = aws.cluster()
    aws.client('s3').put_object(Bucket=bucket, Key=cluster, Body=json.dumps(CONFIG).encode())
    # Most kills then fall between storing and announcing.
    aws.faults.add(Fault('latency', service='sqs', operation='SendMessage', seconds=0.05))
    load, messages = Load(cluster), []
    for _ in range(ROUNDS):
        server = Process('--port=0', **variables)
        with server:
            stop = threading.Event()
            before = len(load.accepted)
            threads = load.run(server, stop)
            await_accepted(load, before)
            time.sleep(random.uniform(0.0, 0.5))  # the kill falls anywhere
            server.end(signal.SIGKILL)
            stop.set()
            for thread in threads:
                thread.join()
        messages += aws.messages(queue)
    with Process('--port=0', **variables):
        wanted = announced_revisions(aws, bucket, cluster)
        until = time.monotonic() + FOUND_WITHIN_S
        while time.monotonic() < until and not wanted <= {each['revision'] for each in messages}:
            time.sleep(0.2)  # a queue has no notification of new messages: poll it
            messages += aws.messages(queue)
    stored = stored_tags(aws, bucket, cluster)
    assert load.refused
    assert {tag: stored.get(tag) for tag in load.accepted} == {tag: [id] for tag, id in load.accepted.items()}
    assert not load.refused & stored.keys()
    assert wanted - {each['revision'] for each in messages} == set()


def await_accepted(load: Load, before: int) -> None:
    """Wait until a change was accepted beyond those before this round, which takes long on a busy machine."""
    until = time.monotonic() + FOUND_WITHIN_S
    while len(load.accepted) == before:
        assert time.monotonic() < until, 'the clients got nothing through'
        time.sleep(0.01)  # polls what the clients' threads record


def versions(aws: Aws, bucket: str, cluster: str) -> list[tuple[str, tuple[revisions.Change, ...]]]:
    """Each version with the changes that are recorded in it."""
    s3 = aws.client('s3')
    pages = s3.get_paginator('list_object_versions').paginate(Bucket=bucket, Prefix=cluster)
    ids = [each['VersionId'] for page in pages for each in page['Versions']]
    heads = [(id, s3.head_object(Bucket=bucket, Key=cluster, VersionId=id)['Metadata']) for id in ids]
    return [(id, revisions.decode(metadata)) for id, metadata in heads]


def stored_tags(aws: Aws, bucket: str, cluster: str) -> dict[str, list[str]]:
    """The tags of all stored changes, with the revisions that record them."""
    found: dict[str, list[str]] = {}
    for id, changes in versions(aws, bucket, cluster):
        for change in changes:
            found.setdefault(change.did['image_tag'], []).append(id)
    return found


def announced_revisions(aws: Aws, bucket: str, cluster: str) -> set[str]:
    return {id for id, changes in versions(aws, bucket, cluster) if any(change.announce for change in changes)}
