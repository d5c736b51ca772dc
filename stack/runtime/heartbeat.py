"""The heartbeat of a process, for the health check of its container: `python -m stack.runtime.heartbeat`.

The process writes a file as long as its event loop runs; the check reads it, and asks a server over HTTP as well. It
imports nothing but the standard library, since it runs every few seconds.
"""

import asyncio
import json
import logging
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

log = logging.getLogger(__name__)

SETTING = 'NYSA_HEALTH_FILE'
BEAT_S = 5.0
# A loop that has not run for so long serves no caller.
STALE_S = 20.0
ANSWER_WITHIN_S = 2.0


def always() -> bool:
    """A process that runs is healthy."""
    return True


async def beat(path: str | None, role: str, url: str | None = None, is_healthy: Callable[[], bool] = always) -> None:
    """Write the file until cancelled, while the process is healthy; without a path, nothing.

    `url` is what a server answers at.
    """
    warned = False
    while path:
        try:
            if is_healthy():
                write(Path(path), role, url)
            warned = False
        except OSError as error:
            if not warned:
                log.warning(
                    '%s cannot be written, so the health check of the container fails: %s', path, error.strerror
                )
            warned = True
        await asyncio.sleep(BEAT_S)


def write(path: Path, role: str, url: str | None, now: float | None = None) -> None:
    """Replace the file, so that no check reads half of one. Raises `OSError`."""
    written = path.with_name(f'{path.name}.{os.getpid()}')
    written.write_text(json.dumps({'role': role, 'url': url, 'at': time.time() if now is None else now}))
    written.replace(path)


def trouble(path: Path, now: float, answers: Callable[[str], str | None]) -> str | None:
    """What is wrong with the process that writes the file; None where it works. `answers` asks an address."""
    try:
        read = json.loads(path.read_text())
        role, url, at = str(read['role']), read['url'], float(read['at'])
    except OSError as error:
        return f'{path} cannot be read: {error.strerror}'
    except (ValueError, KeyError, TypeError):
        return f'{path} is not a heartbeat'
    if not now - STALE_S <= at <= now + STALE_S:
        return f'{role} has not run for {now - at:.0f} s'
    return answers(url) if url else None


def answers(url: str) -> str | None:
    """What is wrong with a server at an address of this machine; None where it answers."""
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_WITHIN_S):  # noqa: S310  our own address
            return None
    except (OSError, urllib.error.HTTPError) as error:
        return f'{url}: {error}'


def main(out: TextIO = sys.stdout) -> int:
    """Print what is wrong, if anything. Gives the exit status: 0 works, 1 does not."""
    wrong = trouble(Path(os.environ.get(SETTING, '')), time.time(), answers)
    if wrong:
        print(wrong, file=out)
    return int(wrong is not None)


if __name__ == '__main__':
    sys.exit(main())
