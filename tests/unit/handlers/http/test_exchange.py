"""Answers over real sockets are, byte for byte, what Tornado's own server sends."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from handlers.http.connections import Bounds
from handlers.http.http_server import Server

# More than the buffers of a socket take.
LARGE = bytes(range(256)) * (32 * 1024 * 1024 // 256)


class Whole(RequestHandler):
    def get(self) -> None:
        self.set_header('X-Latin', 'é')
        self.add_header('Vary', 'Accept')
        self.add_header('Vary', 'Origin')
        self.finish('{"a": 1}')

    def head(self) -> None:
        self.get()

    def post(self) -> None:
        self.finish(self.request.body)

    def options(self) -> None:
        self.set_status(204)


class Pieces(RequestHandler):
    async def get(self) -> None:
        self.write('one')
        await self.flush()
        self.finish('two')


class Large(RequestHandler):
    def get(self) -> None:
        self.finish(LARGE)

    def compute_etag(self) -> None:
        """Hashing takes long."""


class Headers(RequestHandler):
    """Answers with the headers of the request."""

    def get(self) -> None:
        self.finish({'headers': list(self.request.headers.get_all())})


class Broken(RequestHandler):
    def get(self) -> None:
        # Past Tornado's own check, as a header made elsewhere would be.
        self._headers._as_list['X-Broken'] = ['a\r\nX-Injected: b']
        self.finish('x')


APPLICATION: list[Any] = [
    ('/whole', Whole),
    ('/pieces', Pieces),
    ('/large', Large),
    ('/headers', Headers),
    ('/broken', Broken),
]


@asynccontextmanager
async def own() -> AsyncIterator[int]:
    server = Server(Application(APPLICATION), Bounds(10), max_body_size=1000)
    sockets = bind_sockets(0, '127.0.0.1')
    server.listen(sockets)
    port = sockets[0].getsockname()[1]
    try:
        yield port
    finally:
        await server.stop()
        await server.close()


@asynccontextmanager
async def reference() -> AsyncIterator[int]:
    server = HTTPServer(Application(APPLICATION), max_body_size=1000)
    sockets = bind_sockets(0, '127.0.0.1')
    server.add_sockets(sockets)
    try:
        yield sockets[0].getsockname()[1]
    finally:
        server.stop()
        await server.close_all_connections()


async def exchanged(server: Any, sent: bytes) -> bytes:
    """What comes back until the server closes, or nothing more is owed."""
    async with asyncio.timeout(60), server as port:
        reader, writer = await asyncio.open_connection('127.0.0.1', port)
        writer.write(sent)
        answer = await reader.read()
        writer.close()
        return re.sub(rb'Date: [^\r]*', b'Date: -', answer)


def both(sent: bytes) -> tuple[bytes, bytes]:
    async def ask() -> tuple[bytes, bytes]:
        return await exchanged(own(), sent), await exchanged(reference(), sent)

    return asyncio.run(ask())


LAST = b'GET /whole HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
REQUESTS = {
    'kept': b'GET /whole HTTP/1.1\r\nHost: x\r\n\r\n' + LAST,
    'with a length of zero': b'GET /whole HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n' + LAST,
    'unchanged': b'GET /whole HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n' + LAST,
    'head': b'HEAD /whole HTTP/1.1\r\nHost: x\r\n\r\n' + LAST,
    'without content': b'OPTIONS /whole HTTP/1.1\r\nHost: x\r\n\r\n' + LAST,
    'with a body': b'POST /whole HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc' + LAST,
    'with chunks': b'POST /whole HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n' + LAST,
    'with too large a body': b'POST /whole HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n',
    'in pieces': b'GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n' + LAST,
    'of 1.0': b'GET /whole HTTP/1.0\r\n\r\n',
    'of 1.0, kept': b'GET /whole HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /pieces HTTP/1.0\r\n\r\n',
    'unknown': b'GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n' + LAST,
    'without a host': b'GET /whole HTTP/1.1\r\n\r\n',
    'malformed': b'nothing of the kind\r\n\r\n',
    'with repeated headers': b'GET /headers HTTP/1.1\r\nHost: x\r\nA: 1\r\nb:\t2 \r\na: 3\r\nC:\r\n\r\n' + LAST,
    'with two hosts': b'GET /headers HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
    'with line feeds alone': b'GET /headers HTTP/1.1\nHost: x\nA: 1\n\n' + LAST,
    'folded': b'GET /headers HTTP/1.1\r\nHost: x\r\nA: 1\r\n 2\r\n\r\n' + LAST,
    'with a blank before the colon': b'GET /headers HTTP/1.1\r\nHost: x\r\nA : 1\r\n\r\n' + LAST,
    'with a control character': b'GET /headers HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n' + LAST,
    'after an empty line': b'\r\nGET /headers HTTP/1.1\r\nHost: x\r\n\r\n' + LAST,
}


@pytest.mark.parametrize('sent', REQUESTS.values(), ids=REQUESTS)
def test_an_answer_is_what_tornado_sends(sent: bytes):
    answered, expected = both(sent)
    assert answered == expected


def test_an_answer_that_the_socket_takes_in_parts_is_whole():
    sent = b'GET /large HTTP/1.1\r\nHost: x\r\n\r\n' + LAST
    answered, expected = both(sent)
    assert len(answered) > len(LARGE)
    assert answered == expected


def test_a_header_with_a_line_break_is_not_sent():
    answered, expected = both(b'GET /broken HTTP/1.1\r\nHost: x\r\n\r\n' + LAST)
    assert b'X-Injected' not in answered
    assert answered == expected
