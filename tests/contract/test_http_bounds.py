"""What clients of the HTTP server can hold up: nothing for long, over real sockets."""

import contextlib
import json
import logging
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from handlers.http import http_server
from handlers.http.connections import Bounds
from handlers.http.http_server import connections_possible
from tests.aws import Aws
from tests.client import path
from tests.process import ROOT, environment
from tests.server import Server

WAIT_S = 60
HEALTH = b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'


@pytest.fixture
def server(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(http_server, 'CHECKED_EACH_S', 0.02)
    with Server(aws) as running:
        yield running


def bound(server: Server, **bounds: float) -> None:
    server.http.connections.bounds = replace(server.http.connections.bounds, **bounds)


def connect(server: Server) -> socket.socket:
    line = socket.create_connection(('127.0.0.1', server.port))
    line.settimeout(WAIT_S)
    return line


def read_to_end(line: socket.socket) -> bytes:
    """All that comes before the server closes."""
    got = b''
    while chunk := line.recv(65536):
        got += chunk
    return got


def read_answer(line: socket.socket) -> bytes:
    """An answer with a Content-Length."""
    got = b''
    while not (found := re.search(rb'Content-Length: (\d+).*?\r\n\r\n', got, re.DOTALL)) or len(
        got
    ) < found.end() + int(found[1]):
        chunk = line.recv(65536)
        assert chunk, got
        got += chunk
    return got


def test_the_deadlines_are_those_that_are_documented():
    assert (Bounds(1).header_s, Bounds(1).body_s, Bounds(1).idle_s) == (10, 60, 75)


@pytest.mark.parametrize('sent', [b'', b'GET /healthz HTTP/1.1\r\nHost: x\r\n'])
def test_headers_that_do_not_come_are_not_waited_for(server: Server, sent: bytes):
    with connect(server) as line:
        line.sendall(sent)
        bound(server, header_s=0.1)
        answer = read_to_end(line)
    assert answer.startswith(b'HTTP/1.1 408 ')
    assert json.loads(answer.partition(b'\r\n\r\n')[2])['error'] == 'request_timeout'


def test_headers_that_trickle_in_on_a_kept_connection_are_not_waited_for(server: Server):
    with connect(server) as line:
        line.sendall(HEALTH)
        assert b' 200 ' in read_answer(line)
        bound(server, header_s=0.1)
        line.sendall(b'GET /healthz HTTP/1.1\r\nX-Slow: ')
        assert read_to_end(line).startswith(b'HTTP/1.1 408 ')


def test_a_body_that_does_not_come_is_not_waited_for(server: Server):
    bound(server, body_s=0.1)
    with connect(server) as line:
        line.sendall(b'POST /api/v1/clusters HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"name"')
        answer = read_to_end(line)
    assert b'The body did not arrive within' in answer
    server.run(server.context.in_flight.answered())


def test_an_idle_connection_is_closed(server: Server):
    bound(server, idle_s=0.1)
    with connect(server) as line:
        line.sendall(HEALTH)
        assert b' 200 ' in read_answer(line)
        assert read_to_end(line) == b''


def test_a_kept_connection_serves_again_and_again(server: Server):
    with connect(server) as line:
        for _ in range(5):
            line.sendall(HEALTH)
            assert b' 200 ' in read_answer(line)
        line.sendall(HEALTH + HEALTH)
        assert b' 200 ' in read_answer(line)


def test_connections_are_limited_and_those_that_are_open_go_on(server: Server, caplog: pytest.LogCaptureFixture):
    with connect(server) as first, connect(server) as second:
        # One after the other, so that the first has waited longer.
        for line in (first, second):
            line.sendall(HEALTH)
            assert b' 200 ' in read_answer(line)
        bound(server, connections=len(server.http.connections))
        with connect(server) as third:
            answer = read_to_end(third)
            assert answer.startswith(b'HTTP/1.1 503 ')
            assert b'Retry-After: 1\r\n' in answer
            assert json.loads(answer.partition(b'\r\n\r\n')[2])['error'] == 'overloaded'
        # The connection that has waited longest for a request makes room.
        assert read_to_end(first) == b''
        with connect(server) as fourth:
            fourth.sendall(HEALTH)
            assert b' 200 ' in read_answer(fourth)
            second.sendall(HEALTH)
            assert b' 200 ' in read_answer(second)
    assert 'connections refused' in caplog.text


def test_the_connections_of_one_address_are_limited(server: Server):
    bound(server, of_address=1, spares_loopback=False)
    with connect(server) as first:
        first.sendall(HEALTH)
        assert b' 200 ' in read_answer(first)
        with connect(server) as second:
            assert b'1 connections of one address' in read_to_end(second)
        with socket.create_connection(('127.0.0.1', server.port), source_address=('127.0.0.2', 0)) as other:
            other.settimeout(WAIT_S)
            other.sendall(HEALTH)
            assert b' 200 ' in read_answer(other)


def test_a_proxy_on_the_same_host_is_not_limited_unless_asked_for(aws: Aws):
    with Server(aws) as server:
        assert server.http.connections.bounds.spares_loopback
        bound(server, of_address=1)
        with connect(server) as first, connect(server) as second:
            for line in (first, second):
                line.sendall(HEALTH)
                assert b' 200 ' in read_answer(line)
    with Server(aws, NYSA_MAX_CONNECTIONS_PER_ADDRESS='7') as server:
        bounds = server.http.connections.bounds
        assert (bounds.of_address, bounds.spares_loopback) == (7, False)
    with Server(aws, NYSA_PROXIES='1') as server:
        assert server.http.connections.bounds.of_address is None


def test_the_limit_of_files_limits_the_connections():
    program = (
        'import resource\n'
        'resource.setrlimit(resource.RLIMIT_NOFILE, (100, 400))\n'
        'from handlers.http.http_server import connections_possible\n'
        'print(connections_possible(10_000), resource.getrlimit(resource.RLIMIT_NOFILE))'
    )
    ended = subprocess.run(
        [sys.executable, '-c', program],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout == '300 (400, 400)\n'
    assert connections_possible(10) == 10


def test_no_file_descriptor_is_left(server: Server, caplog: pytest.LogCaptureFixture, monkeypatch):
    """The limit of this very process is lowered: the server refuses, logs it once a check, and goes on afterwards."""
    monkeypatch.setattr(http_server, 'CHECKED_EACH_S', 0.3)
    caplog.set_level(logging.WARNING)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.ExitStack() as used, connect(server) as open_before:
        lines = [socket.socket() for _ in range(30)]
        # Descriptors below them that earlier tests have left free would be had in spite of the limit.
        while used.enter_context(socket.socket()).fileno() < max(line.fileno() for line in lines):
            pass
        open_before.sendall(HEALTH)
        assert b' 200 ' in read_answer(open_before)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(line.fileno() for line in lines) + 1, hard))
            started, refusals = time.monotonic(), 0
            for line in lines:
                line.settimeout(WAIT_S)
                line.connect(('127.0.0.1', server.port))
            for line in lines:
                try:
                    refusals += read_to_end(line).startswith(b'HTTP/1.1 503 ')
                except OSError:
                    refusals += 1
                line.close()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert refusals
    # The next check logs them, which may be after the last of them.
    while not (logged := [record for record in caplog.records if 'out of resources' in record.getMessage()]):
        assert time.monotonic() < started + WAIT_S
        time.sleep(0.05)  # polls the log, which announces nothing
    assert len(logged) <= 3 + (time.monotonic() - started) / 0.3
    with connect(server) as line:
        line.sendall(HEALTH)
        assert b' 200 ' in read_answer(line)


def test_a_made_up_method_makes_no_label(server: Server):
    for number in range(20):
        with connect(server) as line:
            line.sendall(f'MADEUP{number} /healthz HTTP/1.1\r\nHost: x\r\n\r\n'.encode())
            assert b' 405 ' in read_answer(line)
    text = server.ask('GET', '/metrics').body.decode()
    assert 'MADEUP' not in text
    assert 'method="other"' in text


@pytest.mark.parametrize('encoding', ['gzip', 'br', 'deflate, gzip'])
def test_a_compressed_body_is_refused(server: Server, encoding: str):
    name = server.aws.cluster()
    body = {'name': name, 'config': {'services': []}}
    refused = server.api('POST', '/clusters', body, Content_Encoding=encoding)
    assert (refused.status, refused.json['error']) == (415, 'unsupported_media_type')
    assert server.api('GET', path('clusters', name, 'config')).status == 404
    assert server.api('POST', '/clusters', body, Content_Encoding='identity').status == 201


@pytest.mark.parametrize('frame', [b'\x81\x0f{"type":"ping"}', b'\x89\x00', b'\x81\x7e\x01\x00'])
def test_a_frame_without_a_mask_ends_the_socket(server: Server, frame: bytes):
    handshake = (
        b'GET /api/v1/events HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
        b'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n'
    )
    with connect(server) as line:
        line.sendall(handshake + frame)
        got = read_to_end(line)
    assert b' 101 ' in got
    assert b'\x88' in got
    assert (1002).to_bytes(2, 'big') in got
    assert b'pong' not in got
