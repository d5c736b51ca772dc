"""HTTP/1.1 on loopback for the embedded AWS: connections are kept alive, each answer leaves in one packet.

Werkzeug's own server closes the connection after each answer and then waits 10 ms for what it may have missed.
"""

import io
import logging
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

log = logging.getLogger(__name__)

Environ = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What goes back: a status, headers without the length, the whole body."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b''


_this_thread = threading.local()


def client_is_gone() -> bool:
    """Whether the client of the request that this thread is answering has closed its connection meanwhile."""
    connection: socket.socket | None = getattr(_this_thread, 'connection', None)
    if connection is None:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b''
    except BlockingIOError:
        return False
    except OSError:
        return True


# None cuts the connection without a word.
Application = Callable[[Environ, bytes], Answer | None]


class HttpServer:
    """Serves `application` on 127.0.0.1 from threads of its own until `stop()`; port 0 takes a free one.

    Raises OSError where the port is in use.
    """

    def __init__(self, application: Application, port: int = 0):
        listener = socket.create_server(('127.0.0.1', port), backlog=512)
        self.port: int = listener.getsockname()[1]
        with listener:
            self._server = _Server(application, self.port, listener.fileno())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name='sandbox')
        self._thread.start()

    def stop(self) -> None:
        """Takes no more connections and closes those that are open, idle or not."""
        self._server.shutdown()
        self._thread.join()
        for connection in tuple(self._server.connections):
            _shut(connection)


class _Server(ThreadedWSGIServer):
    def __init__(self, application: Application, port: int, listener: int):
        # The listener is handed over since werkzeug would end the process where the port is in use.
        super().__init__('127.0.0.1', port, lambda environ, start: (), _Handler, fd=listener)
        self.application = application
        self.connections: set[socket.socket] = set()

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.exception('a connection of the embedded AWS failed')


class _Handler(MotoRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)
        _this_thread.connection = self.connection

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def log(self, *args: Any, **kwargs: Any) -> None:
        """Log nothing for a request."""

    def run_wsgi(self) -> None:
        self.environ = environ = self.make_environ()
        body = self._read_body(environ)
        environ['wsgi.input'] = io.BytesIO(body)
        environ['CONTENT_LENGTH'] = str(len(body))
        environ.pop('HTTP_TRANSFER_ENCODING', None)
        answer = self.server.application(environ, body)
        if answer is None:
            self.close_connection = True
            # Reset instead of a polite end: a client must not take it for an empty answer.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            return
        self.wfile.write(self._packet(answer))

    def _read_body(self, environ: Mapping[str, Any]) -> bytes:
        if environ.get('wsgi.input_terminated'):
            terminated: bytes = environ['wsgi.input'].read()
            return terminated
        return self.rfile.read(int(environ.get('CONTENT_LENGTH') or 0))

    def _packet(self, answer: Answer) -> bytes:
        names = {name.lower() for name, _ in answer.headers}
        lines = [f'HTTP/1.1 {answer.status} {_phrase(answer.status)}']
        lines += [f'{name}: {value}' for name, value in answer.headers]
        if 'date' not in names:
            lines.append(f'Date: {formatdate(usegmt=True)}')
        bodyless = self.command == 'HEAD' or answer.status in (204, 304)
        # The answer to HEAD gives the length of what GET would send.
        if 'content-length' not in names and answer.status not in (204, 304):
            lines.append(f'Content-Length: {len(answer.body)}')
        if self.close_connection:
            lines.append('Connection: close')
        head = '\r\n'.join(lines).encode('latin-1') + b'\r\n\r\n'
        return head if bodyless else head + answer.body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return 'Unknown'


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        log.debug('a connection was closed already')
