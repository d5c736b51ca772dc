"""Supervise several processes of one server: start them, restart those that end, forward messages, stop them together.

Each process has a channel to the supervisor, a socket pair that carries JSON lines: see `stack.runtime.siblings`.
"""

import asyncio
import contextlib
import json
import logging
import os
import secrets
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from stack.runtime.loops import Loops
from stack.runtime.stopping import STOP_WITHIN_S

log = logging.getLogger(__name__)

# The pause before a process is started again, in seconds: it doubles up to the second, unless the process ran longer
# than the third.
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
STABLE_AFTER_S = 60.0

# A process whose event loop has not run for so long is unhealthy after the first, and killed after the second.
UNHEALTHY_AFTER_S = 20.0
KILLED_AFTER_S = 60.0
CHECKED_EACH_S = 2.0

# How long a process may take to end after the time of its stop, until it is killed. Docker kills after 10 s in all.
END_WITHIN_S = 2.5

# The longest line of a channel, and what may wait for a process that does not read, in bytes.
LINE_BYTES = 64 * 1024 * 1024
UNREAD_BYTES = 8 * 1024 * 1024

# A process that SIGTERM reaches before it handles signals has ended as asked.
ENDED = (0, -signal.SIGTERM)


@dataclass
class Child:
    """A process; `beaten` is when its event loop last reported itself, after it began to serve."""

    number: int
    process: asyncio.subprocess.Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    started: float = field(default_factory=time.monotonic)
    beaten: float | None = None

    def send(self, line: bytes) -> None:
        """Send a line, unless too much is unread."""
        if self.writer.transport.get_write_buffer_size() < UNREAD_BYTES:
            self.writer.write(line)


class Supervisor:
    """`command(number, descriptor)` starts a process, with its end of the channel in that file descriptor."""

    def __init__(
        self,
        count: int,
        command: Callable[[int, int], Sequence[str]],
        pause_s: float = FIRST_PAUSE_S,
        stop_within_s: float = STOP_WITHIN_S,
    ):
        """`stop_within_s` is the time of a stop that the processes have."""
        self._end_within_s = stop_within_s + END_WITHIN_S
        self._count = count
        self._command = command
        self._pause_s = pause_s
        self._children: dict[int, Child] = {}
        self._serving = {number: asyncio.Event() for number in range(1, count + 1)}
        self._status = 0
        self._started = False
        # The same for all, where no setting has one.
        self._session_key = secrets.token_hex(32)

    async def run(self, stop: asyncio.Event, started: Callable[[], None]) -> int:
        """Supervise until `stop` is set, and give the exit status; `started` is called once all processes serve.

        A process that ends before that stops the others: its status is the answer.
        """
        async with Loops() as loops:
            loops.start('start of processes', partial(self._start, loops, stop, started))
            loops.start('check of processes', self._check)
            await stop.wait()
        return await self._end()

    def is_healthy(self) -> bool:
        """Whether every process serves, and has run lately."""
        now = time.monotonic()
        beaten = [child.beaten for child in self._children.values() if child.beaten is not None]
        return len(beaten) == self._count and all(now - at < UNHEALTHY_AFTER_S for at in beaten)

    async def _start(self, loops: Loops, stop: asyncio.Event, started: Callable[[], None]) -> None:
        """Start the first process, and the others once it serves: what is misconfigured is reported once."""
        first, *others = self._serving
        for numbers in ([first], others):
            for number in numbers:
                loops.start(f'process {number}', partial(self._keep, number, stop))
            for number in numbers:
                await self._serving[number].wait()
        self._started = True
        started()

    async def _keep(self, number: int, stop: asyncio.Event) -> None:
        """Run a process, and start it again whenever it ends."""
        pause = self._pause_s
        while True:
            child = self._children[number] = await self._spawn(number)
            await self._read(child)
            status = await child.process.wait()
            child.writer.close()
            del self._children[number]
            if not self._started:
                self._status = status if status > 0 else 1
                stop.set()
                return
            if time.monotonic() - child.started > STABLE_AFTER_S:
                pause = self._pause_s
            log.error('process %d ended with status %d; it is started again in %.0f s', number, status, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _spawn(self, number: int) -> Child:
        local, remote = socket.socketpair()
        with remote:
            process = await asyncio.create_subprocess_exec(
                *self._command(number, remote.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=[remote.fileno()],
                # Signals from the terminal reach the supervisor alone.
                start_new_session=True,
            )
        reader, writer = await asyncio.open_connection(sock=local, limit=LINE_BYTES)
        child = Child(number, process, reader, writer)
        child.send(encoded({'count': self._count, 'session_key': self._session_key}))
        return child

    async def _read(self, child: Child) -> None:
        """Forward what the process sends, until it closes the channel."""
        try:
            while line := await child.reader.readline():
                self._forward(child, json.loads(line), line)
        except (OSError, ValueError) as error:
            log.warning('the channel of process %d failed: %s', child.number, error)
            send_signal(child.process, signal.SIGKILL)

    def _forward(self, child: Child, message: dict[str, Any], line: bytes) -> None:
        """A message goes to process `to`, or to all others; one without a topic is a heartbeat."""
        if 'topic' not in message:
            child.beaten = time.monotonic()
            self._serving[child.number].set()
            return
        for other in self._children.values():
            if other is not child and message['to'] in (None, other.number):
                other.send(line)

    async def _check(self) -> None:
        """Kill processes whose event loop hangs: connections would still be given to them."""
        while True:
            await asyncio.sleep(CHECKED_EACH_S)
            for child in list(self._children.values()):
                if child.beaten is not None and time.monotonic() - child.beaten > KILLED_AFTER_S:
                    log.error('process %d has not run for %.0f s, and is killed', child.number, KILLED_AFTER_S)
                    send_signal(child.process, signal.SIGKILL)

    async def _end(self) -> int:
        """Pass the stop on and wait for all; a status other than 0 is that something failed or had to be killed."""
        children = list(self._children.values())
        for child in children:
            send_signal(child.process, signal.SIGTERM)
        waiting = {asyncio.create_task(child.process.wait()): child for child in children}
        late = (await asyncio.wait(waiting, timeout=self._end_within_s))[1] if waiting else set()
        for task in late:
            log.error('process %d did not end in time, and is killed', waiting[task].number)
            send_signal(waiting[task].process, signal.SIGKILL)
        statuses = await asyncio.gather(*waiting)
        for child in children:
            child.writer.close()
        return self._status or int(any(status not in ENDED for status in statuses))


def send_signal(process: asyncio.subprocess.Process, number: int) -> None:
    """Send a signal to a process that may have ended. asyncio's own method would read its status, and then lose it."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


def encoded(message: Any) -> bytes:
    """A line of a channel."""
    return json.dumps(message).encode() + b'\n'
