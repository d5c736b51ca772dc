"""The configuration of nginx in docs/integrations.md, with two replicas behind it."""

import asyncio
import contextlib
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import Aws
from tests.client import Client, path
from tests.live_client import LiveClient
from tests.ports import unused_port
from tests.process import ROOT
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'team/web:1'}}]}
NGINX = shutil.which('nginx') or shutil.which('nginx', path='/usr/sbin')

pytestmark = pytest.mark.skipif(NGINX is None, reason='nginx is not installed')


def documented() -> str:
    text = (ROOT / 'docs' / 'integrations.md').read_text()
    [found] = re.findall(r'```nginx\n(worker_processes.*?)```', text, re.DOTALL)
    return found


@contextlib.contextmanager
def proxied(directory: Path, ports: list[int]) -> Iterator[Client]:
    """nginx in front of servers on loopback."""
    text, listens = documented(), unused_port()
    for address, port in zip(('10.0.0.11:8888', '10.0.0.12:8888'), ports, strict=True):
        assert f'server {address} max_fails=0;' in text
        text = text.replace(address, f'127.0.0.1:{port}')
    text = text.replace('listen 80;', f'listen 127.0.0.1:{listens};')
    kinds = ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi')
    temporary = ''.join(f'{kind}_temp_path {directory}/{kind};' for kind in kinds)
    text = text.replace('http {', f'http {{ access_log off; {temporary}', 1)
    (directory / 'nginx.conf').write_text(f'user root;\npid {directory}/pid;\nerror_log stderr;\n{text}')
    command = [NGINX, '-p', str(directory), '-c', str(directory / 'nginx.conf'), '-g', 'daemon off;']
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    client = Client()
    client.port = listens
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', listens)):
                break
            subprocess.run(['sleep', '0.1'], check=True)
        yield client
    finally:
        client.disconnect()
        process.terminate()
        process.wait(60)


def test_replicas_come_and_go_behind_it(aws: Aws, tmp_path: Path):
    first = Server(aws)
    first.__enter__()
    cluster = first.cluster(CONFIG)
    shared = {'AWS_S3_BUCKET': first.bucket, 'AWS_SQS_NOTIFICATION_QUEUE': first.queue}
    second = Server(aws, **shared)
    second.__enter__()
    with proxied(tmp_path, [first.port, second.port]) as nginx:
        config = path('clusters', cluster, 'config')
        assert [nginx.api('GET', config).status for _ in range(10)] == [200] * 10
        changed = nginx.api('PUT', path('clusters', cluster, 'services', 'web'), {'image_tag': '2'})
        assert changed.status == 202
        asyncio.run(hear_hello(nginx.port))
        port = first.port
        first.__exit__()
        assert [nginx.api('GET', config).status for _ in range(20)] == [200] * 20
        # A replica that is back is asked at once, however often it was not there.
        with Server(aws, port=port, **shared):
            second.__exit__()
            assert [nginx.api('GET', config).status for _ in range(20)] == [200] * 20


async def hear_hello(port: int) -> None:
    client = await LiveClient.connect(port)
    assert (await client.type('hello'))['type'] == 'hello'
    await client.close()
