"""The scheduler as a process: from a change over the API to ECS, SIGTERM, and its metrics."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import urllib3

from stack.runtime.heartbeat import STALE_S, write
from tests.aws import Aws
from tests.ports import unused_port
from tests.process import ROOT, environment, run
from tests.server import Server

CONFIG = {'services': [{'mailer': {'image': 'team/mailer:1', 'memory': 16}}]}
CREATED = 'nysa_step_duration_seconds_count{kind="ecs:CreateService",outcome="done"} 1.0'


class SchedulerProcess:
    """`nysa_server.py scheduler` on the server's bucket and queue; `with` ends it, by SIGTERM unless it has ended."""

    def __init__(self, server: Server, **variables: str):
        profile = f'scheduler-{server.bucket}'
        queue = server.queue.rpartition('/')[2]
        server.aws.secret(profile, {'AWS_S3_BUCKET': server.bucket, 'AWS_SQS_NOTIFICATION_QUEUE': queue})
        self._process = subprocess.Popen(
            [sys.executable, 'nysa_server.py', 'scheduler'],
            cwd=ROOT,
            env=environment(PROFILE=profile, **server.aws.environment(), **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> 'SchedulerProcess':
        assert 'makes ECS match' in self._process.stdout.readline(), self._process.stderr.read()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        if self._process.poll() is None:
            self._process.send_signal(number)
        _, output = self._process.communicate(timeout=30)
        return self._process.returncode, output


def until(holds: Callable[[], bool], seconds: float = 100.0) -> None:
    late = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < late
        time.sleep(0.05)  # another process is at work


def services(aws: Aws, cluster: str) -> list[str]:
    return [arn.rpartition('/')[2] for arn in aws.client('ecs').list_services(cluster=cluster)['serviceArns']]


def test_a_change_over_the_api_goes_all_the_way(server: Server):
    cluster, port = server.aws.cluster(), unused_port()
    with SchedulerProcess(server, NYSA_METRICS_PORT=str(port)) as scheduler:
        answer = server.api('POST', '/clusters', {'name': cluster, 'config': CONFIG})
        assert answer.status == 201
        until(lambda: services(server.aws, cluster) == ['mailer'])
        # The step is counted once its call has returned.
        until(lambda: CREATED in urllib3.request('GET', f'http://127.0.0.1:{port}/metrics').data.decode())
        status, output = scheduler.end()
    assert status == 0
    lines = [json.loads(line) for line in output.splitlines()]
    assert any(line['message'].startswith('Create the service mailer') for line in lines)
    assert {line['cluster'] for line in lines if 'cluster' in line} == {cluster}


def test_plan_and_apply_on_an_aws_that_runs_already(server: Server):
    cluster = server.cluster(CONFIG)
    profile = f'by-hand-{server.bucket}'
    queue = server.queue.rpartition('/')[2]
    server.aws.secret(profile, {'AWS_S3_BUCKET': server.bucket, 'AWS_SQS_NOTIFICATION_QUEUE': queue})
    variables = {'PROFILE': profile, **server.aws.environment()}
    planned = run('plan', cluster, **variables)
    assert (planned.returncode, planned.stderr) == (2, '')
    assert '+ mailer  create' in planned.stdout
    assert re.search(r'\x1b', planned.stdout) is None
    applied = run('apply', cluster, **variables)
    assert applied.returncode == 0, applied.stderr
    assert applied.stdout.endswith('Done.\n')
    assert run('plan', cluster, **variables).stdout.splitlines()[0].endswith('nothing to do.')
    missing = run('plan', 'nowhere', **variables)
    assert missing.returncode == 1
    assert 'Traceback' not in missing.stderr


def health(file: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, '-m', 'stack.runtime.heartbeat']
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment(NYSA_HEALTH_FILE=str(file)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_its_container_is_healthy_as_long_as_it_runs(server: Server, tmp_path: Path):
    file = tmp_path / 'health.json'
    with SchedulerProcess(server, NYSA_HEALTH_FILE=str(file)):
        until(file.exists)
        assert (health(file).returncode, health(file).stdout) == (0, '')
    written = json.loads(file.read_text())
    file.write_text(json.dumps(written | {'at': written['at'] - STALE_S - 10}))
    ended = health(file)
    assert ended.returncode == 1
    assert 'scheduler has not run for' in ended.stdout


def test_the_health_of_a_server_is_whether_it_answers(server: Server, tmp_path: Path):
    file = tmp_path / 'health.json'
    write(file, 'serve', f'http://127.0.0.1:{server.port}/healthz')
    # A busy machine may take longer to answer than a health check waits.
    until(lambda: health(file).returncode == 0)
    write(file, 'serve', 'http://127.0.0.1:9/healthz')
    assert health(file).returncode == 1
