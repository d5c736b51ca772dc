"""Several processes on one port: each a replica, which the kernel gives its share of the connections.

They listen with SO_REUSEPORT: https://man7.org/linux/man-pages/man7/socket.7.html
"""

import argparse
import contextlib
import socket
import sys
from collections.abc import Iterator, Sequence
from functools import partial

from handlers.serving import banner, bind, health_address
from stack.configuration.settings import Settings
from stack.errors import Misconfigured
from stack.runtime.heartbeat import SETTING, beat
from stack.runtime.loops import Loops
from stack.runtime.stopping import stop_signal
from stack.runtime.supervisor import Supervisor

# The profile whose embedded AWS is a part of the process.
EMBEDDED = 'local'


def is_supervisor(options: argparse.Namespace, settings: Settings) -> bool:
    """Whether this process is to start others. Raises `Misconfigured` for the profile that runs in one process."""
    if options.channel is not None or settings['NYSA_PROCESSES'] == 1:
        return False
    if settings['PROFILE'] == EMBEDDED:
        wrong = {
            'path': 'NYSA_PROCESSES',
            'message': 'must be 1 with PROFILE=local: its embedded AWS is in the process',
        }
        raise Misconfigured('Settings are missing or wrong.', [wrong])
    return True


@contextlib.contextmanager
def reserved(port: int, host: str) -> Iterator[tuple[str, int]]:
    """Keep an address for processes that listen on it, and give it. Raises `Misconfigured` where it is in use."""
    addresses = []
    for probe in bind(port, host):
        with probe:
            addresses.append((probe.family, probe.getsockname()))
    with contextlib.ExitStack() as stack:
        for family, address in addresses:
            # Bound, and not listening: the kernel gives it no connection.
            kept = stack.enter_context(socket.socket(family))
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                kept.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            kept.bind(address)
        yield addresses[0][1][:2]


def command(program: str, host: str, port: int, number: int, descriptor: int) -> Sequence[str]:
    """Start one of the processes."""
    options = (f'--host={host}', f'--port={port}', f'--process={number}', f'--channel={descriptor}')
    return [sys.executable, program, 'serve', *options]


async def serve_in_processes(program: str, version: str, settings: Settings) -> int:
    """Supervise processes of `nysa_server.py` until a signal; give the exit status. Raises `Misconfigured`."""
    stop = stop_signal()
    host = settings['NYSA_HOST']
    with reserved(settings['NYSA_PORT'], host) as (bound, port):
        start, stop_s = partial(command, program, host, port), settings['NYSA_STOP_SECONDS']
        supervisor = Supervisor(settings['NYSA_PROCESSES'], start, stop_within_s=stop_s)
        async with Loops() as loops:
            health = partial(beat, settings[SETTING], 'serve', health_address(bound, port), supervisor.is_healthy)
            loops.start('health', health)
            return await supervisor.run(stop, lambda: print(*banner(version, bound, port), sep='\n', flush=True))
