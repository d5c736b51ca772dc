"""A rolling cluster that is served: asked over REST, listened to, and restarted under its readers."""

import json
from datetime import UTC, datetime
from typing import Any

from tornado.httpclient import AsyncHTTPClient

from stack.access import ROLES
from stack.tokens import Asked, make
from tests.rolling import Rolling, eventually


class Stage(Rolling):
    """`open` before, `close` after; `controlled` lets nobody in without a `token`."""

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

    async def restart(self) -> None:
        """Another process takes the place of the one that was stopped."""
        self.start()
        await self.serve(self.port, **self.settings)

    async def listened_to(self) -> None:
        """Returns when somebody listens to what is known of the cluster."""
        await eventually(lambda: self.live.hub.listens(self.name) and self.name in self.live.states)

    async def rest(self, query: str) -> tuple[int, dict[str, Any]]:
        """How the rollout goes; status and body."""
        url = f'{self.origin}/api/v1/clusters/{self.name}/rollout?{query}'
        answer = await AsyncHTTPClient().fetch(url, raise_error=False, request_timeout=60)
        return answer.code, json.loads(answer.body)

    def cut_everybody(self) -> None:
        """End every WebSocket without a word, as a cable does that is pulled."""
        for handler in list(self.context.sockets._unanswered):
            handler.ws_connection.stream.close()
