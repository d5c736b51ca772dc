"""Ports for servers of tests that cannot listen on a port of the kernel's choice."""

import contextlib
import random
import socket

# Below the ports that the kernel gives to connections and to servers without a port of their own, one of which could
# take it meanwhile: https://man7.org/linux/man-pages/man7/ip.7.html, ip_local_port_range
CANDIDATES = range(15_000, 32_000)


def unused_port() -> int:
    """A port of loopback on which no server listens."""
    while True:
        port = random.choice(CANDIDATES)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(('127.0.0.1', port))
            return port
