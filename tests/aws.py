"""An AWS for tests: the fixture `aws`, real boto3 against the embedded AWS, in memory, one for each worker.

Names are unique to the worker, so tests neither see nor disturb each other's; faults end with the test. Nothing of
moto is imported before a test asks for it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from stack.sandbox.faults import Faults
    from stack.sandbox.local_ecs import LocalEcs
    from stack.sandbox.server import EmbeddedAws

# Not that of `make run`: a test may start that one beside this in the same process.
ACCOUNT = '210987654321'

# Services of which a pass, or an advance of the clock, reads all that the account has: what tests leave there would
# slow down each later one, and use up the rate limits of its calls.
READ_WHOLE = ('elbv2', 'application-autoscaling', 'servicediscovery', 'scheduler')

_numbers = itertools.count(1)


class Aws:
    """Operations of a test on AWS beside the code under test; they return names for clients."""

    def __init__(self, embedded: EmbeddedAws):
        self.embedded = embedded
        self.endpoint: str = embedded.endpoint
        self.region: str = embedded.region
        self.account: str = embedded.account
        self.faults: Faults = embedded.faults
        self._clients: dict[str, Any] = {}
        self._clusters: set[str] = set()

    def environment(self) -> dict[str, str]:
        """The AWS_* variables for a child process; this process has them during the test."""
        return self.embedded.environment()

    def client(self, service: str) -> Any:
        """A cached boto3 client without retries, so that a fault is visible immediately."""
        if service not in self._clients:
            self._clients[service] = self.embedded.client(service, retries={'total_max_attempts': 1})
        return self._clients[service]

    def bucket(self, versioned: bool = True) -> str:
        """A new bucket."""
        name = f'bucket-{next(_numbers)}'
        self.client('s3').create_bucket(Bucket=name)
        if versioned:
            self.client('s3').put_bucket_versioning(Bucket=name, VersioningConfiguration={'Status': 'Enabled'})
        return name

    def queue(self, fifo: bool = False, **attributes: str) -> str:
        """A new queue, e.g. `queue(VisibilityTimeout='1')`; its URL, of which the last part is its name."""
        name = f'queue-{next(_numbers)}' + ('.fifo' if fifo else '')
        attributes |= {'FifoQueue': 'true'} if fifo else {}
        return self.client('sqs').create_queue(QueueName=name, Attributes=attributes)['QueueUrl']

    def messages(self, queue: str) -> list[Any]:
        """Receive and delete all messages of a queue, in the order of delivery; JSON bodies are parsed."""
        sqs, bodies = self.client('sqs'), []
        while batch := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get('Messages'):
            for message in batch:
                bodies.append(_read(message['Body']))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message['ReceiptHandle'])
        return bodies

    def secret(self, profile: str, values: Mapping[str, Any]) -> str:
        """Create or replace the secret with a profile's settings; return its name."""
        secrets, name, text = self.client('secretsmanager'), f'{profile}/nysa-api-server', json.dumps(values)
        try:
            secrets.create_secret(Name=name, SecretString=text)
        except secrets.exceptions.ResourceExistsException:
            secrets.put_secret_value(SecretId=name, SecretString=text)
        return name

    def cluster(self, name: str | None = None, instances: int = 1) -> str:
        """An ACTIVE ECS cluster with container instances; by default a new name."""
        name = name or f'cluster-{next(_numbers)}'
        self._clusters.add(name)
        self.client('ecs').create_cluster(clusterName=name)
        if instances:
            self.embedded.register_instances(name, instances)
        return name

    def advance(self, seconds: float) -> None:
        """Advance ECS's clock, which stands still otherwise: rollouts depend on it alone."""
        self.embedded.advance(seconds)

    def clear(self) -> None:
        """Leave nothing behind on which a later test would spend time."""
        self._stop_clusters()
        from stack.sandbox import moto_backends
        from stack.sandbox.serial import LOCK

        with LOCK:
            moto_backends.forget(self.account, READ_WHOLE)

    def _stop_clusters(self) -> None:
        """Stop what runs in the test's clusters: it would go on in each later test that advances the clock."""
        from stack.sandbox.local_ecs import LocalEcs
        from stack.sandbox.serial import LOCK

        local = LocalEcs(self.embedded.ecs, self.account, self.region)
        for cluster in self._clusters:
            with LOCK, contextlib.suppress(RuntimeError):  # the test has deleted it
                _stop(local, cluster)

    def repository(self, name: str | None = None, tags: Sequence[str | Sequence[str]] = ()) -> str:
        """A new ECR repository with images, the oldest first, pushed a minute apart up to an hour ago.

        Each is one tag, several, or () for none.
        """
        from stack.sandbox.moto_ecr import push
        from stack.sandbox.serial import LOCK

        name = name or f'repository-{next(_numbers)}'
        self.client('ecr').create_repository(repositoryName=name)
        first = time.time() - 3600 - 60 * len(tags)
        with LOCK:
            for minute, tag in enumerate(tags):
                push(self.account, self.region, name, [tag] if isinstance(tag, str) else tag, first + 60 * minute)
        return name

    def push(self, repository: str, tags: Sequence[str]) -> str:
        """Push another image now and move existing tags to it; return its digest."""
        from stack.sandbox.moto_ecr import push
        from stack.sandbox.serial import LOCK

        with LOCK:
            return push(self.account, self.region, repository, tags, time.time())

    def image(self, repository: str, tag: str) -> str:
        """The reference of an image in ECR, as a stackfile has it."""
        return f'{self.account}.dkr.ecr.{self.region}.amazonaws.com/{repository}:{tag}'


def _stop(local: LocalEcs, cluster: str) -> None:
    for service in _listed(local, 'ListServices', 'serviceArns', cluster):
        local.ask('DeleteService', {'cluster': cluster, 'service': service, 'force': True})
    for task in _listed(local, 'ListTasks', 'taskArns', cluster):
        local.ask('StopTask', {'cluster': cluster, 'task': task})


def _listed(local: LocalEcs, operation: str, items: str, cluster: str) -> list[str]:
    found, more = [], {}
    while True:
        answer = local.ask(operation, {'cluster': cluster, 'maxResults': 100, **more})
        found += answer[items]
        if not answer.get('nextToken'):
            return found
        more = {'nextToken': answer['nextToken']}


def _read(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


@pytest.fixture(scope='session')
def embedded_aws() -> Iterator[EmbeddedAws]:
    """The embedded AWS of this worker."""
    from stack.sandbox.ecs import ManualClock
    from stack.sandbox.server import EmbeddedAws, SeededFleet

    with EmbeddedAws.start(clock=ManualClock(time.time()), fleet=SeededFleet.NOTHING, account=ACCOUNT) as embedded:
        yield embedded


@pytest.fixture
def aws(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """AWS for this test; boto3 finds it by the environment, as a user's would."""
    use(embedded_aws, monkeypatch)
    aws = Aws(embedded_aws)
    yield aws
    embedded_aws.faults.clear()
    aws.clear()


def use(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have boto3 find an embedded AWS by the environment."""
    for name, value in embedded_aws.environment().items():
        monkeypatch.setenv(name, value)
    for name in ('AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_REGION'):
        monkeypatch.delenv(name, raising=False)
