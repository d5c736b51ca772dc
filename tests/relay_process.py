"""The relay as a separate process."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.process import ROOT, environment


class RelayProcess:
    """A relay that has subscribed."""

    def __init__(self, server: str, webhook: str, **settings: str):
        self._process = subprocess.Popen(
            [sys.executable, 'nysa_server.py', 'relay', f'--server={server}'],
            cwd=ROOT,
            env=environment(SLACK_NOTIFICATIONS_WEBHOOK_URL=webhook, **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in self._process.stdout:
            if 'Listening' in line:
                break

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal, wait for the end; return the exit status and standard error."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        _, errors = self._process.communicate(timeout=60)
        return self._process.returncode, errors

    def ended(self) -> tuple[int, str]:
        """Wait until the process ends without a signal."""
        _, errors = self._process.communicate(timeout=60)
        return self._process.returncode, errors


@contextmanager
def relaying(server: str, webhook: str, **settings: str) -> Iterator[RelayProcess]:
    """A relay that has subscribed; ended by SIGTERM if it still runs."""
    process = RelayProcess(server, webhook, **settings)
    try:
        yield process
    except BaseException:
        process.end(signal.SIGKILL)
        raise
    else:
        status, errors = process.end()
        assert status == 0, errors
