"""A real browser on the running product, and what every page of it must keep to."""

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from botocore.client import BaseClient
from playwright.sync_api import ConsoleMessage, Page, expect

from handlers.document.control_plane import STATIC, read_build
from tests.chromium import launch_arguments
from tests.process import Process

# A refusal of the API is an answer like any other; Chromium logs it on the console all the same.
REFUSAL = re.compile(r'^Failed to load resource: the server responded with a status of 4\d\d')

# Everything that axe knows of WCAG up to 2.2 AA, and its own good practice.
RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

# A ceiling for a machine that is busy with other work: what is waited for comes in milliseconds elsewhere.
expect.set_options(timeout=40_000)

# The time after which the notice of a success leaves.
NOTICE_MS = 8000

# A repository of the sandbox, with some tags.
IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/user-service'

# Resolves once nothing fades or moves any more, but for what turns as long as it is there.
SETTLED = """() => Promise.all(document.getAnimations()
  .filter((animation) => animation.effect.getComputedTiming().endTime < Infinity)
  .map((animation) => animation.finished.catch(() => undefined)))"""


@pytest.fixture(scope='session')
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    return {**browser_type_launch_args, **launch_arguments()}


@pytest.fixture(scope='session')
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert read_build(), 'The control plane is not built: run make setup.'
    return tmp_path_factory.mktemp('sandbox')


@pytest.fixture(scope='session')
def product(sandbox: Path) -> Iterator[Process]:
    """The product as `make run` starts it, seeded with two clusters. Tests share it: each changes its own service."""
    with Process(
        'serve', '--port=0', PROFILE='local', NYSA_SANDBOX_DIR=str(sandbox), NYSA_SANDBOX_SPEED='60'
    ) as running:
        yield running


@pytest.fixture(scope='session')
def base_url(product: Process) -> str:
    return f'http://127.0.0.1:{product.port}'


@pytest.fixture(scope='session')
def aws_endpoint(product: Process) -> str:
    """Where the AWS answers that the product runs on."""
    return re.search(
        r'embedded AWS answers at (http://[^;\s]+)', '\n'.join(product.printed('embedded AWS answers at'))
    )[1]


@pytest.fixture(scope='session')
def ecs(aws_endpoint: str) -> BaseClient:
    """The ECS that the product runs on."""
    keys = {'aws_access_key_id': 'test', 'aws_secret_access_key': 'test'}
    return boto3.client('ecs', endpoint_url=aws_endpoint, region_name='us-east-1', **keys)


@pytest.fixture
def new_cluster(ecs: BaseClient) -> str:
    """An unmanaged, empty cluster of ECS."""
    return ecs.create_cluster(clusterName=f'c{uuid.uuid4().hex[:8]}')['cluster']['clusterName']


@pytest.fixture
def managed(product: Process, new_cluster: str) -> str:
    """A cluster of the test's own, with two services of no tasks."""
    services = [{name: {'image': f'{IMAGE}:v2.6.0', 'desired_count': 0, 'memory': 64}} for name in ('api', 'web')]
    config = {'name': new_cluster, 'config': {'services': services}}
    assert product.api('POST', '/clusters?message=begin', config).status == 201
    return new_cluster


@pytest.fixture
def source(product: Process, ecs, managed: str) -> str:
    """A cluster with other versions of both services."""
    name = ecs.create_cluster(clusterName=f'from-{managed}')['cluster']['clusterName']
    tags = {'api': 'v2.6.1', 'web': 'v2.6.1', 'more': 'v2.6.0'}
    services = [{each: {'image': f'{IMAGE}:{tag}', 'desired_count': 0, 'memory': 64}} for each, tag in tags.items()]
    assert product.api('POST', '/clusters', {'name': name, 'config': {'services': services}}).status == 201
    return name


@pytest.fixture
def tolerated() -> list[str]:
    """What a test expects to read on the console; empty unless the test overrides it."""
    return []


@pytest.fixture
def page(page: Page, tolerated: list[str]) -> Iterator[Page]:
    """A page on which every error fails the test: of a script, of the console, of the Content-Security-Policy."""
    faults: list[str] = []

    def read(message: ConsoleMessage) -> None:
        known = REFUSAL.match(message.text) or any(each in message.text for each in tolerated)
        if message.type == 'error' and not known:
            faults.append(f'{message.text} ({message.location.get("url", "")})')

    page.on('console', read)
    page.on('pageerror', lambda error: faults.append(str(error)))
    page.add_init_script(
        "addEventListener('securitypolicyviolation', (e) => console.error('CSP', e.violatedDirective, e.blockedURI))"
    )
    yield page
    assert faults == []


@pytest.fixture
def lasting_notices(page: Page) -> None:
    """Keep the notices of a success on pages that are opened from here on: otherwise they leave by themselves."""
    page.add_init_script(
        'const later = setTimeout;'
        f'window.setTimeout = (run, ms, ...given) => ms === {NOTICE_MS} ? 0 : later(run, ms, ...given);'
    )


@pytest.fixture
def violations(page: Page) -> Callable[[], list[str]]:
    """What axe finds wrong with the page as it stands. It comes in from outside, past the policy of the page."""
    source = (STATIC / 'node_modules/axe-core/axe.min.js').read_text()

    def look() -> list[str]:
        page.evaluate(source)
        # What is half faded has neither colour.
        page.evaluate(SETTLED)
        found = page.evaluate('(rules) => axe.run(document, { runOnly: rules })', RULES)
        return [
            f'{each["id"]}: {node["html"][:200]} {node["failureSummary"]}'
            for each in found['violations']
            for node in each['nodes']
        ]

    return look
