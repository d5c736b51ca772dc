"""A client of the live channel for tests."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

# Events take milliseconds on an idle machine, except those of another replica.
PATIENCE_S = 60.0


class LiveClient:
    """A subscriber to `GET /api/v1/events` that records every JSON message."""

    def __init__(self, connection: Any):
        self._connection = connection
        # The longest wait for the next message, in seconds.
        self.patience = PATIENCE_S
        self.got: list[dict[str, Any]] = []
        self.closed = False

    @classmethod
    async def connect(
        cls, port: int, query: str = '', subprotocols: list[str] | None = None, **headers: str
    ) -> 'LiveClient':
        named = {name.replace('_', '-'): value for name, value in headers.items()}
        request = HTTPRequest(f'ws://127.0.0.1:{port}/api/v1/events{query}', headers=named)
        return cls(await websocket_connect(request, subprotocols=subprotocols))

    @property
    def subprotocol(self) -> str | None:
        return self._connection.selected_subprotocol

    @property
    def closed_with(self) -> int | None:
        return self._connection.close_code

    async def subscribe(self, *clusters: str, known: dict[str, str] | None = None, **more: Any) -> list[dict[str, Any]]:
        """Subscribe; return every message up to and including `synced`."""
        await self.say({'type': 'subscribe', 'clusters': list(clusters), 'known': known or {}, **more})
        start = len(self.got)
        await self.until(lambda message: message['type'] == 'synced')
        return self.got[start:]

    async def say(self, message: Any) -> None:
        text = message if isinstance(message, str | bytes) else json.dumps(message)
        await self._connection.write_message(text, binary=isinstance(text, bytes))

    async def send_raw(self, data: bytes) -> None:
        """Send bytes that need not be whole frames."""
        await self._connection.protocol.stream.write(data)

    async def next(self) -> dict[str, Any] | None:
        """The next message, or None if the connection was closed."""
        async with asyncio.timeout(self.patience):
            text = await self._connection.read_message()
        if text is None:
            self.closed = True
            return None
        message = json.loads(text)
        self.got.append(message)
        return message

    async def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read up to the first message that matches, and return it."""
        while True:
            message = await self.next()
            assert message is not None, f'the server closed the connection with {self.closed_with}'
            if holds(message):
                return message

    async def type(self, *kinds: str) -> dict[str, Any]:
        return await self.until(lambda message: message['type'] in kinds)

    async def close(self) -> None:
        """Close the connection with a close handshake."""
        self._connection.close()
        while not self.closed:
            await self.next()

    def cut(self) -> None:
        """Drop the connection without a close frame, like an unplugged cable."""
        self._connection.protocol.stream.close()
        self._connection.protocol = None
        self.closed = True
