"""The connections of the HTTP server: limits on their number, in all and by address, and on the time of each phase.

A connection waits for a request (`IDLE`), reads its headers and its body, and is then answered. See docs/security.md.
"""

import asyncio
import enum
import ipaddress
import json
import logging
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tornado.iostream import IOStream

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bounds:
    """How many connections there may be, and seconds for each phase of one.

    `of_address` limits those of one address, but not those of loopback addresses where it `spares_loopback`: a proxy on
    the same host connects from there. `unread_s` is for a client that does not read its answer.
    """

    connections: int
    of_address: int | None = None
    spares_loopback: bool = False
    header_s: float = 10.0
    body_s: float = 60.0
    idle_s: float = 75.0
    unread_s: float = 60.0


class Phase(enum.Enum):
    IDLE = 'idle'
    HEADERS = 'headers'
    BODY = 'body'
    ANSWER = 'answer'


class Stream(IOStream):
    """A connection that knows its phase, since when, and when it last could write."""

    # Beyond thirty attributes, the instances of a class share no table of their names: half a kilobyte for each.
    __slots__ = ('_ahead', '_report_close', '_was_answered', 'address', 'phase', 'request', 'since', 'wrote_at')

    def __init__(self, *args: Any, address: str, closed: Callable[['Stream'], None], **kwargs: Any):
        super().__init__(*args, **kwargs)
        # Each write is a whole answer or frame: there is nothing that Nagle's algorithm could wait for.
        super().set_nodelay(True)
        self.address = address
        self._report_close = closed
        self.request: Any = None
        # Whether something of the next request has arrived before the answer to this one was sent.
        self._ahead = False
        # Whether an answer has just been written, to which no client can have reacted yet.
        self._was_answered = False
        self.wrote_at = time.monotonic()
        # The first request has to come at once; only later ones may wait for the idle time.
        self.enter(Phase.HEADERS)

    @property
    def is_socket(self) -> bool:
        """Whether it has become a WebSocket, which takes it from Tornado's HTTP connection."""
        return self.request is not None and self.request.stream is None

    @property
    def has_unread(self) -> bool:
        """Whether something has arrived that was not read yet: this process may have been busy with other work."""
        try:
            return bool(self.socket.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def begin(self, request: Any) -> None:
        """Wait for the next request, which Tornado reads through `request`."""
        if self.request is not None:
            self.enter(Phase.HEADERS if self._ahead else Phase.IDLE)
            self._was_answered = not self._ahead
        self.request, self._ahead = request, False

    def enter(self, phase: Phase) -> None:
        self.phase, self.since = phase, time.monotonic()

    def set_nodelay(self, value: bool) -> None:
        """Nothing: it is set from the start, where Tornado sets and unsets it for each answer."""

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        if self._was_answered:
            # The next request is read once the socket is readable: tried here, there is hardly ever one.
            self._was_answered = False
            return None
        read = super().read_from_fd(buf)
        if read and self.phase is Phase.IDLE:
            self.enter(Phase.HEADERS)
        elif read and self.phase is Phase.ANSWER:
            self._ahead = True
        return read

    def write(self, data: bytes | memoryview) -> 'asyncio.Future[None]':
        """Send without the buffer what the socket accepts at once: nearly every answer."""
        if not self.closed() and not self.writing():
            try:
                sent = self.write_to_fd(memoryview(data))
            except OSError:
                sent = 0  # reported, or tried again, by the buffered write
            if sent == len(data):
                written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                written.set_result(None)
                return written
            data = memoryview(data)[sent:]
        return super().write(data)

    def write_to_fd(self, data: memoryview) -> int:
        sent = super().write_to_fd(data)
        if sent:
            self.wrote_at = time.monotonic()
        return sent

    def close(self, exc_info: Any = False) -> None:
        was_open = not self.closed()
        super().close(exc_info)
        if was_open:
            self._report_close(self)
            self.request = None  # which refers to this stream


class Connections:
    """Every open connection. `check` enforces the deadlines and reports what was refused; call it once a second."""

    def __init__(self, bounds: Bounds):
        self.bounds = bounds
        self._streams: set[Stream] = set()
        # Those that have deadlines: WebSockets have none here.
        self._timed: set[Stream] = set()
        self._of_address: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._streams)

    def refusal(self, address: str) -> str | None:
        """Why another connection of an address is refused; None where it is accepted."""
        if len(self._streams) >= self.bounds.connections:
            return f'{self.bounds.connections} connections are open'
        most = self.bounds.of_address
        if most is None or self._of_address[address] < most:
            return None
        if self.bounds.spares_loopback and ipaddress.ip_address(address).is_loopback:
            return None
        return f'{most} connections of one address are open'

    def refused(self, why: str) -> None:
        """A connection was refused, which is logged with the next `check`."""
        self._refused[why] += 1

    def open(self, connection: Any, address: str, **buffers: Any) -> Stream:
        """A connection that was accepted."""
        stream = Stream(connection, address=address, closed=self._closed, **buffers)
        self._streams.add(stream)
        self._timed.add(stream)
        self._of_address[address] += 1
        return stream

    def _closed(self, stream: Stream) -> None:
        self._streams.discard(stream)
        self._timed.discard(stream)
        self._of_address[stream.address] -= 1
        if not self._of_address[stream.address]:
            del self._of_address[stream.address]

    def check(self) -> None:
        """Close what has passed a deadline, make room where connections were refused, and log that once."""
        now = time.monotonic()
        for stream in list(self._timed):
            if stream.is_socket:
                self._timed.discard(stream)
                stream.request = None  # Tornado's HTTP connection, which nothing needs any longer
            else:
                self._check(stream, now)
        if self._refused:
            for why, count in self._refused.items():
                log.warning('%d connections refused: %s', count, why)
            self._close_idle(sum(self._refused.values()))
            self._refused.clear()

    def _check(self, stream: Stream, now: float) -> None:
        bounds, waited = self.bounds, now - stream.since
        if stream.phase is Phase.HEADERS and waited > bounds.header_s:
            _refuse_late(stream, 'headers', bounds.header_s)
        elif stream.phase is Phase.BODY and waited > bounds.body_s:
            _refuse_late(stream, 'body', bounds.body_s)
        elif stream.phase is Phase.IDLE and waited > bounds.idle_s and not stream.has_unread:
            stream.close()
        elif stream.phase is Phase.ANSWER and stream.writing() and now - stream.wrote_at > bounds.unread_s:
            log.info('a client that does not read its answer was cut off')
            stream.close()

    def _close_idle(self, count: int) -> None:
        """Close those that have waited longest for a request, and on which none has arrived."""
        idle = sorted((each for each in self._timed if each.phase is Phase.IDLE), key=lambda each: each.since)
        for stream in idle[:count]:
            if not stream.has_unread:
                stream.close()

    def close_idle(self) -> None:
        """Close all that wait for a request."""
        self._close_idle(len(self._streams))

    def close(self) -> None:
        """Close all but WebSockets, which have a farewell of their own."""
        for stream in [each for each in self._timed if not each.is_socket]:
            stream.close()


def refusal_answer(status: str, code: str, message: str, headers: Iterable[str] = ()) -> bytes:
    """A whole HTTP answer, for a connection that no handler sees."""
    body = json.dumps({'error': code, 'message': message, 'details': []}).encode()
    lines = [
        f'HTTP/1.1 {status}',
        'Content-Type: application/json; charset=UTF-8',
        f'Content-Length: {len(body)}',
        'Connection: close',
        *headers,
    ]
    return '\r\n'.join(lines).encode() + b'\r\n\r\n' + body


def _refuse_late(stream: Stream, what: str, seconds: float) -> None:
    if not stream.writing() and stream.wrote_at <= stream.since:
        message = f'The {what} did not arrive within {seconds:.0f} s.'
        stream.write(refusal_answer('408 Request Timeout', 'request_timeout', message))
    stream.close()
