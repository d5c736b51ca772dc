"""The Tornado application: the routing table with the use cases behind it."""

from tornado.web import Application

from handlers.base import NothingHere
from handlers.context import Context
from handlers.document.control_plane import control_plane_routes, read_build
from handlers.routes import ROUTES, SOCKETS

# Bodies beyond the API's own limit are read up to here, so that their sender gets its answer; then the line is cut.
MAX_BODY_BYTES = 64 * 1024 * 1024


def make_application(context: Context) -> Application:
    return Application(
        [
            *((pattern, handler, {'context': context}) for pattern, handler in (*ROUTES, *SOCKETS)),
            *control_plane_routes(read_build(), sandbox=context.sandbox),
        ],
        default_handler_class=NothingHere,
        default_handler_args={'context': context},
        access=context.access,
        log_function=lambda _: None,  # each handler logs its own request
    )
