"""HTTP/1.1 for the benchmarks' AWS: as little of it as boto3 needs, so that the client's own cost is what shows."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

REASONS = {200: 'OK', 204: 'No Content', 400: 'Bad Request', 404: 'Not Found', 412: 'Precondition Failed'}


@dataclass
class Request:
    """Header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


# Status, headers, body.
Answer = tuple[int, dict[str, str], bytes]


class Line(asyncio.Protocol):
    """One connection; the next request comes when this one has its answer."""

    def __init__(self, answer: Callable[[Request], Answer], latency_s: float):
        self._answer = answer
        self._latency_s = latency_s
        self._buffer = b''
        self._continued = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, rest = self._buffer.partition(b'\r\n\r\n')
        if not blank:
            return
        first, *lines = head.decode('latin-1').split('\r\n')
        headers = {name.lower(): value for name, _, value in (line.partition(': ') for line in lines)}
        if headers.get('expect') == '100-continue' and not self._continued:
            self._continued = True
            self._transport.write(b'HTTP/1.1 100 Continue\r\n\r\n')
        if len(rest) < int(headers.get('content-length', 0)):
            return
        self._buffer, self._continued = b'', False
        method, target, _ = first.split(' ')
        where = urlsplit(target)
        query = dict(parse_qsl(where.query, keep_blank_values=True))
        request = Request(method, unquote(where.path), query, headers, rest)
        asyncio.get_running_loop().call_later(self._pause(request), self._transport.write, self._written(request))

    def _pause(self, request: Request) -> float:
        """Seconds until the answer: the latency; for messages, of which there are none, as long as the caller waits."""
        if request.path.startswith('/-/'):
            return 0
        waits = request.headers.get('x-amz-target', '').endswith('.ReceiveMessage')
        return json.loads(request.body).get('WaitTimeSeconds') or self._latency_s if waits else self._latency_s

    def _written(self, request: Request) -> bytes:
        status, headers, body = self._answer(request)
        lines = [f'HTTP/1.1 {status} {REASONS[status]}', *(f'{name}: {value}' for name, value in headers.items())]
        if status != 204:
            lines.append(f'Content-Length: {len(body)}')
        head = '\r\n'.join([*lines, '', '']).encode('latin-1')
        return head if request.method == 'HEAD' else head + body


def serve(answer: Callable[[Request], Answer], latency_s: float) -> None:
    """Answer on a free port of loopback, which is printed, until the process is ended."""

    async def whole() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Line(answer, latency_s), '127.0.0.1', 0, backlog=1024)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(whole())
