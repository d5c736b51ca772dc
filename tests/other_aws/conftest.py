"""The product in the profile `prod`, on the other AWS: server and scheduler as processes of their own."""

import re
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.client import Answer, path
from tests.other_aws.emulator import Ministack
from tests.process import Process

PATIENCE_S = 120.0
BUCKET, QUEUE, REPOSITORY = 'nysa-states', 'nysa-changes', 'web'
TAGS = ('v1', 'v2')


class Scheduler(Process):
    READY = re.compile('makes ECS match')


@dataclass
class Product:
    """The running product, and the AWS under it."""

    server: Process
    aws: Ministack
    repository: str

    def api(self, method: str, *parts: str, body: Any = None, query: str = '') -> Answer:
        return self.server.api(method, path(*parts) + query, body)

    def image(self, tag: str) -> str:
        return f'{self.repository}:{tag}'

    def running(self, cluster: str) -> dict[str, tuple[str, int]]:
        """What ECS has: the image and the desired count of each service that is active."""
        ecs = self.aws.client('ecs')
        names = ecs.list_services(cluster=cluster)['serviceArns']
        found = ecs.describe_services(cluster=cluster, services=names)['services'] if names else []
        return {
            each['serviceName']: (self._image(each['taskDefinition']), each['desiredCount'])
            for each in found
            if each['status'] == 'ACTIVE'
        }

    def _image(self, definition: str) -> str:
        described = self.aws.client('ecs').describe_task_definition(taskDefinition=definition)
        return described['taskDefinition']['containerDefinitions'][0]['image']


def eventually(holds: Callable[[], bool], what: Callable[[], object]) -> None:
    """Return once it is so; `what` describes what there is instead."""
    late = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < late, what()
        time.sleep(0.2)  # other processes are at work


@pytest.fixture(scope='session')
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    with Ministack(tmp_path_factory.mktemp('ministack')) as running:
        yield running


@pytest.fixture(scope='session')
def repository(ministack: Ministack) -> str:
    """A repository of images with all tags; its URI."""
    ecr = ministack.client('ecr')
    made = ecr.create_repository(repositoryName=REPOSITORY)['repository']
    for tag in TAGS:
        ecr.put_image(repositoryName=REPOSITORY, imageManifest=f'{{"schemaVersion": 2, "tag": "{tag}"}}', imageTag=tag)
    return made['repositoryUri']


@pytest.fixture(scope='session')
def product(ministack: Ministack, repository: str) -> Iterator[Product]:
    s3 = ministack.client('s3')
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={'Status': 'Enabled'})
    ministack.client('sqs').create_queue(QueueName=QUEUE)
    settings = f'{{"AWS_S3_BUCKET": "{BUCKET}", "AWS_SQS_NOTIFICATION_QUEUE": "{QUEUE}"}}'
    ministack.client('secretsmanager').create_secret(Name='prod/nysa-api-server', SecretString=settings)
    environment = {'PROFILE': 'prod', **ministack.environment()}
    with (
        Process('serve', '--port=0', NYSA_AUTH='off', **environment) as server,
        Scheduler('scheduler', **environment),
    ):
        yield Product(server, ministack, repository)


@pytest.fixture
def cluster(product: Product) -> str:
    """A new cluster of ECS."""
    name = f'c{uuid.uuid4().hex[:8]}'
    product.aws.client('ecs').create_cluster(clusterName=name)
    return name


@pytest.fixture
def managed(product: Product, cluster: str) -> str:
    """A new cluster under management, with one service that the scheduler has made."""
    config = {'services': [{'web': {'image': product.image('v1'), 'memory': 64, 'desired_count': 1}}]}
    created = product.api('POST', 'clusters', body={'name': cluster, 'config': config}, query='?message=begin')
    assert created.status == 201, created.body
    eventually(lambda: 'web' in product.running(cluster), lambda: product.running(cluster))
    return cluster
