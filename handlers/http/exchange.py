"""HTTP/1.1 on one connection: Tornado's, with headers that are read in one go, and answers that are written in one.

Tornado parses, renders, encodes and checks each header by itself, and gives every write two futures.
"""

import asyncio
import logging
import re
from dataclasses import dataclass

from tornado.http1connection import HTTP1Connection, HTTP1ServerConnection
from tornado.httputil import HTTPHeaders, HTTPServerConnectionDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import StreamClosedError, UnsatisfiableReadError

from handlers.http import request_headers

log = logging.getLogger(__name__)

# What would end a line of the headers.
LINE_END = re.compile('[\r\n]')


@dataclass(frozen=True, slots=True)
class Peer:
    """The client of a connection, as Tornado's requests have it."""

    remote_ip: str
    protocol: str = 'http'

    def __str__(self) -> str:
        return self.remote_ip


class Exchange(HTTP1Connection):
    """One request and its answer."""

    def _parse_headers(self, data: bytes) -> tuple[str, HTTPHeaders]:
        return request_headers.parse(data) or super()._parse_headers(data)

    def write_headers(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders, chunk: bytes | None = None
    ) -> 'asyncio.Future[None]':
        """Write headers with the first chunk. What is rare is left to Tornado: HTTP/1.0, chunks, the last answer."""
        assert isinstance(start_line, ResponseStartLine)
        request, length = self._request_start_line, headers.get('Content-Length')
        assert request is not None
        has_body = request.method != 'HEAD' and start_line.code not in (204, 304)
        is_rare = request.version != 'HTTP/1.1' or self._disconnect_on_finish or (has_body and length is None)
        if is_rare or self.stream.closed():
            return super().write_headers(start_line, headers, chunk)
        self._response_start_line = start_line
        self._expected_content_remaining = int(length) if has_body and length is not None else 0
        lines = [f'{name}: {value}' for name, value in headers.get_all()]
        if LINE_END.search(''.join(lines)):
            raise ValueError('A header of the answer has a line break.')
        head = '\r\n'.join([f'HTTP/1.1 {start_line.code} {start_line.reason}', *lines, '', '']).encode('latin-1')
        self._pending_write = self.stream.write(head + self._format_chunk(chunk) if chunk else head)
        return self._pending_write


class ServerConnection(HTTP1ServerConnection):
    """A connection whose requests are exchanges, one after the other."""

    async def _server_request_loop(self, delegate: HTTPServerConnectionDelegate) -> None:
        """Tornado's loop without its pause after each request: a verb runs in a task, so that the loop turns anyway."""
        try:
            takes_more = True
            while takes_more:
                exchange = Exchange(self.stream, False, self.params, self.context)
                try:
                    takes_more = await exchange.read_response(delegate.start_request(self, exchange))
                except (StreamClosedError, UnsatisfiableReadError, asyncio.CancelledError):
                    return
                except Exception:
                    log.exception('a request of %s could not be read', self.context)
                    exchange.close()
                    return
        finally:
            delegate.on_close(self)
