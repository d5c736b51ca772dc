"""Lines into a chat's webhook: at most one message a second, lines merged while it is busy, and none lost to a 429."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

from stack import webhook

log = logging.getLogger(__name__)

# Slack's limit for incoming webhooks: https://api.slack.com/apis/rate-limits
SPACING_S = 1.0
# Lines in one message, and lines that wait: of more, the oldest are left out, and counted.
MOST_LINES = 20
MOST_WAITING = 500
# Pauses after a failure that may pass, in seconds.
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
# What a webhook that asks for more is given.
LONGEST_WISH_S = 3600.0


@dataclass(frozen=True)
class Posted:
    """What the webhook answered: its status (0: nothing), and for how many seconds it wants to be left alone."""

    status: int
    retry_after: float | None = None

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def passing(self) -> bool:
        """Whether the same may be taken later."""
        return self.status in (0, 408, 429) or self.status >= 500


class Relay:
    """`post(text)` sends one message and never raises.

    `waiting` are lines that an earlier process left; `keep(lines)` is told what waits, before and after each message.
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
        self._taken: list[str] = []
        self._left_out = 0
        self._some = asyncio.Event()
        if self._waiting:
            self._some.set()
        self._not_before = float('-inf')

    @property
    def waiting(self) -> list[str]:
        """The lines that no webhook has taken yet."""
        return [*self._taken, *self._waiting]

    def say(self, line: str) -> None:
        """Have a line posted as soon as it may be."""
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
        """Post all that waits; `run` must have been cancelled."""
        while self._taken or self._waiting:
            await self.post_next()

    async def post_next(self) -> None:
        """Post what waits, as one message, and again until it is taken or refused for good."""
        self._taken = self._taken or self._take()
        pause = FIRST_PAUSE_S
        while self._taken:
            await self._turn()
            self._keep(self.waiting)
            posted = await self._post('\n'.join(self._taken))
            self._not_before = self._clock() + SPACING_S
            if posted.taken or not posted.passing:
                if not posted.taken:
                    count = len(self._taken)
                    log.error('the webhook refused a message for good (%d): %d lines are lost', posted.status, count)
                self._taken = []
                self._keep(self.waiting)
                return
            wait = pause if posted.retry_after is None else max(SPACING_S, posted.retry_after)
            log.warning('the webhook did not take a message (%d); it is tried again in %.0f s', posted.status, wait)
            self._not_before = self._clock() + wait
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _take(self) -> list[str]:
        lines = [self._waiting.popleft() for _ in range(min(MOST_LINES, len(self._waiting)))]
        if not self._waiting:
            self._some.clear()
        if self._left_out:
            lines.insert(0, f'… {self._left_out} lines were left out here')
            self._left_out = 0
        return lines

    async def _turn(self) -> None:
        wait = self._not_before - self._clock()
        if wait > 0:
            await self._sleep(wait)


async def post_to(url: str, text: str) -> Posted:
    """Post one message to a webhook; what goes wrong is a part of the answer. The address is a secret."""
    try:
        await asyncio.to_thread(webhook.post, url, text)
    except HTTPError as refused:
        return Posted(refused.code, _seconds(refused.headers.get('Retry-After')))
    except (OSError, HTTPException) as failed:
        log.warning('the webhook does not answer: %s', type(failed).__name__)
        return Posted(0)
    return Posted(200)


def _seconds(text: str | None) -> float | None:
    """A `Retry-After`, in seconds or as a date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3"""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(0.0, seconds), LONGEST_WISH_S)
