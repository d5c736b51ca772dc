"""WebSocket frames, encoded once for all receivers: https://www.rfc-editor.org/rfc/rfc6455#section-5.2"""

import struct

# The first byte: the message's only frame, and text.
_FINAL_TEXT = 0x81


def text_frame(text: bytes) -> bytes:
    """A server's frame that holds one whole text message in UTF-8."""
    size = len(text)
    if size < 126:
        return struct.pack('!BB', _FINAL_TEXT, size) + text
    if size < 1 << 16:
        return struct.pack('!BBH', _FINAL_TEXT, 126, size) + text
    return struct.pack('!BBQ', _FINAL_TEXT, 127, size) + text
