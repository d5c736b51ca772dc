"""A link of little bandwidth and long latency to a server on loopback: a TCP proxy.

Chromium's own emulation counts the frames of a WebSocket as they are after decompression.
"""

import asyncio
import contextlib
import threading
from typing import Self

CHUNK = 4096


class SlowLink:
    """`port` leads to the server: `rate` bytes a second down for all connections, `latency` seconds a round trip."""

    port: int

    def __init__(self, server_port: int, rate: float, latency: float):
        self._server_port, self._rate, self._latency = server_port, rate, latency
        self._free_at = 0.0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.received = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _close(self) -> None:
        connections = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    def _run(self) -> None:
        async def listen() -> None:
            server = await asyncio.start_server(self._connected, '127.0.0.1', 0)
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()

        self._loop.run_until_complete(listen())
        self._loop.run_forever()

    async def _connected(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._latency)  # the handshake of TCP
        source, requests = await asyncio.open_connection('127.0.0.1', self._server_port)
        down, up = self._down(source, answers), self._up(client, requests)
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(down, up)

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Chunks leave one after the other, each a latency after it was there at the earliest."""
        while data := await reader.read(CHUNK):
            now = self._loop.time()
            self._free_at = max(now, self._free_at) + len(data) / self._rate
            self.received += len(data)
            self._loop.call_later(self._free_at + self._latency - now, writer.write, data)
            await asyncio.sleep(max(0.0, self._free_at - now))  # the sender waits for the bandwidth
