"""The relay as a process of its own."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.process import ROOT, environment


@contextmanager
def relaying(server: str, webhook: str) -> Iterator[None]:
    """A relay that has subscribed; ended by SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, 'nysa_server.py', 'relay', f'--server={server}'],
        cwd=ROOT,
        env=environment(SLACK_NOTIFICATIONS_WEBHOOK_URL=webhook),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stdout:
            if 'Listening' in line:
                break
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
