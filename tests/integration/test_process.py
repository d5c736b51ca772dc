"""The server as a process: its start, its errors at the start, and its end."""

import json
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from stack.sandbox.faults import Fault
from tests.aws import Aws
from tests.process import Process, run


def settings(aws: Aws, profile: str, **more: str) -> dict[str, str]:
    aws.secret(profile, {'AWS_S3_BUCKET': aws.bucket(), 'NYSA_SCHEDULER_SQS_QUEUE': aws.queue().rpartition('/')[2]})
    return {'PROFILE': profile, 'NYSA_AUTH': 'off', 'NYSA_PORT': '0', **aws.environment(), **more}


# glibc reserves so much for an arena of threads, at a multiple of it, and makes the used part of it accessible.
ARENA = 64 * 2**20


def arenas_of_threads(process: int) -> int:
    """How many arenas beside the first one a process has: https://sourceware.org/glibc/wiki/MallocInternals"""
    rows = [line.split() for line in Path(f'/proc/{process}/maps').read_text().splitlines()]
    areas = [(*(int(address, 16) for address in row[0].split('-')), row[1]) for row in rows]
    return sum(
        start % ARENA == 0 and (access, rest) == ('rw-p', '---p') and (end, limit) == (next_start, start + ARENA)
        for (start, end, access), (next_start, limit, rest) in pairwise(areas)
    )


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='shown by Linux alone')
@pytest.mark.parametrize(('variables', 'are_several'), [({}, False), ({'MALLOC_ARENA_MAX': '8'}, True)])
def test_the_threads_of_a_server_allocate_from_one_arena(aws: Aws, variables: dict[str, str], are_several: bool):
    with Process(**settings(aws, 'allocating', **variables)) as server:
        assert server.api('POST', '/clusters', {'name': aws.cluster(), 'config': {'services': []}}).status == 201
        assert bool(arenas_of_threads(server.pid)) == are_several


def test_without_a_profile_both_ways_are_named():
    ended = run()
    assert ended.returncode == 2
    assert 'PROFILE=local' in ended.stderr
    assert 'nysa-api-server' in ended.stderr


def test_all_mistakes_in_the_settings_are_reported_at_once(aws: Aws):
    ended = run(PROFILE='nowhere', NYSA_AUTH='perhaps', NYSA_PORT='http', **aws.environment())
    assert ended.returncode == 2
    for name in ('nowhere/nysa-api-server', 'AWS_S3_BUCKET', 'AWS_SQS_NOTIFICATION_QUEUE', 'NYSA_AUTH', 'NYSA_PORT'):
        assert name in ended.stderr
    assert 'Traceback' not in ended.stderr


def test_an_aws_that_does_not_answer_is_reported_in_a_sentence():
    keys = {'AWS_ACCESS_KEY_ID': 'x', 'AWS_SECRET_ACCESS_KEY': 'x', 'AWS_DEFAULT_REGION': 'us-east-1'}
    ended = run(PROFILE='prod', AWS_ENDPOINT_URL='http://127.0.0.1:9', **keys)
    assert ended.returncode == 1
    assert 'secretsmanager:GetSecretValue' in ended.stderr
    assert 'Traceback' not in ended.stderr


def test_missing_resources_are_reported_at_start_and_by_readyz(aws: Aws):
    variables = settings(aws, 'incomplete', AWS_S3_BUCKET='no-such-bucket')
    with Process(**variables) as server:
        assert server.ask('GET', '/readyz').status == 503
        status, output = server.end()
    assert status == 0
    assert 'no-such-bucket' in output


def test_a_request_under_way_is_finished_before_the_end(aws: Aws):
    variables = settings(aws, 'ending')
    cluster = aws.cluster()
    with Process(**variables) as server:
        aws.faults.add(Fault('latency', service='s3', operation='PutObject', resource=f'/{cluster}', seconds=1))
        answers = []
        body = {'name': cluster, 'config': {'services': []}}
        asking = threading.Thread(target=lambda: answers.append(server.api('POST', '/clusters', body).status))
        asking.start()
        while not aws.faults.listed()[0]['hits']:
            asking.join(0.01)
        status, _ = server.end()
        asking.join()
    assert answers == [201]
    assert status == 0


def test_log_lines_are_json_without_a_terminal(aws: Aws):
    with Process(
        **settings(aws, 'logging', SLACK_NOTIFICATIONS_WEBHOOK_URL='https://hooks.example/very-secret')
    ) as server:
        answer = server.api('GET', '/clusters/staging', X_Nysa_Actor='maria', X_Request_Id='r-1')
        assert answer.headers['X-Request-Id'] == 'r-1'
        _, output = server.end()
    lines = [json.loads(line) for line in output.splitlines()]
    [request] = [line for line in lines if line['logger'] == 'nysa.access']
    assert (request['actor'], request['cluster'], request['request_id']) == ('maria', 'staging', 'r-1')
    assert 'very-secret' not in output


def test_a_port_in_use_is_reported(aws: Aws):
    variables = settings(aws, 'taken')
    with Process(**variables) as server:
        ended = run(**variables | {'NYSA_PORT': str(server.port)})
    assert ended.returncode == 2
    assert f':{server.port}: ' in ended.stderr


def test_the_local_profile_needs_nothing_and_goes_on_where_it_was(tmp_path):
    variables = {'PROFILE': 'local', 'NYSA_PORT': '0', 'NYSA_SANDBOX_DIR': str(tmp_path)}
    with Process(**variables) as server:
        assert server.api('GET', '/clusters').json == {'content': ['production', 'staging']}
        second = run(**variables)
        assert (second.returncode, 'NYSA_SANDBOX_DIR' in second.stderr) == (2, True)
        changed = server.api('PUT', '/clusters/staging/services/user-service', {'desired_count': 3})
        assert changed.status == 202
        started = time.monotonic()
    assert time.monotonic() - started < 18, 'a stop waits for no long poll, which takes 20 s'
    with Process(**variables) as server:
        again = server.api('GET', '/clusters/staging/config')
        assert again.revision == changed.revision
        assert server.ask('GET', '/readyz').status == 200
