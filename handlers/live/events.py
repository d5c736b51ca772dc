"""The live channel: a WebSocket on which clients subscribe and the hub publishes. See docs/events.md."""

import json
import logging
import socket
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tornado.httputil import HTTPHeaders
from tornado.iostream import IOStream, SSLIOStream, StreamBufferFullError, StreamClosedError
from tornado.web import HTTPError
from tornado.websocket import WebSocketProtocol, WebSocketProtocol13

from handlers.access.audited import audit_refusal
from handlers.errors import HTTP_CODE, headers_of, status_of
from handlers.http.masked_protocol import MaskedProtocol
from handlers.live.frames import text_frame
from handlers.live.log_tail import LogTail
from handlers.live.sockets import HEARTBEAT_S, CallerSocket
from stack.access.access import Role
from stack.errors import AccessDenied, InvalidRequest, NotFound, NysaError
from stack.live import cluster_events
from stack.live.client_messages import Ping, Subscribe, Tail, read_message, subscription
from stack.live.event import Event, error_event
from stack.live.forms import Form
from stack.live.subscriber import Subscriber
from stack.runtime.masking import masked
from stack.telemetry.tail_topic import TailTopic

if TYPE_CHECKING:
    from handlers.context import Context

log = logging.getLogger(__name__)

PROTOCOL = 'nysa.v1'
# Enough for the revisions of ten thousand clusters, some 600 KB.
LARGEST_MESSAGE = 1024 * 1024
# Bytes in the buffer of a socket before its reader counts as slow; the kernel's buffer takes about as much again.
HIGH_WATER = 64 * 1024
SEND_BUFFER = 64 * 1024
# The headers of the handshake that records of later refusals need.
KEPT_HEADERS = ('User-Agent', 'X-Forwarded-For')
BOOLEANS = {'true': True, 'false': False}
# Shared by all sockets, and never changed.
NO_HEADERS = HTTPHeaders()
NO_ARGUMENTS: Any = {}
# A guard far above everything that the hub sends.
LARGEST_BUFFER = 64 * 1024 * 1024


class StreamOutlet:
    """The frames of a subscriber: written into the socket directly while it accepts them, else buffered."""

    def __init__(self, stream: IOStream, writable: Callable[[], None]):
        """`writable()` is called when the buffer is empty again."""
        self._stream = stream
        self._writable = writable
        self._waiting = 0
        stream.max_write_buffer_size = LARGEST_BUFFER
        self._direct = not isinstance(stream, SSLIOStream)

    def ready(self) -> bool:
        return self._waiting <= HIGH_WATER or self._stream.closed()

    def offer(self, frame: bytes) -> bool:
        """Send a frame without waiting; false where the reader is slow. A closed stream drops every frame."""
        stream = self._stream
        if stream.closed():
            return True
        if not self.ready():
            return False
        rest: bytes | memoryview = frame
        if self._direct and not stream.writing():
            try:
                sent = stream.socket.send(frame)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                stream.close()
                return True
            if sent == len(frame):
                return True
            rest = memoryview(frame)[sent:]
        self._wait_for(rest)
        return True

    def _wait_for(self, rest: bytes | memoryview) -> None:
        size = len(rest)
        try:
            written = self._stream.write(rest)
        except (StreamClosedError, StreamBufferFullError):
            self._stream.close()
            return
        self._waiting += size

        def done(future: Any) -> None:
            future.exception()  # a closed connection is no error here
            self._waiting -= size
            if not self._waiting:
                self._writable()

        written.add_done_callback(done)

    def close(self) -> None:
        """Break the cycle with the subscriber, so that both are freed without the garbage collector."""
        self._writable = _nothing


class Events(CallerSocket):
    """`GET /api/v1/events`, with the access rules of REST; pages of other origins are refused."""

    role = Role.VIEWER
    # Beyond thirty attributes, the instances of a class share no table of their names: half a kilobyte for each socket.
    __slots__ = ('context', 'log_tail', 'opened', 'outlet', 'request_id', 'subscriber')
    context: 'Context'
    # These are there once the socket is open.
    subscriber: Subscriber
    outlet: StreamOutlet
    log_tail: LogTail

    def initialize(self, context: 'Context') -> None:
        self.context = context
        self.request_id = uuid.uuid4().hex
        self.opened = False

    @property
    def max_message_size(self) -> int:
        return LARGEST_MESSAGE

    async def prepare(self) -> None:
        """Refusals are plain HTTP answers here, before the upgrade."""
        self.set_header('X-Request-Id', self.request_id)
        self.context.access.origins.check(self.request)
        self.caller = await self.context.access.caller(self.request)
        if self.caller.role < self.role:
            raise AccessDenied(f'This requires the role {self.role.name.lower()}.')
        self.context.access.check_sockets(self.context.sockets.of(self.caller))

    def check_origin(self, origin: str) -> bool:
        """`prepare` has checked it."""
        return True

    async def get(self, *args: str, **kwargs: str) -> None:
        if self.request.headers.get('Upgrade', '').lower() != 'websocket':
            raise InvalidRequest('A WebSocket is opened here: see docs/events.md.')
        await super().get(*args, **kwargs)

    def get_compression_options(self) -> dict[str, Any]:
        """Accept offers of compression; clients without one get plain frames."""
        return {}

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        plain = super().get_websocket_protocol()
        return MaskedProtocol(self, False, plain.params) if isinstance(plain, WebSocketProtocol13) else None

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return PROTOCOL if PROTOCOL in subprotocols else None

    def _detach_stream(self) -> IOStream:
        """Take the stream without the seven attributes by which Tornado refuses HTTP's methods from here on."""
        return self.detach()

    def open(self, *args: str, **kwargs: str) -> None:
        # Tornado opens the handler once it has the connection and its stream.
        assert self.ws_connection is not None
        assert self.ws_connection.stream is not None
        stream = self.ws_connection.stream
        stream.set_nodelay(True)
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        hub = self.context.live.hub
        self.outlet = StreamOutlet(stream, lambda: hub.delivery.writable(self.subscriber))
        # Only browsers send an Origin: pages repaint at most ten times a second.
        self.subscriber = Subscriber(
            self.outlet,
            form=Form(self.caller.role > Role.VIEWER, deflated=self.deflates),
            paced='Origin' in self.request.headers,
            may_see=self.caller.may_see,
        )
        self.log_tail = LogTail(self.outlet, masks=self.caller.role <= Role.VIEWER)
        self.opened = True
        self._forget_handshake()
        self.context.sockets.add(self)
        role = self.caller.role.name.lower()
        self.say(cluster_events.hello(self.context.version, self.caller.name, role, HEARTBEAT_S, _now()))
        clusters, detail = self.get_query_arguments('cluster'), self.get_query_argument('detail', None)
        stated = self.get_query_argument('batches', 'false')
        batches = BOOLEANS.get(stated, stated)
        if clusters:
            self.answer(lambda: hub.subscribe(self.subscriber, subscription(clusters, {}, detail, batches=batches)))

    def _forget_handshake(self) -> None:
        """Drop what the handshake alone needed, half of the memory of an idle socket: its credentials among it."""
        request = self.request
        headers = {name: request.headers[name] for name in KEPT_HEADERS if name in request.headers}
        request.headers = HTTPHeaders(headers)
        request.connection = None
        request.body_arguments = request.files = NO_ARGUMENTS
        self.ui = NO_ARGUMENTS
        self._headers = NO_HEADERS
        self._transforms = []

    @property
    def deflates(self) -> bool:
        return isinstance(self.ws_connection, MaskedProtocol) and self.ws_connection.deflates

    def on_message(self, message: str | bytes) -> None:
        self.answer(lambda: self.take(message))

    def take(self, message: str | bytes) -> None:
        """Process a message of the client. Raises `InvalidRequest`, `NotAuthenticated`, `TooManyRequests`."""
        self.context.access.check_message(self.caller)
        read = read_message(message)
        if isinstance(read, Subscribe):
            self.context.live.hub.subscribe(self.subscriber, read)
        elif isinstance(read, Ping):
            self.say(cluster_events.pong(_now()))
        elif isinstance(read, Tail):
            self.follow(read.topic)
        else:
            self.context.telemetry.tails.leave(self.log_tail)

    def follow(self, topic: TailTopic) -> None:
        """Send the lines of a log from now on. Raises `AccessDenied`, `NotFound`, `TooManyRequests`."""
        self.context.telemetry.check_may_read_logs(self.caller)
        if not self.caller.may_see(topic.cluster):
            raise NotFound(f'There is no cluster {topic.cluster!r} here.')
        self.context.telemetry.tails.follow(topic, self.log_tail)

    def answer(self, act: Callable[[], None]) -> None:
        """Report a failure on the open connection, which Tornado would close without a message."""
        try:
            act()
        except NysaError as failed:
            audit_refusal(self.context, self.request, failed, self.caller, None)
            self.say(error_event(failed.code, failed.message, failed.details()))
        except Exception:
            log.exception('a message on the live channel failed (request %s)', self.request_id)
            self.say(error_event('internal', f'Something went wrong here; the log has it under {self.request_id}.'))

    def say(self, event: Event) -> None:
        self.outlet.offer(text_frame(event.text(self.subscriber.form.values), self.deflates))

    def on_pong(self, data: bytes) -> None:
        self.context.sockets.answered(self)

    def on_close(self) -> None:
        self.context.sockets.discard(self)
        if self.opened:
            self.context.live.hub.leave(self.subscriber)
            self.context.telemetry.tails.leave(self.log_tail)
            self.outlet.close()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """A refusal before the upgrade, in the shape of the API."""
        failed = kwargs.get('exc_info', (None, None))[1]
        audit_refusal(self.context, self.request, failed, getattr(self, 'caller', None), None)
        if isinstance(failed, NysaError):
            self.set_status(status_of(failed))
            content = {'error': failed.code, 'message': failed.message, 'details': failed.details()}
        else:
            message = f'A WebSocket is opened here; the request was refused ({status_code}).'
            content = {'error': HTTP_CODE.get(status_code, 'refused'), 'message': message, 'details': []}
        for name, value in (self.context.access.origins.headers(self.request) | headers_of(failed)).items():
            self.set_header(name, value)
        self.set_header('Content-Type', 'application/json; charset=UTF-8')
        self.finish(json.dumps({**masked(content), 'request_id': self.request_id}))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, NysaError | HTTPError):
            log.error('request %s failed', self.request_id, exc_info=(typ, value, tb))


def _nothing() -> None:
    """The initial value of callbacks."""


def _now() -> datetime:
    return datetime.now(UTC)
