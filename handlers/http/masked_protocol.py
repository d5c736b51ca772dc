"""The WebSocket protocol of a server that closes on a frame without a mask.

A server must not read such a frame of a client: https://www.rfc-editor.org/rfc/rfc6455#section-5.1 (Tornado does).
"""

from typing import Any

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketProtocol13

MASKED = 0x80
# https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
PROTOCOL_ERROR = 1002


class MaskedProtocol(WebSocketProtocol13):
    def __init__(self, *args: Any):
        super().__init__(*args)
        self._at_header = False

    async def _receive_frame(self) -> None:
        self._at_header = True
        await super()._receive_frame()

    async def _read_bytes(self, n: int) -> bytes:
        data = await super()._read_bytes(n)
        if self._at_header:
            self._at_header = False
            if not data[1] & MASKED:
                self.close(PROTOCOL_ERROR, 'a frame of a client must be masked')
                raise StreamClosedError
        return data
