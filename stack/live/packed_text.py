"""The texts of events at rest, compressed (RFC 1951) with a dictionary of what most of them contain.

Alone, a text of 600 bytes is half as long compressed, and with the dictionary a sixth.
"""

import zlib

# Texts of the most frequent events; the end of a dictionary is what is found best.
_DICTIONARY = b''.join(
    [
        b'"previous_image":"desired_count":{"type":"frozen","cluster":"","at":"","by":"","reason":"","until":null}',
        b'"also":[{"service":"","path":"","effect":""}],"also_more":0,"unreadable":null,"environment.","concealed":true',
        b'"verb":"replace","source":"external","summary":"created","action":"create","action":"destroy","deploys":false',
        b'{"type":"desired","cluster":"","at":"2026-01-01T00:00:00.000+00:00","revision":"","changed_at":'
        b'"2026-01-01T00:00:00.000000+00:00","by":"","message":null,"source":"api","last_change":{"revision":"",'
        b'"changed_at":"2026-01-01T00:00:00.000000+00:00","by":"","message":null,"source":"api"},"previous":"",'
        b'"deploys":true,"summary":": image \xe2\x86\x92 ","did":[{"verb":"set","service":"","image_tag":""}],'
        b'"unreadable":null,"changes":[{"service":"","action":"update","changes":[{"path":"image","before":"",'
        b'"after":""}]}]}',
    ]
)
# A window of 4 KB: texts and dictionary are shorter, and a larger one is 256 KB of memory for each call.
_WINDOW, _MEMORY, _LEVEL = -12, 5, 6


def packed(text: bytes) -> bytes:
    made = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY)
    return made.compress(text) + made.flush()


def unpacked(packed: bytes) -> bytes:
    return zlib.decompressobj(_WINDOW, _DICTIONARY).decompress(packed)
