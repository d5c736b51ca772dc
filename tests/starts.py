"""Starts of the server in a real profile, timed: for the test of the start and for its benchmark."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from tests.process import ROOT, environment


@dataclass(frozen=True)
class Start:
    """A timed start: `seconds` from the command to the line with the server's address, `cpu_seconds` to its end.

    `modules` are all that were imported, if that was asked for.
    """

    seconds: float
    cpu_seconds: float
    status: int
    modules: frozenset[str]


def timed_start(addresses: tuple[str, ...] = (), *, list_modules: bool = False, **variables: str) -> Start:
    """Start the server, request these addresses, end it."""
    if list_modules:
        variables['PYTHONPROFILEIMPORTTIME'] = '1'
    with tempfile.TemporaryFile('w+') as errors:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, 'nysa_server.py', '--port=0'],
            cwd=ROOT,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        with process.stdout as lines:
            line = next((line for line in lines if 'listens on' in line), '')
            seconds = time.monotonic() - began
            base = line.rpartition(' ')[2].strip()
            for address in addresses if base else ():
                _ask(base + address)
            process.send_signal(signal.SIGTERM)
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        log = errors.read()
    assert base, log
    modules = frozenset(re.findall(r'^import time:.*\| +([\w.]+)$', log, re.MULTILINE))
    return Start(seconds, usage.ru_utime + usage.ru_stime, process.returncode, modules)


def _ask(address: str) -> None:
    import urllib3

    assert urllib3.request('GET', address, retries=False).status == 200
