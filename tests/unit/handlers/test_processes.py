"""The address of several processes."""

import socket
from contextlib import closing, suppress

import pytest

from handlers.processes import reserved
from handlers.serving import bind
from stack.errors import Misconfigured


def test_processes_share_a_reserved_address():
    with reserved(0, '127.0.0.1') as (host, port):
        [one], [other] = bind(port, host, shared=True), bind(port, host, shared=True)
        with closing(one), closing(other):
            assert one.getsockname() == other.getsockname() == (host, port)


def test_only_those_that_listen_get_connections():
    with reserved(0, '127.0.0.1') as (host, port):
        [listening] = bind(port, host, shared=True)
        with closing(listening):
            for _ in range(20):
                with closing(socket.create_connection((host, port), timeout=30)):
                    listening.setblocking(True)
                    listening.accept()[0].close()


# Tornado leaves the socket that it could not bind to the garbage collector.
@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')
def test_the_processes_of_another_server_are_in_the_way():
    with reserved(0, '127.0.0.1') as (host, port):
        [listening] = bind(port, host, shared=True)
        with closing(listening), pytest.raises(Misconfigured, match=f'{host}:{port}'), reserved(port, host):
            pass


def test_an_address_of_version_6():
    with suppress(Misconfigured), reserved(0, '::1') as (host, port):
        [listening] = bind(port, host, shared=True)
        listening.close()
        assert host == '::1'
