"""The metrics of a process that serves no HTTP otherwise, on a port of their own."""

import contextlib
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, start_http_server

from stack.errors import Misconfigured


@contextlib.contextmanager
def serve_metrics(registry: CollectorRegistry, host: str, port: int | None) -> Iterator[None]:
    """Serve the metrics while the block runs; without a port, nothing. Raises `Misconfigured`."""
    if port is None:
        yield
        return
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise Misconfigured(f'NYSA_METRICS_PORT: cannot listen on {port}: {error.strerror}.') from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
