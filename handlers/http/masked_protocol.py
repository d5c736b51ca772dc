"""The server's side of WebSockets: it closes on frames without a mask, and agrees to compression without memory.

A server must not read an unmasked frame: https://www.rfc-editor.org/rfc/rfc6455#section-5.1 (Tornado does). Without
context takeover, a compressed frame has the same bytes for every socket, and a socket keeps no state of a compressor:
https://www.rfc-editor.org/rfc/rfc7692#section-7.1.1
"""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketProtocol13

MASKED = 0x80
# https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
PROTOCOL_ERROR = 1002

DEFLATE = 'permessage-deflate'
NO_TAKEOVER = {'server_no_context_takeover': None, 'client_no_context_takeover': None}
WINDOWS = ('server_max_window_bits', 'client_max_window_bits')
# The window of the frames that are shared.
WINDOW_BITS = '15'
POSSIBLE_BITS = frozenset(map(str, range(9, 16)))


class MaskedProtocol(WebSocketProtocol13):
    """`deflates` is whether the client accepts compressed frames."""

    # Beyond thirty attributes, the instances of a class share no table of their names: a kilobyte for each socket.
    __slots__ = ('_at_header', '_receiving', 'deflates')

    def __init__(self, *args: Any):
        super().__init__(*args)
        self._at_header = False
        self.deflates = False

    def _parse_extensions_header(self, headers: HTTPHeaders) -> list[tuple[str, dict[str, Any]]]:
        """The offers of compression that can be accepted, with what the server adds to them."""
        offers = super()._parse_extensions_header(headers)
        return [(name, {**parameters, **NO_TAKEOVER}) for name, parameters in offers if is_acceptable(name, parameters)]

    def _create_compressors(self, *args: Any, **kwargs: Any) -> None:
        super()._create_compressors(*args, **kwargs)
        self.deflates = True

    async def _receive_frame_loop(self) -> None:
        """Receive in a task of its own, so that the coroutines of the handshake end: they are a kilobyte and more."""
        self._receiving = asyncio.create_task(super()._receive_frame_loop())
        self._receiving.add_done_callback(self._received)

    def _received(self, receiving: 'asyncio.Task[None]') -> None:
        if receiving.cancelled():
            self._abort()
        else:
            self._run_callback(receiving.result)

    def _receive_frame(self) -> Coroutine[Any, Any, None]:
        self._at_header = True
        return super()._receive_frame()

    async def _read_bytes(self, n: int) -> bytes:
        data = await super()._read_bytes(n)
        if self._at_header:
            self._at_header = False
            if not data[1] & MASKED:
                self.close(PROTOCOL_ERROR, 'a frame of a client must be masked')
                raise StreamClosedError
        return data


def is_acceptable(name: str, parameters: Mapping[str, str | None]) -> bool:
    """Whether an offer lets the server use its whole window, and has only what RFC 7692 knows."""
    if name != DEFLATE or not parameters.keys() <= {*NO_TAKEOVER, *WINDOWS}:
        return False
    client = parameters.get('client_max_window_bits')
    return parameters.get('server_max_window_bits', WINDOW_BITS) == WINDOW_BITS and (
        client is None or client in POSSIBLE_BITS
    )
