"""ministack, another team's emulator of AWS, as a process on a free port of loopback."""

import contextlib
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import boto3
import urllib3
from botocore.config import Config

from tests.process import ROOT

PROGRAM = ROOT / '.venv-other-aws' / 'bin' / 'ministack'
REGION = 'us-east-1'
KEYS = {'AWS_ACCESS_KEY_ID': 'test', 'AWS_SECRET_ACCESS_KEY': 'test'}
STARTS_WITHIN_S = 120
# What it would listen on besides, or start in Docker.
LISTENERS_OFF = {'SFTP_ENABLED': '0', 'IOT_MTLS_ENABLED': '0', 'DOCKER_HOST': 'tcp://127.0.0.1:1'}


class Ministack:
    """`with` ends it; everything that it keeps is in `directory`."""

    def __init__(self, directory: Path):
        assert PROGRAM.exists(), 'The other AWS is not set up: run make test-other-aws.'
        self._directory = directory
        self._log = (directory / 'ministack.log').open('wb')
        self.endpoint = f'http://127.0.0.1:{_free_port()}'

    def __enter__(self) -> Self:
        here = {name: str(self._directory) for name in ('HOME', 'TMPDIR', 'STATE_DIR', 'S3_DATA_DIR')}
        listens = {'BIND_HOST': '127.0.0.1', 'GATEWAY_PORT': self.endpoint.rpartition(':')[2]}
        environment = {'PATH': os.environ['PATH'], **here, **listens, **LISTENERS_OFF}
        self._process = subprocess.Popen([PROGRAM], env=environment, stdout=self._log, stderr=self._log)
        late = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            assert self._process.poll() is None, self.output()
            assert time.monotonic() < late, self.output()
            time.sleep(0.1)  # another process is at work
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=60)
        self._log.close()

    def output(self) -> str:
        return (self._directory / 'ministack.log').read_text()

    def environment(self) -> dict[str, str]:
        """The AWS_* variables of a process that runs on it."""
        return {'AWS_ENDPOINT_URL': self.endpoint, 'AWS_DEFAULT_REGION': REGION, **KEYS}

    def client(self, service: str) -> Any:
        """boto3's client, which does not retry."""
        keys = {name.lower(): value for name, value in KEYS.items()}
        once = Config(retries={'total_max_attempts': 1})
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, config=once, **keys)

    def _answers(self) -> bool:
        try:
            urllib3.request('GET', self.endpoint, timeout=10, retries=False)
        except urllib3.exceptions.HTTPError:
            return False
        return True


def _free_port() -> int:
    with contextlib.closing(socket.create_server(('127.0.0.1', 0))) as found:
        return found.getsockname()[1]
