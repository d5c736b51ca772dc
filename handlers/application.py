"""The Tornado application: the routing table with the use cases behind it."""

from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import Application, GZipContentEncoding

from handlers.base import NothingHere
from handlers.context import Context
from handlers.document.control_plane import control_plane_routes, read_build
from handlers.route_table import RouteTable
from handlers.routes import ROUTES, SOCKETS

# Bodies beyond the API's own limit are read up to here, so that their sender gets its answer; then the line is cut.
MAX_BODY_BYTES = 64 * 1024 * 1024


class Compression(GZipContentEncoding):
    """gzip for answers from 1 kB on, where the client accepts it. Built assets are compressed already.

    Level 4 has a twentieth more bytes than level 6, in half the time of the event loop.
    """

    CONTENT_TYPES = GZipContentEncoding.CONTENT_TYPES | {'application/openapi+json', 'application/yaml'}
    GZIP_LEVEL = 4


class RoutedApplication(Application):
    """The API's handlers by its routing table; Tornado tries what else there is one after the other."""

    def __init__(self, context: Context):
        super().__init__(
            control_plane_routes(read_build(), sandbox=context.sandbox),
            transforms=[Compression],
            default_handler_class=NothingHere,
            default_handler_args={'context': context},
            access=context.access,
            log_function=lambda _: None,  # each handler logs its own request
        )
        self._table = RouteTable((*ROUTES, *SOCKETS))
        self._arguments = {'context': context}

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        found = self._table.find(request)
        if found is None:
            return super().find_handler(request, **kwargs)
        handler, arguments = found
        return self.get_handler_delegate(request, handler, self._arguments, **arguments)
