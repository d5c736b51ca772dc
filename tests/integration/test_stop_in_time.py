"""A process that is asked to stop ends in time, whatever AWS does."""

import subprocess
import sys
import threading
import time

from stack.aws.connection import CLOSE_WITHIN_S
from stack.runtime.loops import LEFT_AFTER_S
from stack.runtime.stopping import STOP_WITHIN_S
from stack.sandbox.faults import Fault
from tests.aws import Aws
from tests.client import path
from tests.process import ROOT, Process, environment

CONFIG = {'services': [{'web': {'image': 'team/web:1'}}]}

# docker's patience: https://docs.docker.com/reference/cli/docker/container/stop/
PATIENCE_S = 10
# How long AWS hangs, and the time of a stop on a machine that is busy with other work: its waits are shorter.
HANGS_S, WITHIN_S = 60, 45


def test_the_waits_of_a_stop_leave_time_to_end():
    assert STOP_WITHIN_S + LEFT_AFTER_S + CLOSE_WITHIN_S < PATIENCE_S


def test_it_ends_while_aws_hangs_and_its_callers_have_their_answers(aws: Aws):
    bucket, queue = aws.bucket(), aws.queue()
    aws.secret('stopping', {'AWS_S3_BUCKET': bucket, 'AWS_SQS_NOTIFICATION_QUEUE': queue.rpartition('/')[2]})
    variables = aws.environment() | {'PROFILE': 'stopping', 'NYSA_PORT': '0', 'NYSA_AUTH': 'off'}
    cluster = aws.cluster()
    with Process(**variables) as server:
        assert server.api('POST', '/clusters', {'name': cluster, 'config': CONFIG}).status == 201
        answers: list = []
        change = path('clusters', cluster, 'services', 'web')

        def ask() -> None:
            answers.append(server.api('PUT', change, {'image_tag': '2'}))

        stored = Fault('latency', service='s3', operation='PutObject', resource=f'/{cluster}', seconds=HANGS_S)
        with aws.faults.during(stored):
            asking = threading.Thread(target=ask)
            asking.start()
            while not aws.faults.listed()[0]['hits']:
                time.sleep(0.05)
            aws.faults.add(Fault('latency', seconds=HANGS_S))
            started = time.monotonic()
            status, _ = server.end()
            seconds = time.monotonic() - started
            asking.join(60)
    assert status == 0
    assert [(each.status, each.json['error']) for each in answers] == [(502, 'outcome_unknown')]
    assert seconds < WITHIN_S


def test_a_scheduler_ends_while_aws_hangs(aws: Aws):
    queue = aws.queue()
    aws.secret('hanging', {'AWS_S3_BUCKET': aws.bucket(), 'AWS_SQS_NOTIFICATION_QUEUE': queue.rpartition('/')[2]})
    variables = aws.environment() | {'PROFILE': 'hanging'}
    process = subprocess.Popen(
        [sys.executable, 'nysa_server.py', 'scheduler'],
        cwd=ROOT,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process.stdout as lines:
        assert 'makes ECS match' in lines.readline()
        with aws.faults.during(Fault('latency', seconds=HANGS_S)):
            while not aws.faults.listed()[0]['hits']:
                time.sleep(0.05)
            started = time.monotonic()
            process.terminate()
            assert process.wait(60) == 0
            assert time.monotonic() - started < WITHIN_S
