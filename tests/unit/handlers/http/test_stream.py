"""What a connection asks of the kernel for each answer."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from handlers.http.connections import Bounds, Connections, Stream


@contextmanager
def connected(connections: Connections | None = None) -> Iterator[tuple[Stream, socket.socket]]:
    with socket.create_server(('127.0.0.1', 0)) as listening, socket.socket() as client:
        client.connect(listening.getsockname())
        accepted, address = listening.accept()
        accepted.setblocking(False)
        connections = Connections(Bounds(1)) if connections is None else connections
        stream = connections.open(accepted, address[0])
        yield stream, client
        stream.close()


def test_an_answer_is_sent_at_once_and_never_delayed():
    async def scenario() -> None:
        with connected() as (stream, client):
            stream.set_nodelay(False)
            assert stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert stream.write(b'answer').done()
            assert not stream.writing()
            assert client.recv(100) == b'answer'

    asyncio.run(scenario())


def test_the_next_request_is_read_once_it_has_arrived():
    async def scenario() -> None:
        with connected() as (stream, client):
            stream.begin(object())
            stream.begin(object())
            client.sendall(b'next')
            reading = asyncio.ensure_future(stream.read_bytes(4))
            # The kernel is not asked before it reports the socket as readable.
            assert not reading.done()
            async with asyncio.timeout(30):
                assert await reading == b'next'

    asyncio.run(scenario())


def test_what_the_socket_does_not_take_follows():
    content = bytes(range(256)) * (64 * 1024)

    async def scenario() -> None:
        with connected() as (stream, client):
            writing = stream.write(content)
            assert stream.writing()
            client.setblocking(False)
            loop, received = asyncio.get_running_loop(), b''
            async with asyncio.timeout(60):
                while len(received) < len(content):
                    received += await loop.sock_recv(client, 1 << 20)
                await writing
            assert received == content

    asyncio.run(scenario())


def test_a_write_to_a_client_that_is_gone_fails_quietly():
    async def scenario() -> None:
        with connected() as (stream, client):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\x01\x00\x00\x00\x00\x00\x00\x00')
            client.close()
            async with asyncio.timeout(30):
                while not stream.closed():
                    stream.write(b'x')
                    await asyncio.sleep(0)

    asyncio.run(scenario())


def wait_too_long(stream: Stream) -> None:
    stream.begin(SimpleNamespace(stream=stream))
    stream.begin(SimpleNamespace(stream=stream))
    stream.since -= Bounds(1).idle_s + 1


def test_an_idle_connection_is_closed_at_its_deadline():
    async def scenario() -> None:
        connections = Connections(Bounds(1))
        with connected(connections) as (stream, client):
            wait_too_long(stream)
            connections.check()
            assert stream.closed()
            assert client.recv(1) == b''

    asyncio.run(scenario())


def test_a_connection_on_which_a_request_has_arrived_is_not_closed_as_idle():
    """The process may have been busy with other work when the request came: closed now, it would never be answered."""

    async def scenario() -> None:
        connections = Connections(Bounds(1))
        with connected(connections) as (stream, client):
            wait_too_long(stream)
            client.sendall(b'GET')
            connections.check()
            connections.refused('another one')
            connections.check()
            assert not stream.closed()
            async with asyncio.timeout(30):
                assert await stream.read_bytes(3) == b'GET'

    asyncio.run(scenario())


def test_a_connection_whose_client_has_closed_it_is_closed_as_idle():
    async def scenario() -> None:
        connections = Connections(Bounds(1))
        with connected(connections) as (stream, client):
            wait_too_long(stream)
            client.close()
            connections.check()
            assert stream.closed()

    asyncio.run(scenario())
