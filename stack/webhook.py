"""Lines for people, to Slack-compatible incoming webhooks: in order, one a second, and never waited for.

https://docs.slack.dev/apis/web-api/rate-limits#posting-messages
"""

import asyncio
import json
import logging
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

log = logging.getLogger(__name__)

BETWEEN_LINES_S = 1.0
ANSWER_WITHIN_S = 5.0

# What waits for a webhook that does not answer: then the oldest lines are dropped.
MOST_WAITING = 200


def post(url: str, text: str) -> None:
    """Post one line and wait for the answer. Raises OSError, or ValueError for what is no web address."""
    if urlsplit(url).scheme not in ('http', 'https'):
        raise ValueError('a webhook is an http or https address')
    body = json.dumps({'text': text}).encode()
    request = urllib.request.Request(url, body, {'Content-Type': 'application/json'})  # noqa: S310  seen to above
    with urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S) as answer:  # noqa: S310  seen to above
        answer.read()


class Webhooks:
    """Takes lines and sends them on; what fails is logged and forgotten. Addresses are secrets, and never logged."""

    def __init__(
        self,
        send: Callable[[str, str], None] = post,
        *,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ):
        self._send = send
        self._sleep = sleep
        self._waiting: deque[tuple[str, str]] = deque(maxlen=MOST_WAITING)
        self._sending: asyncio.Task[None] | None = None

    def say(self, url: str | None, text: str) -> None:
        """Send a line soon; nothing where there is no webhook."""
        if not url:
            return
        self._waiting.append((url, text))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send_all())

    async def finished(self) -> None:
        """Returns once everything has been said, or has failed."""
        if self._sending is not None:
            await self._sending

    async def _send_all(self) -> None:
        while self._waiting:
            url, text = self._waiting.popleft()
            try:
                await asyncio.to_thread(self._send, url, text)
            except (OSError, ValueError) as error:
                # The text of such an error may hold the address.
                log.warning('a line could not be posted to its webhook: %s', type(error).__name__)
            await self._sleep(BETWEEN_LINES_S)
