"""Several processes of the server on one port, as users run them: `NYSA_PROCESSES`."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.aws import Aws
from tests.client import Client
from tests.process import Process, run

WITHIN_S = 120


@pytest.fixture
def variables(aws: Aws, tmp_path: Path) -> dict[str, str]:
    queue = aws.queue().rpartition('/')[2]
    aws.secret('several', {'AWS_S3_BUCKET': aws.bucket(), 'AWS_SQS_NOTIFICATION_QUEUE': queue})
    settings = {'PROFILE': 'several', 'NYSA_AUTH': 'off', 'NYSA_PORT': '0', 'NYSA_PROCESSES': '2'}
    return {**settings, 'NYSA_HEALTH_FILE': str(tmp_path / 'health.json'), **aws.environment()}


def metrics(server: Client) -> dict[tuple[str, str], float]:
    """The sum of the samples of each name and process."""
    found: dict[tuple[str, str], float] = {}
    for family in text_string_to_metric_families(server.ask('GET', '/metrics').body.decode()):
        for sample in family.samples:
            key = sample.name, sample.labels['process']
            found[key] = found.get(key, 0) + sample.value
    return found


def answered(server: Client, process: str) -> float:
    return metrics(server).get(('nysa_http_request_duration_seconds_count', process), 0)


def child_pids(pid: int) -> list[int]:
    return [int(each) for each in Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]


def until(condition, what: str) -> None:
    end = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def fresh(port: int) -> Client:
    """A client with a connection of its own, which the kernel gives to any of the processes."""
    client = Client()
    client.port = port
    return client


def ask_all(port: int) -> None:
    """Ask over many connections: with two processes, all but never are they given to one."""
    for _ in range(40):
        client = fresh(port)
        assert client.ask('GET', '/healthz').status == 200
        client.disconnect()


def test_they_share_the_port_and_are_kept_up(variables: dict[str, str], aws: Aws):
    with Process(**variables) as server:
        ask_all(server.port)
        # The metrics of a process that does not answer its sibling in time are left out.
        until(lambda: answered(server, '1') and answered(server, '2'), 'one of the two was given no request')

        # A change through one is there for all.
        cluster = aws.cluster()
        assert server.api('POST', '/clusters', {'name': cluster, 'config': {'services': []}}).status == 201
        for _ in range(10):
            client = fresh(server.port)
            assert client.api('GET', f'/clusters/{cluster}/config').status == 200
            client.disconnect()

        # One that is killed is replaced, and the other answers meanwhile.
        killed, _ = child_pids(server.pid)
        os.kill(killed, signal.SIGKILL)
        until(lambda: killed not in child_pids(server.pid), 'the killed process is still there')
        client = fresh(server.port)
        assert client.ask('GET', '/healthz').status == 200
        until(lambda: len(child_pids(server.pid)) == 2, 'no process was started again')
        until(lambda: metrics(client)['nysa_process_up', '1'] == metrics(client)['nysa_process_up', '2'] == 1, 'down')
        client.disconnect()
        health = Path(variables['NYSA_HEALTH_FILE'])
        until(health.exists, 'no heartbeat was written')
        assert json.loads(health.read_text())['role'] == 'serve'

        children = child_pids(server.pid)
        status, output = server.end()
    assert status == 0, output
    assert not any(Path(f'/proc/{pid}').exists() for pid in children)
    lines = [json.loads(line) for line in output.splitlines()]
    assert {line['process'] for line in lines if line['logger'] == 'nysa.access'} == {1, 2}
    assert [line['message'] for line in lines if 'ended with status -9' in line['message']]


def test_what_is_misconfigured_is_reported_once(variables: dict[str, str]):
    ended = run(**variables, NYSA_URL='no origin')
    assert ended.returncode == 2
    assert ended.stderr.count('NYSA_URL') == 1
    assert 'Traceback' not in ended.stderr


def test_the_embedded_aws_runs_in_one_process(tmp_path: Path):
    ended = run(PROFILE='local', NYSA_PROCESSES='2', NYSA_SANDBOX_DIR=str(tmp_path))
    assert ended.returncode == 2
    assert 'NYSA_PROCESSES: must be 1 with PROFILE=local' in ended.stderr
