"""The server as a separate process, as users run it."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

from tests.client import Client

ROOT = Path(__file__).parents[1]


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without settings of Nysa and AWS, and with `variables`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(('NYSA_', 'AWS_', 'SLACK_'))}
    own.pop('PROFILE', None)
    # A child that compiles all modules again starts a second later.
    own.pop('PYTHONDONTWRITEBYTECODE', None)
    # The busy fleet of `make run` would take seconds of each start.
    own['NYSA_SANDBOX_FLEET'] = 'small'
    return own | variables


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run nysa_server.py until it ends."""
    return subprocess.run(
        [sys.executable, 'nysa_server.py', *arguments],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class Process(Client):
    """A server that has printed its address; `with` ends it by SIGTERM unless it has ended."""

    # The output line that shows readiness; the group is the port.
    READY = re.compile(r'listens on http://127\.0\.0\.1:(\d+)')

    def __init__(self, *arguments: str, **variables: str):
        super().__init__()
        self._process = subprocess.Popen(
            [sys.executable, 'nysa_server.py', *arguments],
            cwd=ROOT,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.output: list[str] = []
        self._complaints: list[str] = []
        # Read continuously: a server without a reader of its log blocks once the pipe is full.
        self._readers = [threading.Thread(target=self._read_complaints), threading.Thread(target=self._read_rest)]

    def _read_complaints(self) -> None:
        with self._process.stderr as lines:
            self._complaints.extend(lines)

    def _read_rest(self) -> None:
        with self._process.stdout as lines:
            self.output.extend(line.rstrip() for line in lines)

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        complaining, resting = self._readers
        complaining.start()
        for line in self._process.stdout:
            self.output.append(line.rstrip())
            found = self.READY.search(line)
            if found:
                self.port = int(found[1]) if found.re.groups else 0
                resting.start()
                return self
        resting.start()
        raise AssertionError(f'The server ended: {self.output} {self.end()[1]}')

    def __exit__(self, *_: object) -> None:
        self.end()
        self.disconnect()

    def printed(self, text: str) -> list[str]:
        """The lines of its output, once one of them contains the text."""
        end = time.monotonic() + 30
        while not any(text in line for line in self.output):
            assert time.monotonic() < end, self.output
            time.sleep(0.01)
        return list(self.output)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal, wait for the end; return the exit status and standard error."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        self._process.wait(timeout=60)
        for reader in self._readers:
            reader.join(timeout=30)
        return self._process.returncode, ''.join(self._complaints)
