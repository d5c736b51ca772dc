"""The relay's client of the live channel."""

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketError, websocket_connect

from handlers.live.events import PROTOCOL
from stack.chat.chat_lines import ChatLines
from stack.chat.relay import Relay
from stack.chat.relay_state import RelayState
from stack.chat.webhook import post
from stack.errors import AccessDenied

log = logging.getLogger(__name__)

# Pauses before the server is tried again, in seconds.
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
# A server that leaves a ping unanswered is gone, although the connection was not closed.
PING_S = 30.0
PONG_WITHIN_S = 20.0
CONNECT_WITHIN_S = 10.0
# The state of a cluster with ten thousand services has some 15 MB.
LARGEST_MESSAGE = 64 * 1024 * 1024
# How long queued lines are posted when the relay stops.
FINISH_WITHIN_S = 5.0


class Channel:
    """The events of some clusters, without end: the channel reconnects, and names the revisions that it knows."""

    def __init__(self, server: str, clusters: list[str], token: str | None = None):
        """`server` is the address of the REST API's server, as `https://nysa.example.com`."""
        split = urlsplit(server)
        scheme = {'http': 'ws', 'https': 'wss'}[split.scheme]
        self._url = f'{scheme}://{split.netloc}{split.path.rstrip("/")}/api/v1/events'
        self._clusters = clusters
        self._headers = {'Authorization': f'Bearer {token}'} if token else {}
        self._pause = FIRST_PAUSE_S
        # The time of the last message after a `synced`: until then, some that were missed are still to come.
        self.since: str | None = None
        self._is_synced = False

    async def events(self, known: dict[str, str]) -> AsyncIterator[Mapping[str, Any]]:
        """`known` are the newest revisions that were heard of, and renewed here.

        Raises `AccessDenied` where the server does not let the token in.
        """
        while True:
            try:
                async for event in self._connection(known):
                    yield event
                log.warning('the server closed the live channel')
            except HTTPClientError as failed:
                if failed.code in (401, 403):
                    raise AccessDenied(f'The server refuses the token in NYSA_RELAY_TOKEN ({failed}).') from failed
                log.warning('the live channel could not be opened: %s', failed)
            except (OSError, WebSocketError, ValueError) as failed:
                log.warning('the live channel broke: %s', failed)
            except Exception:
                # The top of a loop: whatever a server or a proxy answers, it is asked again.
                log.exception('the live channel broke')
            await asyncio.sleep(random.uniform(self._pause / 2, self._pause))  # noqa: S311  no secret
            self._pause = min(2 * self._pause, LONGEST_PAUSE_S)

    async def _connection(self, known: dict[str, str]) -> AsyncIterator[Mapping[str, Any]]:
        request = HTTPRequest(self._url, headers=self._headers, connect_timeout=CONNECT_WITHIN_S)
        connection = await websocket_connect(
            request,
            subprotocols=[PROTOCOL],
            ping_interval=PING_S,
            ping_timeout=PONG_WITHIN_S,
            max_message_size=LARGEST_MESSAGE,
        )
        try:
            wish = {'type': 'subscribe', 'clusters': self._clusters, 'known': known, 'since': self.since}
            self._is_synced = False
            await connection.write_message(json.dumps(wish))
            while (text := await connection.read_message()) is not None:
                event = json.loads(text)
                self._learn(event, known)
                yield event
        finally:
            connection.close()

    def _learn(self, event: Mapping[str, Any], known: dict[str, str]) -> None:
        if event['type'] in ('cluster', 'desired') and event.get('revision'):
            known[event['cluster']] = event['revision']
        elif event['type'] == 'deleted':
            known.pop(event['cluster'], None)
        elif event['type'] == 'synced':
            self._pause = FIRST_PAUSE_S
            self._is_synced = True
        elif event['type'] == 'error':
            log.error('the server reports an error: %s', event['message'])
        if self._is_synced:
            self.since = event['at']


async def relay(channel: Channel, webhook: str, state: RelayState, site: str | None = None) -> None:
    """Post events to a webhook until cancelled, then the queued ones. Raises `AccessDenied`.

    `site` is the address of the control plane, to which lines link.
    """
    lines = ChatLines(site, state.posted)
    poster = Relay(partial(post, webhook), state.waiting, state.keep)
    state.posted = lines.posted
    channel.since = state.since
    posting = asyncio.get_running_loop().create_task(poster.run())
    try:
        async for event in channel.events(state.known):
            state.since = channel.since
            for line in _lines_of(lines, event):
                poster.put(line)
            if event['type'] == 'synced':
                state.keep(poster.waiting)
                print(f'Listening to {len(event["revisions"])} clusters', flush=True)
    finally:
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(poster.finish(), FINISH_WITHIN_S)
        state.keep(poster.waiting)


def _lines_of(lines: ChatLines, event: Mapping[str, Any]) -> list[str]:
    """The lines of an event; none where it is malformed, so that later events are still posted."""
    try:
        return lines.of(event)
    except Exception:
        log.exception('an event cannot be put in a line: %s of %s', event['type'], event.get('cluster'))
        return []
