"""Servers that send one event to all subscribers on request, at `/-/publish?by=…`, and report what that cost.

`python -m tests.bench._fanout_server nysa` is the product's application; `… websockets` is that library's broadcast.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from tornado.web import RequestHandler

import nysa_server
from handlers.application import MAX_BODY_BYTES, RoutedApplication
from handlers.http.connections import Bounds
from handlers.http.http_server import Server
from handlers.live.frames import text_frame
from handlers.serving import bind
from stack.aws.connection import Connection
from stack.configuration.settings import read_settings
from stack.live.event import Event
from stack.runtime.gc_tuning import freeze_startup_objects
from stack.runtime.metrics import Metrics
from tests.bench._aws import SECRET

SIZE = 500
CONNECTIONS = 20_000


def event() -> Event:
    made = Event('news', 'nothing', {'padding': ''}, at=datetime.now(UTC))
    made.content['padding'] = 'x' * (SIZE - len(made.text(True)))
    made.encoded.clear()
    return made


async def cost_of(send: Callable[[], Awaitable[None]]) -> dict[str, float]:
    """CPU time, and the longest stall of the event loop."""
    longest, running = 0.0, True

    async def watch() -> None:
        nonlocal longest
        last = time.perf_counter()
        while running:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    cpu = time.process_time()
    await send()
    cpu = time.process_time() - cpu
    running = False
    await watching
    return {'cpu_s': cpu, 'stall_ms': longest * 1000}


async def nysa() -> None:
    settings = read_settings({'PROFILE': 'bench', 'NYSA_AUTH': 'off', **SECRET})
    context, _ = nysa_server.make_context(nysa_server.Aws(settings, Connection(), Metrics()))
    hub = context.live.hub

    async def by_hub() -> None:
        hub.publish(event())
        await hub.delivery.drain()

    async def by_raw_send() -> None:
        frame = text_frame(event().text(True))
        for handler in context.sockets._unanswered:
            handler.ws_connection.stream.socket.send(frame)

    class Publish(RequestHandler):
        async def get(self) -> None:
            self.finish(await cost_of({'hub': by_hub, 'raw': by_raw_send}[self.get_query_argument('by')]))

    application = RoutedApplication(context)
    application.add_handlers('.*', [('/-/publish', Publish)])
    server = Server(application, Bounds(CONNECTIONS), MAX_BODY_BYTES)
    sockets = bind(0, '127.0.0.1')
    server.listen(sockets)
    print(f'http://127.0.0.1:{sockets[0].getsockname()[1]}', flush=True)
    freeze_startup_objects()
    await asyncio.Event().wait()


async def websockets() -> None:
    from websockets.asyncio.server import ServerConnection, broadcast, serve

    opened: set[ServerConnection] = set()

    async def stay(connection: ServerConnection) -> None:
        opened.add(connection)
        await connection.send('{"type":"synced"}')
        await connection.wait_closed()

    async def by_broadcast() -> None:
        broadcast(opened, event().text(True).decode())

    async def answer(connection: ServerConnection, request: object) -> object:
        where = urlsplit(request.path)
        if where.path != '/-/publish':
            return None
        assert parse_qs(where.query)['by'] == ['broadcast']
        return connection.respond(200, json.dumps(await cost_of(by_broadcast)))

    async with serve(stay, '127.0.0.1', 0, compression=None, ping_interval=None, process_request=answer) as server:
        print(f'http://127.0.0.1:{server.sockets[0].getsockname()[1]}', flush=True)
        freeze_startup_objects()
        await asyncio.Event().wait()


if __name__ == '__main__':
    os.environ.setdefault('PROFILE', 'bench')
    asyncio.run({'nysa': nysa, 'websockets': websockets}[sys.argv[1]]())
