"""The server's life: sockets, limits, and a stop that lets requests in flight finish."""

import asyncio
import contextlib
import logging
import socket

from tornado.netutil import bind_sockets

from handlers.application import MAX_BODY_BYTES, RoutedApplication
from handlers.context import Context
from handlers.http.connections import Bounds
from handlers.http.http_server import BACKLOG, Server, connections_possible
from stack.changes.desired_state import DesiredStates
from stack.configuration.settings import Settings
from stack.errors import Misconfigured

log = logging.getLogger('nysa')

# Of the time of a stop, what is kept for all that requests leave: announcements, marks, records.
LEFT_WITHIN_S = 2.0
# How long closed connections may take to end.
CLOSED_WITHIN_S = 1.0

# Connections of one address, unless a setting or a proxy is in between.
CONNECTIONS_OF_ADDRESS = 1000


def bind(port: int, host: str, *, shared: bool = False) -> list[socket.socket]:
    """Listening sockets, which may be `shared` with other processes. Raises `Misconfigured`."""
    try:
        return bind_sockets(port, host, backlog=BACKLOG, reuse_port=shared)
    except OSError as error:
        raise Misconfigured(f'Cannot listen on {host}:{port}: {error.strerror}. NYSA_PORT names another.') from error


def banner(version: str, host: str, port: int) -> list[str]:
    """The first lines of a server's output: its address, and what to open."""
    base = f'http://{host}:{port}'
    return [
        f'Nysa {version} listens on {base}',
        f'Open {base}/cp in a browser. The API is described at {base}/api/docs.',
    ]


def health_address(host: str, port: int) -> str:
    """Where this machine reaches its own server; one that listens on all addresses is reached on loopback."""
    host = {'0.0.0.0': '127.0.0.1', '::': '::1'}.get(host, host)  # noqa: S104  what is listened on, not listening
    return f'http://{f"[{host}]" if ":" in host else host}:{port}/healthz'


def make_server(settings: Settings, context: Context) -> Server:
    wanted, of_address = settings['NYSA_MAX_CONNECTIONS'], settings['NYSA_MAX_CONNECTIONS_PER_ADDRESS']
    is_default = of_address is None
    if is_default and not settings['NYSA_PROXIES']:
        of_address = CONNECTIONS_OF_ADDRESS
    bounds = Bounds(connections_possible(wanted), of_address, spares_loopback=is_default)
    if bounds.connections < wanted:
        log.info('at most %d connections are accepted: the process may not open more files', bounds.connections)
    return Server(RoutedApplication(context), bounds, max_body_size=MAX_BODY_BYTES)


async def stop_serving(server: Server, context: Context, states: DesiredStates, within_s: float) -> None:
    """Finish the requests in flight within the time of a stop; later ones are answered as unknown."""
    until = asyncio.get_running_loop().time() + within_s
    await server.stop()
    context.sockets.close()
    context.live.askers.stop()
    try:
        async with asyncio.timeout_at(until - LEFT_WITHIN_S):
            await context.in_flight.finished()
    except TimeoutError:
        log.warning('requests without an answer at the stop: AWS has not answered %s', context.in_flight.causes())
        context.in_flight.expire()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(until):
            await states.close()
            await context.installation_audit.close()
            await context.telemetry.tails.close()
            await context.live.close()
            await context.recorder.close()
            await context.in_flight.answered()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSED_WITHIN_S):
            await server.close()
