"""The server under measurement, as a process of its own, and what it costs."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from tests.bench._aws import BenchAws
from tests.client import Client
from tests.process import ROOT, environment

TICKS = os.sysconf('SC_CLK_TCK')


class Measured(Client):
    """A process that listens on `port`; its log is thrown away."""

    def __init__(self, *command: str, **variables: str):
        super().__init__()
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Self:
        for line in self.process.stdout:
            if found := re.search(r'127\.0\.0\.1:(\d+)', line):
                self.port = int(found[1])
                return self
        raise AssertionError('the server ended')

    def __exit__(self, *_: object) -> None:
        self.disconnect()
        self.process.terminate()
        self.process.wait(30)

    def cpu_s(self) -> float:
        """The CPU time that it has used so far."""
        fields = Path(f'/proc/{self.process.pid}/stat').read_text().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def waited_s(self) -> float:
        """How long it was ready to run and had no processor: what others on this machine cost it.

        https://docs.kernel.org/scheduler/sched-stats.html
        """
        return int(Path(f'/proc/{self.process.pid}/schedstat').read_text().split()[1]) / 1e9

    def memory_mb(self, what: str = 'VmRSS') -> float:
        """What it holds of memory; with `VmHWM` the most that it ever held."""
        status = Path(f'/proc/{self.process.pid}/status').read_text()
        return int(re.search(rf'{what}:\s+(\d+)', status)[1]) / 1024

    def threads(self) -> int:
        return len(list(Path(f'/proc/{self.process.pid}/task').iterdir()))

    def forget_peak(self) -> None:
        """Reset `VmHWM`: https://docs.kernel.org/filesystems/proc.html"""
        Path(f'/proc/{self.process.pid}/clear_refs').write_text('5')

    def handles(self) -> int:
        return len(list(Path(f'/proc/{self.process.pid}/fd').iterdir()))


def nysa(aws: BenchAws, *, stalls: Path | None = None, raised: bool = False, **variables: str) -> Measured:
    """The product in a real profile, without access control; long callbacks are noted in the file `stalls`.

    With `raised` it knows raised limits of ECS.
    """
    settings = {'PROFILE': 'bench', 'NYSA_AUTH': 'off', **aws.environment(), **variables}
    wrapped = ('-m', 'tests.bench._raised') if raised else ()
    timed = ('-m', 'tests.bench._stalls', str(stalls)) if stalls else wrapped
    return Measured(*timed, 'nysa_server.py', '--port=0', **settings)
