"""The port with a process's metrics."""

import socket
import urllib.request

import pytest

from stack.errors import Misconfigured
from stack.runtime.metrics import Metrics
from stack.runtime.metrics_server import serve_metrics
from tests.ports import unused_port


def test_metrics_are_served_while_the_block_runs():
    port, metrics = unused_port(), Metrics()
    metrics.aws_call('s3:GetObject', 'ok', 0.1)
    with (
        serve_metrics(metrics.registry, '127.0.0.1', port),
        urllib.request.urlopen(f'http://127.0.0.1:{port}/metrics', timeout=30) as answer,
    ):
        assert b'nysa_aws_calls_total{operation="s3:GetObject",outcome="ok"} 1.0' in answer.read()
    with pytest.raises(OSError, match='refused'), socket.create_connection(('127.0.0.1', port)):
        pass


def test_a_port_in_use_is_misconfigured():
    with socket.socket() as used:
        used.bind(('127.0.0.1', 0))
        used.listen()
        port = used.getsockname()[1]
        serving = serve_metrics(Metrics().registry, '127.0.0.1', port)
        with pytest.raises(Misconfigured, match=f'NYSA_METRICS_PORT: cannot listen on {port}'), serving:
            pass


def test_without_a_port_nothing_is_served():
    with serve_metrics(Metrics().registry, '127.0.0.1', None):
        pass
