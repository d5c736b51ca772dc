"""Lines for people, to Slack-compatible incoming webhooks: in order, one a second for each, and never waited for.

https://docs.slack.dev/apis/web-api/rate-limits#posting-messages
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from stack.chat.http_post import Posted, is_public, post_json

log = logging.getLogger(__name__)

BETWEEN_LINES_S = 1.0

# What waits for a webhook that does not answer: then the oldest lines are dropped.
MOST_WAITING = 200
# Messages name their webhooks: so many may have lines that wait.
MOST_WEBHOOKS = 50

# What a process that stops waits for.
FINISH_WITHIN_S = 3.0


@dataclass(frozen=True)
class Callbacks:
    """Which webhooks a message may name.

    The `configured` one, and every public https address; with `private` also http, and addresses of private networks.
    Without that a message could have this process post to what only it can reach.
    """

    configured: str | None = None
    private: bool = False

    def refusal(self, url: str) -> str | None:
        """Why lines are not posted to an address; None where they are."""
        if url == self.configured:
            return None
        split = urlsplit(url)
        allowed = ('http', 'https') if self.private else ('https',)
        if split.scheme not in allowed or not split.hostname:
            return f'its scheme must be {" or ".join(allowed)}'
        return None

    async def post(self, url: str, text: str) -> Posted:
        """Post one line. Raises ValueError for what is no web address."""
        trusted = self.private or url == self.configured
        body = json.dumps({'text': text}).encode()
        return await (post_json(url, body) if trusted else post_json(url, body, is_public))


async def post(url: str, text: str) -> Posted:
    """Post one line to a webhook that the configuration names. Raises ValueError for what is no web address."""
    return await post_json(url, json.dumps({'text': text}).encode())


class Webhooks:
    """Accepts lines and posts them; what fails is logged and dropped. Addresses are secrets, and never logged.

    Each webhook has a task of its own while lines wait for it.
    """

    def __init__(
        self,
        callbacks: Callbacks | None = None,
        send: Callable[[str, str], Awaitable[Posted]] | None = None,
        *,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ):
        self._callbacks = callbacks or Callbacks()
        self._send = send or self._callbacks.post
        self._sleep = sleep
        self._waiting: dict[str, deque[str]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def say(self, url: str | None, text: str) -> None:
        """Post a line soon; nothing where there is no webhook."""
        if not url:
            return
        if why := self._callbacks.refusal(url):
            log.warning('a line was not posted to the webhook that a message names: %s', why)
        elif url in self._waiting:
            self._waiting[url].append(text)
        elif len(self._waiting) >= MOST_WEBHOOKS:
            log.warning('a line was not posted: lines wait for %d other webhooks', MOST_WEBHOOKS)
        else:
            self._waiting[url] = deque([text], maxlen=MOST_WAITING)
            self._tasks[url] = asyncio.get_running_loop().create_task(self._post_all(url))

    async def finished(self) -> None:
        """Return once everything was posted or has failed; at the latest after `FINISH_WITHIN_S`."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(list(self._tasks.values()), timeout=FINISH_WITHIN_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _post_all(self, url: str) -> None:
        waiting = self._waiting[url]
        try:
            while waiting:
                await self._post(url, waiting.popleft())
                await self._sleep(BETWEEN_LINES_S)
        finally:
            del self._waiting[url], self._tasks[url]

    async def _post(self, url: str, text: str) -> None:
        try:
            posted = await self._send(url, text)
        except Exception as error:  # noqa: BLE001  the top of a loop; the text of an error may hold the address
            log.warning('a line could not be posted to its webhook: %s', type(error).__name__)
            return
        if not posted.accepted:
            log.warning('a webhook did not accept a line (status %d)', posted.status)
