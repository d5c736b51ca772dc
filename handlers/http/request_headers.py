"""The headers of a request: read in one go where they are as nearly every client sends them.

Tornado checks each line by five regular expressions, of which some look at each character by itself.
"""

import re

from tornado.httputil import HTTPHeaders, _normalize_header

# Lines that are valid by https://www.rfc-editor.org/rfc/rfc9112.html#section-5 and end as it wants, with what ends them
# all. Tornado accepts more: a line feed alone.
REGULAR = re.compile(r"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n")
AROUND_VALUES = ' \t'


class RequestHeaders(HTTPHeaders):
    """Headers of which each line is known to be valid."""

    def __init__(self, lines: list[str]):
        self._as_list = {}
        self._combined_cache = {}
        for line in lines:
            name, _, value = line.partition(':')
            self._as_list.setdefault(_normalize_header(name), []).append(value.strip(AROUND_VALUES))


def parse(data: bytes) -> tuple[str, HTTPHeaders] | None:
    """The request line, and the headers after it; None where Tornado has to decide about them."""
    text = data.decode('latin-1').lstrip('\r\n')
    end = text.find('\n') + 1
    if not REGULAR.fullmatch(text, end):
        return None
    lines = text[end:-4].split('\r\n') if len(text) > end + 2 else []
    return text[: end - 1].rstrip('\r'), RequestHeaders(lines)
