"""Which browser the tests drive, and how it is started."""

import os
import subprocess
import sys
from pathlib import Path

# Debian's; a machine without it gets Playwright's own.
CHROMIUM = Path('/usr/bin/chromium')


def launch_arguments() -> dict:
    """What Playwright's `launch` is told."""
    arguments = {'args': ['--no-sandbox'] if os.geteuid() == 0 else []}
    if CHROMIUM.exists():
        return {**arguments, 'executable_path': str(CHROMIUM)}
    subprocess.run([sys.executable, '-m', 'playwright', 'install', 'chromium'], check=True)
    return arguments
