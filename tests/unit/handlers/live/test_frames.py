"""Frames of the live channel, plain and compressed."""

import zlib

import pytest

from handlers.live.frames import LEAST_DEFLATED, text_frame


def read(frame: bytes) -> tuple[int, bytes]:
    """The first byte and the payload (RFC 6455, 5.2)."""
    size, start = frame[1], 2
    if size == 126:
        size, start = int.from_bytes(frame[2:4], 'big'), 4
    elif size == 127:
        size, start = int.from_bytes(frame[2:10], 'big'), 10
    assert len(frame) == start + size
    return frame[0], frame[start:]


def inflated(payload: bytes) -> bytes:
    """https://www.rfc-editor.org/rfc/rfc7692#section-7.2.2"""
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(payload + b'\x00\x00\xff\xff')


@pytest.mark.parametrize('size', [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_a_text_is_one_frame(size: int):
    assert read(text_frame(b'x' * size)) == (0x81, b'x' * size)


@pytest.mark.parametrize('size', [LEAST_DEFLATED, 5_000, 200_000])
def test_a_compressed_text_stands_for_itself(size: int):
    text = bytes(range(48, 123)) * (size // 75 + 1)
    first, payload = read(text_frame(text, deflated=True))
    assert (first, inflated(payload)) == (0xC1, text)
    assert len(payload) < len(text) / 2
    assert text_frame(text, deflated=True) == text_frame(text, deflated=True)


def test_a_short_text_is_not_compressed():
    text = b'x' * (LEAST_DEFLATED - 1)
    assert text_frame(text, deflated=True) == text_frame(text)
