"""The HTTP server: Tornado's protocol behind a bounded accept loop that does not spin when descriptors run out."""

import asyncio
import contextlib
import errno
import logging
import os
import resource
import socket
from collections.abc import Sequence
from typing import Any

from tornado.http1connection import HTTP1ConnectionParameters
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.web import Application

from handlers.http.connections import Bounds, Connections, Phase, Stream, refusal_answer
from handlers.http.exchange import Peer, ServerConnection

log = logging.getLogger(__name__)

# Bytes that are read at once: hardly any request has more, and the buffer is made for each read.
READ_CHUNK = 8 * 1024
# Connections that may wait to be accepted, as far as the kernel allows: all clients of another replica connect at once
# when it stops. The kernel drops the next one, whose client tries again after a second, then after two.
BACKLOG = 1024
# Connections accepted in one turn of the loop.
ACCEPTED_A_TURN = 100
CHECKED_EACH_S = 1.0

# Turns of the loop until what has arrived on a connection is read: it is polled, and read in the next turn.
TURNS_TO_READ = 3

# What the kernel answers where it has no descriptor or no memory for another connection.
SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
# How long nothing is accepted during a shortage that cannot be dealt with otherwise.
SHORTAGE_PAUSE_S = 0.5

# File descriptors for what is no connection of a client: AWS, files, and the event loop.
RESERVED_FILES = 200
MOST_FILES = 65_536


class Server:
    """`bounds.connections` is lowered to what the process may have open."""

    def __init__(self, application: Application, bounds: Bounds, max_body_size: int):
        """The connection of a body beyond `max_body_size` bytes is cut off."""
        self.connections = Connections(bounds)
        self._served: set[ServerConnection] = set()
        self._delegate = _Tracked(application, self._served)
        # `connections` has the deadlines: Tornado's would cost two futures and a timer for each request.
        self._parameters = HTTP1ConnectionParameters(chunk_size=READ_CHUNK, max_body_size=max_body_size)
        self._sockets: list[socket.socket] = []
        self._checking: asyncio.Task[None] | None = None
        self._paused: list[asyncio.TimerHandle] = []
        # Given up to accept, and refuse, a connection where no descriptor is left.
        self._spare: int | None = os.open(os.devnull, os.O_RDONLY)

    def listen(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections on sockets that listen."""
        for each in sockets:
            each.setblocking(False)
            self._sockets.append(each)
            self._watch(each)
        self._checking = asyncio.get_running_loop().create_task(self._check())

    async def stop(self) -> None:
        """Accept no more connections but those that wait for it; an open one closes with its next answer.

        An idle one is closed now, unless a request has arrived on it.
        """
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            loop.remove_reader(each)
            self._accept(each, BACKLOG)
            each.close()
        self._sockets.clear()
        for timer in self._paused:
            timer.cancel()
        self._parameters.no_keep_alive = True
        for _ in range(TURNS_TO_READ):
            await asyncio.sleep(0)
        self.connections.close_idle()

    async def close(self) -> None:
        """Close every connection."""
        if self._checking is not None:
            self._checking.cancel()
        self.connections.close()
        while self._served:
            await next(iter(self._served)).close()
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None

    def _watch(self, listening: socket.socket) -> None:
        asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket, most: int = ACCEPTED_A_TURN) -> None:
        for _ in range(most):
            try:
                connection, address = listening.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                shortage = error.strerror or str(error)
                if error.errno not in SHORTAGES:
                    self.connections.refused(shortage)
                    self._pause(listening)
                    return
                if not self._refuse_with_spare(listening, shortage):
                    return
            else:
                self._admit(connection, address)

    def _admit(self, connection: socket.socket, address: tuple[Any, ...]) -> None:
        peer = address[0] if address else ''
        why = self.connections.refusal(peer)
        if why is not None:
            self.connections.refused(why)
            _refuse(connection, why)
            return
        connection.setblocking(False)
        stream = self.connections.open(connection, peer, read_chunk_size=READ_CHUNK)
        served = ServerConnection(stream, self._parameters, Peer(peer))
        self._served.add(served)
        served.start_serving(self._delegate)

    def _refuse_with_spare(self, listening: socket.socket, shortage: str) -> bool:
        """Accept one connection with the spare descriptor and close it; false where no more is to be accepted now."""
        if self._spare is None:
            self._pause(listening)
            return False
        os.close(self._spare)
        self._spare = None
        try:
            connection, _ = listening.accept()
        except BlockingIOError:
            return False
        except OSError:
            self._pause(listening)
            return False
        else:
            self.connections.refused(f'the process is out of resources ({shortage})')
            _refuse(connection, 'too many connections are open')
            return True
        finally:
            self._keep_spare()

    def _keep_spare(self) -> None:
        if self._spare is None:
            with contextlib.suppress(OSError):
                self._spare = os.open(os.devnull, os.O_RDONLY)

    def _pause(self, listening: socket.socket) -> None:
        """A socket that is ready, and cannot be accepted from, would make the loop spin."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)
        self._paused = [timer for timer in self._paused if timer.when() > loop.time()]
        self._paused.append(loop.call_later(SHORTAGE_PAUSE_S, self._watch, listening))

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECKED_EACH_S)
            try:
                self.connections.check()
                self._keep_spare()
            except Exception:
                log.exception('the deadlines of connections could not be checked')


class _Tracked(HTTPServerConnectionDelegate):
    """The application, with each connection's phase noted; those that end are removed from `served`."""

    def __init__(self, application: Application, served: set[ServerConnection]):
        self._application = application
        self._served = served

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        # Tornado passes the connection that was made from the stream.
        assert isinstance(server_conn, ServerConnection)
        assert isinstance(server_conn.stream, Stream)
        stream = server_conn.stream
        stream.begin(request_conn)
        return _TrackedRequest(self._application.start_request(server_conn, request_conn), stream)

    def on_close(self, server_conn: object) -> None:
        assert isinstance(server_conn, ServerConnection)
        self._served.discard(server_conn)


class _TrackedRequest(HTTPMessageDelegate):
    def __init__(self, delegate: HTTPMessageDelegate, stream: Stream):
        self._delegate = delegate
        self._stream = stream

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> Any:
        self._stream.enter(Phase.BODY)
        prepared = self._delegate.headers_received(start_line, headers)
        # What has no body need not wait until its handler is prepared for one.
        has_body = headers.get('Content-Length', '0') != '0' or 'Transfer-Encoding' in headers
        return prepared if has_body else None

    def data_received(self, chunk: bytes) -> Any:
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        self._stream.enter(Phase.ANSWER)
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()


def _refuse(connection: socket.socket, why: str) -> None:
    """Answer that there is no room, as far as that is possible at once, and close."""
    answer = refusal_answer('503 Service Unavailable', 'overloaded', f'{why.capitalize()}.', ['Retry-After: 1'])
    with contextlib.suppress(OSError):
        connection.setblocking(False)
        connection.send(answer)
        connection.shutdown(socket.SHUT_WR)
    connection.close()


def connections_possible(wanted: int) -> int:
    """How many of so many connections the process may have open; its limit of files is raised as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    available = MOST_FILES if soft == resource.RLIM_INFINITY else soft
    return max(1, min(wanted, available - min(RESERVED_FILES, available // 4)))
