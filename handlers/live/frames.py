"""WebSocket frames, made once for all sockets that are sent the same.

https://www.rfc-editor.org/rfc/rfc6455#section-5.2, compressed https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1
"""

import struct
import zlib

# The first byte: the message's only frame, and text.
_FINAL_TEXT = 0x81
_COMPRESSED = 0x40
# What the end of a flush is, and the receiver adds again.
_TAIL = b'\x00\x00\xff\xff'
# Shorter texts are sent as they are: compressed, they are hardly shorter.
LEAST_DEFLATED = 200
LEVEL = 6


def text_frame(text: bytes, deflated: bool = False) -> bytes:
    """A server's frame with one whole text message in UTF-8; `deflated` for a socket that agreed to it."""
    if deflated and len(text) >= LEAST_DEFLATED:
        return _header(_FINAL_TEXT | _COMPRESSED, body := deflate(text)) + body
    return _header(_FINAL_TEXT, text) + text


def deflate(text: bytes) -> bytes:
    """A message compressed by itself, so that its bytes are the same for every socket."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return (compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)


def _header(first: int, body: bytes) -> bytes:
    size = len(body)
    if size < 126:
        return struct.pack('!BB', first, size)
    if size < 1 << 16:
        return struct.pack('!BBH', first, 126, size)
    return struct.pack('!BBQ', first, 127, size)
