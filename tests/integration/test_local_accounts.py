"""PROFILE=local with its two accounts, killed once: production is reached by an assumed role, and all of it works."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from tests.process import Process

# A busy machine takes its time for the first looks at six clusters.
PATIENCE_S = 90.0

CLUSTER = 'production-eu'
SERVICE = 'storefront'


def until(found: Callable[[], object]) -> object:
    """What is found once it is not empty; the API has no event for some of it."""
    end = time.monotonic() + PATIENCE_S
    while not (answer := found()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return answer


def start(directory: Path) -> Process:
    variables = {'NYSA_SANDBOX_DIR': str(directory), 'NYSA_SANDBOX_SPEED': '60', 'NYSA_SANDBOX_FLEET': 'busy'}
    return Process('serve', '--port=0', PROFILE='local', **variables)


@pytest.fixture(scope='module')
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A server that goes on with the state of one that was killed."""
    directory = tmp_path_factory.mktemp('sandbox')
    with start(directory) as first:
        until((directory / 'snapshot').exists)
        until((directory / 'accounts/production/snapshot').exists)
        first.end(signal.SIGKILL)
    with start(directory) as second:
        yield second


@pytest.fixture(scope='module')
def production(server: Process):
    """boto3's ECS of the account production."""
    lines = '\n'.join(server.printed('Its account production'))
    endpoint = re.search(r'Its account production \(\d+\) answers at (http://\S+?)\.(\s|$)', lines)[1]
    keys = {'aws_access_key_id': 'test', 'aws_secret_access_key': 'test'}
    return boto3.client('ecs', endpoint_url=endpoint, region_name='us-east-1', **keys)


def healths(server: Process) -> dict[str, dict]:
    return {each['account']: each for each in server.api('GET', '/accounts').json['content']}


def test_both_accounts_answer(server: Process):
    until(lambda: {each['state'] for each in healths(server).values()} == {'ok'})
    assert {name: each['clusters'] for name, each in healths(server).items()} == {'home': 3, 'production': 2}
    listed = server.api('GET', '/ecs-clusters').json
    assert listed['failing'] == {}
    assert {each['name']: each['account'] for each in listed['content']} == {
        'production': 'production',
        'production-eu': 'production',
        'staging': 'home',
        'qa': 'home',
        'data-platform': 'home',
        'legacy': 'home',
    }


def test_a_change_of_production_is_rolled_out_in_its_account(server: Process, production):
    path = '/clusters/production/services/billing-service'
    changed = server.api('PUT', f'{path}?message=more', {'desired_count': 2})
    assert changed.status == 202, changed.json

    def running() -> int:
        (service,) = production.describe_services(cluster='production', services=['billing-service'])['services']
        return service['runningCount']

    until(lambda: running() == 2)
    until(lambda: server.api('GET', path).json['running'] == 2)


def test_a_rehearsal_for_production_finds_the_images_of_the_account_home(server: Process):
    path = '/clusters/production/services/user-service'
    newest, *_ = server.api('GET', f'{path}/tags').json['content']
    answer = server.api('PUT', f'{path}?dry_run=true', {'image_tag': newest['tag']})
    assert (answer.status, answer.json['rehearsal']['findings']) == (200, []), answer.json['rehearsal']


def test_metrics_and_logs_of_production_are_those_of_its_account(server: Process):
    path = f'/clusters/{CLUSTER}/services/{SERVICE}'
    until(lambda: server.api('GET', path).json['running'])
    metrics = server.api('GET', f'{path}/metrics').json
    assert any(value is not None for series in metrics['series'] for _, value in series['points']), metrics
    assert server.api('GET', f'{path}/logs').json['content']
