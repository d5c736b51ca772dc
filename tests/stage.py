"""A rolling cluster with a server: REST, subscribers, a chat relay, and restarts under its clients."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tornado.httpclient import AsyncHTTPClient

from handlers.live.relaying import Channel, relay
from stack.access.access import ROLES
from stack.access.tokens import Asked, make
from stack.chat.relay_state import RelayState
from tests.rolling import Rolling, eventually
from tests.webhook import Webhook


class Stage(Rolling):
    """A served cluster between `open` and `close`; `controlled` requires a `token`."""

    _relaying: asyncio.Task[None] | None = None

    async def open(self, controlled: bool = False) -> None:
        self.settings: dict[str, str] = {}
        if controlled:
            profile = f'stage-{self.name}'
            self.token, kept = make(Asked('ci', ROLES['deployer']), None, datetime.now(UTC))
            self.aws.secret(profile, {'NYSA_TOKENS': [kept.record()]})
            self.settings = {'PROFILE': profile, 'NYSA_AUTH': 'on'}
        self.port = await self.serve(**self.settings)

    @property
    def origin(self) -> str:
        return f'http://127.0.0.1:{self.port}'

    async def chat(self, webhook: Webhook) -> None:
        """Run a relay that posts to a webhook."""
        self.webhook, self.posted = webhook, list[str]()
        channel, hub = Channel(self.origin, [self.name]), self.live.hub
        others = len(hub)
        self._relaying = asyncio.create_task(relay(channel, webhook.url, RelayState(), 'https://nysa.example'))
        # Before it is synchronised, it would get changes from a snapshot, without their authors.
        await eventually(lambda: len(hub) > others and not any(each.bringing_up for each in hub._subscribers))

    async def chat_says(self, holds: Callable[[str], bool]) -> None:
        """Return when a matching line was posted."""

        def found() -> bool:
            while not self.webhook.texts.empty():
                self.posted += self.webhook.texts.get_nowait().splitlines()
            return any(holds(line) for line in self.posted)

        try:
            await eventually(found)
        except AssertionError:
            raise AssertionError(f'it was not posted: {self.posted}') from None

    async def close(self) -> None:
        if self._relaying is not None:
            self._relaying.cancel()
            await asyncio.gather(self._relaying, return_exceptions=True)
        await super().close()

    async def restart(self) -> None:
        """Replace the stopped process by another one."""
        self.start()
        await self.serve(self.port, **self.settings)

    async def listened_to(self) -> None:
        """Return when the loaded cluster has a subscriber."""
        await eventually(lambda: self.live.hub.listens(self.name) and self.name in self.live.states)

    async def rest(self, query: str) -> tuple[int, dict[str, Any]]:
        """Status and body of the rollout."""
        return await self.read(f'rollout?{query}')

    async def read(self, path: str) -> tuple[int, dict[str, Any]]:
        """Status and body of a GET below the cluster."""
        url = f'{self.origin}/api/v1/clusters/{self.name}/{path}'
        answer = await AsyncHTTPClient().fetch(url, raise_error=False, request_timeout=60)
        return answer.code, json.loads(answer.body)

    def cut_everybody(self) -> None:
        """Drop every WebSocket without a close frame, like an unplugged cable."""
        for handler in list(self.context.sockets._unanswered):
            handler.ws_connection.stream.close()
