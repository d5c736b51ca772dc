"""Callers over kept connections, each with one request under way at a time: raw sockets, to load the server alone."""

import json
import re
import selectors
import socket
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

LENGTH = re.compile(rb'(?i)\r\ncontent-length: *(\d+)')
CHUNK = 1 << 18


def request(method: str, path: str, body: Any = None, **headers: str) -> bytes:
    content = b'' if body is None else json.dumps(body).encode()
    named = {'Host': '127.0.0.1', 'Content-Type': 'application/json', 'Content-Length': str(len(content)), **headers}
    lines = [f'{method} {path} HTTP/1.1', *(f'{name.replace("_", "-")}: {value}' for name, value in named.items())]
    return '\r\n'.join([*lines, '', '']).encode() + content


@dataclass
class Result:
    seconds: float
    times_ms: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        return len(self.times_ms) / self.seconds

    @property
    def median_ms(self) -> float:
        return statistics.median(self.times_ms)

    @property
    def p99_ms(self) -> float:
        return statistics.quantiles(self.times_ms, n=100)[98]


class _Caller:
    def __init__(self, port: int, make: Callable[[], bytes]):
        self.socket = socket.create_connection(('127.0.0.1', port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._make = make
        self._buffer = b''

    def ask(self) -> None:
        self._buffer, self.began = b'', time.perf_counter()
        self.socket.sendall(self._make())

    def take(self) -> int | None:
        """Read what is there; the status once the answer is whole."""
        data = self.socket.recv(CHUNK)
        assert data, 'the server has closed'
        self._buffer = self._buffer + data if self._buffer else data
        end = self._buffer.find(b'\r\n\r\n')
        if end < 0:
            return None
        length = LENGTH.search(self._buffer, 0, end + 2)
        whole = end + 4 + (int(length[1]) if length else 0)
        return int(self._buffer[9:12]) if len(self._buffer) >= whole else None


def load(port: int, make: Callable[[], bytes], connections: int, seconds: float) -> Result:
    """Have so many callers ask again and again; `make` gives each next request."""
    callers = [_Caller(port, make) for _ in range(connections)]
    selector = selectors.DefaultSelector()
    for each in callers:
        selector.register(each.socket, selectors.EVENT_READ, each)
        each.ask()
    result, started = Result(seconds), time.perf_counter()
    waiting = len(callers)
    while waiting:
        for key, _ in selector.select(5):
            status = key.data.take()
            if status is None:
                continue
            now = time.perf_counter()
            if now - started < seconds:
                result.statuses[status] += 1
                result.times_ms.append((now - key.data.began) * 1000)
                key.data.ask()
            else:
                waiting -= 1
                selector.unregister(key.data.socket)
                key.data.socket.close()
    selector.close()
    return result
