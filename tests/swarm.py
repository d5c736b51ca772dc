"""Many subscribers in one thread: raw sockets that only split frames, so that measurements are of the server."""

import json
import re
import selectors
import socket
import struct
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

REQUEST = (
    'GET /api/v1/events?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{extensions}\r\n'
)
# https://www.rfc-editor.org/rfc/rfc7692#section-7
DEFLATE = 'Sec-WebSocket-Extensions: permessage-deflate\r\n'
COMPRESSED, TAIL = 0x40, b'\x00\x00\xff\xff'
CHUNK = 1 << 16
TYPE = re.compile(rb'{"type":"(\w+)"')
# The message's own revision comes before those of its services.
REVISION = re.compile(rb'"revision":"([^"]+)"')


class Bee:
    """One subscriber. `revisions` are the received ones with their times; `last` is the newest message of each type."""

    def __init__(self, port: int, query: str, deflated: bool = False):
        """`deflated` offers compression."""
        self.socket = socket.create_connection(('127.0.0.1', port))
        # A subscriber that stops reading also fills its own buffer: keep it small.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, CHUNK)
        extensions = DEFLATE if deflated else ''
        self.socket.sendall(REQUEST.format(query=query, port=port, extensions=extensions).encode())
        self.socket.setblocking(False)
        self.reads = True
        self.open = False
        self.closed = False
        self.frames = 0
        self.last: dict[str, bytes] = {}
        self.revisions: list[tuple[float, str]] = []
        self._buffer = bytearray()

    def take(self) -> bool:
        """Read the available bytes; return False if the server closed the connection."""
        try:
            data = self.socket.recv(CHUNK)
        except BlockingIOError:
            return True
        self._buffer += data
        if not self.open and b'\r\n\r\n' in self._buffer:
            head, _, rest = bytes(self._buffer).partition(b'\r\n\r\n')
            assert head.startswith(b'HTTP/1.1 101'), head
            self._buffer, self.open = bytearray(rest), True
        if self.open:
            now = time.monotonic()
            for payload in self._payloads():
                self.frames += 1
                self._note(payload, now)
        return bool(data)

    def _note(self, payload: bytes, now: float) -> None:
        # Messages are parsed on demand only: parsing would be most of the work.
        kind = TYPE.match(payload)[1].decode()
        self.last[kind] = payload
        if kind in ('desired', 'cluster'):
            self.revisions.append((now, REVISION.search(payload)[1].decode()))

    def message(self, kind: str) -> dict[str, Any]:
        """The newest message of a type."""
        return json.loads(self.last[kind])

    def knows(self, revision: str) -> bool:
        return bool(self.revisions) and self.revisions[-1][1] == revision

    def _payloads(self) -> Iterator[bytes]:
        buffer, start = self._buffer, 0
        while len(buffer) - start >= 2:
            length, head = buffer[start + 1] & 127, 2
            if length == 126:
                head = 4
            elif length == 127:
                head = 10
            if len(buffer) - start < head:
                break
            if length == 126:
                (length,) = struct.unpack_from('!H', buffer, start + 2)
            elif length == 127:
                (length,) = struct.unpack_from('!Q', buffer, start + 2)
            if len(buffer) - start < head + length:
                break
            payload = bytes(buffer[start + head : start + head + length])
            if buffer[start] & 15 == 1:
                yield inflate(payload) if buffer[start] & COMPRESSED else payload
            elif buffer[start] & 15 == 9:
                # A pong repeats the payload of the ping, with a mask of zeros.
                self.socket.send(bytes([0x8A, 0x80 | length, 0, 0, 0, 0]) + payload)
            start += head + length
        del buffer[:start]


def inflate(payload: bytes) -> bytes:
    """A message that was compressed by itself."""
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(payload + TAIL)


class Swarm:
    def __init__(
        self, port: int, count: int, query: str, within: float = 180.0, *, deflated: bool = False, at_once: int = 100
    ):
        """`at_once` connect before the first of them is read."""
        self._selector = selectors.DefaultSelector()
        self.bees: list[Bee] = []
        for first in range(0, count, at_once):
            some = [Bee(port, query, deflated) for _ in range(min(at_once, count - first))]
            self.bees += some
            for bee in some:
                self._selector.register(bee.socket, selectors.EVENT_READ, bee)
            self.until(lambda some=some: all('synced' in bee.last for bee in some), within)

    def until(self, holds: Callable[[], bool], within: float = 180.0) -> None:
        """Read until a condition is met."""
        end = time.monotonic() + within
        while not holds():
            assert time.monotonic() < end, f'the condition was not met: {self.troubles()}'
            self.read(0.05)

    def read(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if not key.data.take():
                key.data.closed = True
                self._selector.unregister(key.fileobj)

    def troubles(self) -> str:
        """How many were disconnected, and the newest error that one of them was sent."""
        errors = [bee.last['error'] for bee in self.bees if 'error' in bee.last]
        return f'{sum(bee.closed for bee in self.bees)} are disconnected, {errors[-1:]}'

    def stop(self, bees: Iterable[Bee]) -> None:
        """Make some subscribers stop reading."""
        for bee in bees:
            bee.reads = False
            self._selector.unregister(bee.socket)

    def go_on(self, bees: Iterable[Bee]) -> None:
        for bee in bees:
            bee.reads = True
            self._selector.register(bee.socket, selectors.EVENT_READ, bee)

    def close(self) -> None:
        for bee in self.bees:
            bee.socket.close()
        self._selector.close()
