"""HTTP/1.1 as AWS clients speak it: one connection for many requests, bodies of any kind, an end without a word."""

import http.client
import socket
import threading
import urllib.request
from collections.abc import Iterator

import pytest

from stack.sandbox.http_server import Answer, HttpServer


@pytest.fixture
def seen() -> list[tuple[str, str, bytes]]:
    return []


@pytest.fixture
def server(seen) -> Iterator[HttpServer]:
    def application(environ, body):
        seen.append((environ['REQUEST_METHOD'], environ['PATH_INFO'], body))
        if environ['PATH_INFO'] == '/cut':
            return None
        if environ['PATH_INFO'] == '/fail':
            raise RuntimeError('no handler caught it')
        status = int(environ['QUERY_STRING'] or 200)
        return Answer(status, (('X-Method', environ['REQUEST_METHOD']),), b'' if status in (204, 304) else b'answer')

    running = HttpServer(application)
    yield running
    running.stop()


@pytest.fixture
def connection(server) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection('127.0.0.1', server.port, timeout=60)
    yield made
    made.close()


def ask(connection, method: str, path: str, body=None, **headers) -> tuple[int, bytes]:
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_a_connection_serves_many_requests(connection, seen):
    assert ask(connection, 'GET', '/one') == (200, b'answer')
    first = connection.sock
    assert ask(connection, 'HEAD', '/two') == (200, b'')
    assert ask(connection, 'DELETE', '/three?204') == (204, b'')
    assert ask(connection, 'GET', '/four?304') == (304, b'')
    assert ask(connection, 'GET', '/five?599') == (599, b'answer')
    assert ask(connection, 'PUT', '/six', b'x' * 300_000)[0] == 200
    assert ask(connection, 'POST', '/seven', iter([b'in ', b'chunks']))[0] == 200
    assert connection.sock is first
    assert seen[-2:] == [('PUT', '/six', b'x' * 300_000), ('POST', '/seven', b'in chunks')]


def test_the_answer_to_head_has_the_length_of_the_answer_to_get(connection):
    connection.request('HEAD', '/')
    answer = connection.getresponse()
    answer.read()
    assert answer.headers['Content-Length'] == '6'


def test_a_client_that_expects_100_continue_gets_it(server):
    with socket.create_connection(('127.0.0.1', server.port), timeout=60) as client:
        client.sendall(b'PUT /k HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
        assert client.recv(100).startswith(b'HTTP/1.1 100 ')
        client.sendall(b'body')
        assert client.recv(1000).startswith(b'HTTP/1.1 200 ')


def test_a_connection_may_be_cut_without_an_answer(connection, seen):
    with pytest.raises(ConnectionError):
        ask(connection, 'PUT', '/cut', b'body')
    assert seen == [('PUT', '/cut', b'body')]


def test_a_client_that_goes_away_harms_nobody(server, connection):
    with socket.create_connection(('127.0.0.1', server.port)) as client:
        client.sendall(b'PUT /k HTTP/1.1\r\nHost: x\r\nContent-Length: 400\r\n\r\nonly a part')
    with socket.create_connection(('127.0.0.1', server.port)) as client:
        client.sendall(b'no HTTP at all\r\n\r\n')
        client.recv(1000)
    assert ask(connection, 'GET', '/') == (200, b'answer')


def test_what_nobody_caught_is_logged(server, connection, caplog):
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        ask(connection, 'GET', '/fail')
    assert 'connection' in caplog.text
    connection.close()
    assert ask(connection, 'GET', '/') == (200, b'answer')


def test_many_connections_at_once(server):
    gate = threading.Barrier(100)

    def one() -> None:
        gate.wait(30)
        with urllib.request.urlopen(f'http://127.0.0.1:{server.port}/') as answer:
            statuses.append(answer.status)

    statuses: list[int] = []
    threads = [threading.Thread(target=one) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 100


def test_stopping_closes_connections_that_idle(server, connection):
    ask(connection, 'GET', '/')
    server.stop()
    assert connection.sock.recv(1) == b''
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(('127.0.0.1', server.port))
