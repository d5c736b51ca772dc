"""The headers that every answer of the API begins with, made once for all."""

import time
from collections.abc import Mapping
from functools import lru_cache

import tornado
from tornado.httputil import HTTPHeaders, format_timestamp

# Tornado's own, and what answers have unless a verb sets another value.
ALWAYS = {
    'Server': f'TornadoServer/{tornado.version}',
    'Content-Type': 'text/html; charset=UTF-8',
    'Cache-Control': 'private, no-cache',
}


class AnswerHeaders(HTTPHeaders):
    """Headers that are known to be valid, with their names as HTTP writes them: Tornado checks each at each answer."""

    def __init__(self, known: Mapping[str, str], request_id: str):
        self._as_list = {name: [value] for name, value in (*ALWAYS.items(), *known.items())}
        self._as_list['Date'] = [_date(int(time.time()))]
        self._as_list['X-Request-Id'] = [request_id]
        self._combined_cache = {}


@lru_cache(maxsize=4)
def _date(seconds: int) -> str:
    return format_timestamp(seconds)
