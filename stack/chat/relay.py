"""A queue of lines for a chat's webhook: at most one message a second, lines merged meanwhile, retried after a 429."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from stack.chat.http_post import Posted

log = logging.getLogger(__name__)

# Slack's limit for incoming webhooks: https://api.slack.com/apis/rate-limits
SPACING_S = 1.0
# Lines in one message, and lines in the queue: beyond that the oldest are dropped, and counted.
MOST_LINES = 20
MOST_WAITING = 500
# Pauses after a failure that may pass, in seconds.
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
# A message without an answer may have been posted: it is sent at most so often.
MOST_UNANSWERED = 3


class Relay:
    """`post(text)` sends one message and never raises.

    `waiting` are the lines of an earlier process; `keep(lines)` is called with the queue before and after each message.
    """

    def __init__(
        self,
        post: Callable[[str], Awaitable[Posted]],
        waiting: Iterable[str] = (),
        keep: Callable[[list[str]], None] = lambda _: None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ):
        self._post = post
        self._clock = clock
        self._sleep = sleep
        self._keep = keep
        self._waiting: deque[str] = deque(waiting)
        self._sending: list[str] = []
        self._left_out = 0
        self._some = asyncio.Event()
        if self._waiting:
            self._some.set()
        self._not_before = float('-inf')

    @property
    def waiting(self) -> list[str]:
        """The lines that no webhook has accepted yet."""
        return [*self._sending, *self._waiting]

    def put(self, line: str) -> None:
        """Queue a line."""
        self._waiting.append(line)
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._left_out += 1
        self._some.set()

    async def run(self) -> None:
        """Post, until cancelled."""
        while True:
            await self._some.wait()
            await self.post_next()

    async def finish(self) -> None:
        """Post the whole queue; `run` must have been cancelled."""
        while self._sending or self._waiting:
            await self.post_next()

    async def post_next(self) -> None:
        """Post queued lines as one message, and retry until it is accepted or refused."""
        self._sending = self._sending or self._take()
        pause, unanswered = FIRST_PAUSE_S, 0
        while self._sending:
            await self._turn()
            self._keep(self.waiting)
            posted = await self._post('\n'.join(self._sending))
            self._not_before = self._clock() + SPACING_S
            unanswered += posted.status == 0 and posted.sent
            if posted.accepted or not posted.passing or unanswered == MOST_UNANSWERED:
                if not posted.accepted:
                    self._log_loss(posted)
                self._sending = []
                self._keep(self.waiting)
                return
            wait = pause if posted.retry_after is None else max(SPACING_S, posted.retry_after)
            log.warning('the webhook did not accept a message (%d); retry in %.0f s', posted.status, wait)
            self._not_before = self._clock() + wait
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _log_loss(self, posted: Posted) -> None:
        count = len(self._sending)
        if posted.passing:
            log.error(
                'the webhook did not answer a message repeatedly: it is unknown whether %d lines were posted', count
            )
        else:
            log.error('the webhook refused a message (%d): %d lines are lost', posted.status, count)

    def _take(self) -> list[str]:
        lines = [self._waiting.popleft() for _ in range(min(MOST_LINES, len(self._waiting)))]
        if not self._waiting:
            self._some.clear()
        if self._left_out:
            lines.insert(0, f'… {self._left_out} lines were left out')
            self._left_out = 0
        return lines

    async def _turn(self) -> None:
        wait = self._not_before - self._clock()
        if wait > 0:
            await self._sleep(wait)
