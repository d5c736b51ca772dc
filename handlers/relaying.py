"""The live channel as the relay reads it: a client like any other."""

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

from handlers.events import PROTOCOL
from stack.chat_lines import ChatLines
from stack.relay import Relay, post_to

log = logging.getLogger(__name__)

# Pauses before the server is tried again, in seconds.
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
# A server that leaves a ping unanswered is gone, though nobody said so.
PING_S = 30.0
PONG_WITHIN_S = 20.0
CONNECT_WITHIN_S = 10.0


class Channel:
    """The events of some clusters, for ever: it comes back by itself, and names what it has."""

    def __init__(self, server: str, clusters: list[str], token: str | None = None):
        """`server` is the address of the REST API's server, as `https://nysa.example.com`."""
        split = urlsplit(server)
        scheme = {'http': 'ws', 'https': 'wss'}[split.scheme]
        self._url = f'{scheme}://{split.netloc}{split.path.rstrip("/")}/api/v1/events'
        self._clusters = clusters
        self._headers = {'Authorization': f'Bearer {token}'} if token else {}
        self._known: dict[str, str] = {}
        self._pause = FIRST_PAUSE_S

    async def events(self) -> AsyncIterator[Mapping[str, Any]]:
        while True:
            try:
                async for event in self._connection():
                    yield event
                log.warning('the server closed the live channel')
            except (OSError, HTTPClientError, WebSocketClosedError, ValueError) as failed:
                log.warning('the live channel broke: %s', failed)
            await asyncio.sleep(random.uniform(self._pause / 2, self._pause))  # noqa: S311  no secret
            self._pause = min(2 * self._pause, LONGEST_PAUSE_S)

    async def _connection(self) -> AsyncIterator[Mapping[str, Any]]:
        request = HTTPRequest(self._url, headers=self._headers, connect_timeout=CONNECT_WITHIN_S)
        connection = await websocket_connect(
            request, subprotocols=[PROTOCOL], ping_interval=PING_S, ping_timeout=PONG_WITHIN_S
        )
        try:
            wish = {'type': 'subscribe', 'clusters': self._clusters, 'known': self._known}
            await connection.write_message(json.dumps(wish))
            while (text := await connection.read_message()) is not None:
                event = json.loads(text)
                self._learn(event)
                yield event
        finally:
            connection.close()

    def _learn(self, event: Mapping[str, Any]) -> None:
        self._pause = FIRST_PAUSE_S
        if event['type'] in ('cluster', 'desired') and event.get('revision'):
            self._known[event['cluster']] = event['revision']
        elif event['type'] == 'deleted':
            self._known.pop(event['cluster'], None)


async def relay(channel: Channel, webhook: str) -> None:
    """Post what happens to a webhook, until cancelled."""
    lines, poster = ChatLines(), Relay(partial(post_to, webhook))
    posting = asyncio.get_running_loop().create_task(poster.run())
    try:
        async for event in channel.events():
            if event['type'] == 'synced':
                print(f'Listening to {len(event["revisions"])} clusters', flush=True)
            for line in lines.of(event):
                poster.say(line)
    finally:
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)
