"""The server's start in a real profile: fast, and on what the production lock installs alone."""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.aws import Aws
from tests.process import environment
from tests.starts import timed_start

ROOT = Path(__file__).parents[2]
OWN = {'handlers', 'nysa_server', 'stack'}

# What the server cannot do without, and how many times the processor time of these imports it may take to its end.
LIBRARIES = (
    'boto3, joserfc.jwt, prometheus_client, tornado.httpserver, tornado.web, tornado.websocket, voluptuous, yaml'
)
MOST_IMPORTS = 3.5

# What a client may ask for before anything is under management: enough to have every part of the server loaded.
ADDRESSES = (
    '/readyz',
    '/metrics',
    '/api/v1/clusters',
    '/api/v1/openapi.json',
    '/api/docs',
    '/api/v1/stackfile.schema.json',
)

# Imported where they happen to be installed, and done without elsewhere.
OPTIONAL = {
    '_distutils_hack',  # by setuptools, at the start of every Python
    'backports',  # by urllib3, for compression with zstd
    'certifi',  # by botocore, for its certificates in place of botocore's own
}


@pytest.fixture
def variables(aws: Aws) -> dict[str, str]:
    queue = aws.queue().rpartition('/')[2]
    aws.secret('starting', {'AWS_S3_BUCKET': aws.bucket(), 'AWS_SQS_NOTIFICATION_QUEUE': queue})
    return {'PROFILE': 'starting', 'NYSA_AUTH': 'off', **aws.environment()}


def locked() -> set[str]:
    """The distributions of the production lock."""
    return set(re.findall(r'^([a-z0-9._-]+)==', (ROOT / 'requirements.lock').read_text(), re.MULTILINE))


def test_it_takes_a_few_times_as_long_as_the_imports_of_its_libraries(variables: dict[str, str]):
    """In processor time, in turns: other work on a shared processor lengthens both alike. The benchmark has seconds."""
    timed_start(**variables)  # compiles the modules where they are not compiled yet
    ratios: list[float] = []
    while len(ratios) < 5 and not any(each < MOST_IMPORTS for each in ratios):
        start = timed_start(**variables)
        assert start.status == 0
        ratios.append(start.cpu_seconds / imports_of_libraries())
    assert min(ratios) < MOST_IMPORTS


def imports_of_libraries() -> float:
    """The processor time of a Python process that imports the libraries, and no more."""
    process = subprocess.Popen([sys.executable, '-c', f'import {LIBRARIES}'])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime


def test_it_imports_nothing_beyond_the_production_lock(variables: dict[str, str]):
    start = timed_start(ADDRESSES, list_modules=True, **variables)
    installed = importlib.metadata.packages_distributions()
    strangers = {}
    for module in {name.partition('.')[0] for name in start.modules} - sys.stdlib_module_names - OWN - OPTIONAL:
        distributions = {name.lower().replace('_', '-') for name in installed.get(module, ())}
        if distributions and not distributions & locked():
            strangers[module] = distributions
    assert not strangers
    assert {'boto3', 'tornado', 'yaml', 'voluptuous'} <= {name.partition('.')[0] for name in start.modules}


# The server, which reports as it begins to accept requests whether the objects of its start are frozen.
REPORTING = """
import gc, sys, nysa_server

made = nysa_server.make_server

def reporting(*given):
    server = made(*given)
    listen = server.listen
    def reported(sockets):
        print('frozen:', gc.get_freeze_count() > 0, flush=True)
        listen(sockets)
    server.listen = reported
    return server

nysa_server.make_server = reporting
sys.exit(nysa_server.main(['--port=0']))
"""


def test_no_request_waits_for_the_collection_at_the_start(variables: dict[str, str]):
    command = [sys.executable, '-c', REPORTING]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(**variables), stdout=subprocess.PIPE, text=True)
    with process, process.stdout as lines:
        reported = next(line for line in lines if line.startswith('frozen:'))
        process.terminate()
    assert reported == 'frozen: True\n'
