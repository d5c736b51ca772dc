"""The routing table by the shape of a path: the number of its segments, and the last one."""

from collections.abc import Iterable
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.routing import PathMatches
from tornado.web import RequestHandler

# What a name in a path is matched by.
NAME = '([^/]+)'

Match = tuple[type[RequestHandler], dict[str, Any]]


class RouteTable:
    """Routes whose patterns are literal but for names: a path is matched against one or two of them, not all."""

    def __init__(self, routes: Iterable[tuple[str, type[RequestHandler]]]):
        self._routes: dict[tuple[int, str], list[tuple[PathMatches, type[RequestHandler]]]] = {}
        for pattern, handler in routes:
            segments = pattern.replace(NAME, '*').split('/')
            self._routes.setdefault((len(segments), segments[-1]), []).append((PathMatches(pattern), handler))

    def find(self, request: HTTPServerRequest) -> Match | None:
        """The handler of a path with the arguments in it; None where no route matches."""
        size, last = request.path.count('/') + 1, request.path.rpartition('/')[2]
        for end in (last, '*'):
            for matcher, handler in self._routes.get((size, end), ()):
                arguments = matcher.match(request)
                if arguments is not None:
                    return handler, arguments
        return None
