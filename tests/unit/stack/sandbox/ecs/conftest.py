import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import boto3
import pytest
from botocore.config import Config

from stack.sandbox.ecs import Ecs, ManualClock, Ports, wsgi
from tests.unit.stack.sandbox.ecs.fleet import (
    REGION,
    Alarms,
    CloudMap,
    Fleet,
    LogGroups,
    Repositories,
    Roles,
    TargetGroups,
    Vault,
)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Current:
    """The WSGI application of the test that runs now: the server and boto3's client are made once for all."""

    app: Any = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        return self.app(environ, start_response)


@pytest.fixture(scope='session')
def current() -> _Current:
    return _Current()


@pytest.fixture(scope='session')
def endpoint(current: _Current) -> Iterator[str]:
    server = make_server('127.0.0.1', 0, current, server_class=_Server, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01}, daemon=True)
    thread.start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope='session')
def client(endpoint: str) -> Iterator[Any]:
    config = Config(retries={'total_max_attempts': 1}, connect_timeout=30, read_timeout=30)
    made = boto3.Session(aws_access_key_id='test', aws_secret_access_key='test', region_name=REGION).client(
        'ecs', endpoint_url=endpoint, config=config
    )
    yield made
    made.close()


@pytest.fixture
def fleet(client: Any, current: _Current) -> Fleet:
    """An embedded ECS with the cluster `prod`, no machines, and a clock that stands still."""
    clock, events = ManualClock(), []
    images, targets, vault, logs, cloud_map = Repositories(), TargetGroups(), Vault(), LogGroups(), CloudMap()
    roles, alarms = Roles(), Alarms()
    ports = Ports(images, targets, vault, logs, cloud_map, roles, alarms)
    ecs = Ecs(clock, lambda account, region: ports, on_event=events.append)
    current.app = wsgi(ecs)
    client.create_cluster(clusterName='prod')
    return Fleet(client, ecs, clock, images, targets, vault, logs, cloud_map, alarms, roles, events)
