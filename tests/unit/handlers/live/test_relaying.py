"""The relay's connection: whatever a server or a proxy answers, it is asked again."""

import asyncio
import contextlib
import json

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from handlers.live import relaying
from handlers.live.relaying import Channel
from stack.errors import AccessDenied


def answers(*heads: str) -> int:
    """How often a server that gives these answers to handshakes is asked, until they are used up."""

    async def scenario() -> int:
        left, asked, done = list(heads), 0, asyncio.Event()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal asked
            asked += 1
            with contextlib.suppress(OSError, EOFError):
                await reader.readuntil(b'\r\n\r\n')
                if left:
                    writer.write(left.pop(0).encode())
                    await writer.drain()
                else:
                    done.set()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

        server = await asyncio.start_server(answer, '127.0.0.1', 0)
        channel = Channel(f'http://127.0.0.1:{server.sockets[0].getsockname()[1]}', ['*'])

        async def listen() -> None:
            async for _ in channel.events({}):
                pass

        listening = asyncio.create_task(listen())
        waiting = asyncio.create_task(done.wait())
        await asyncio.wait((listening, waiting), timeout=60, return_when=asyncio.FIRST_COMPLETED)
        server.close()
        for task in (listening, waiting):
            task.cancel()
        ended, _ = await asyncio.gather(listening, waiting, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended
        return asked

    return asyncio.run(scenario())


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaying, 'FIRST_PAUSE_S', 0.01)
    monkeypatch.setattr(relaying, 'LONGEST_PAUSE_S', 0.02)


def test_everything_but_success_is_waited_for():
    heads = (
        'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nmaintenance',
        'HTTP/1.1 204 No Content\r\n\r\n',
        'HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n',
        'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
        'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n',
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n',
        'no HTTP at all\r\n\r\n',
        '',
    )
    assert answers(*heads) >= len(heads) + 1


@pytest.mark.parametrize('status', ['401 Unauthorized', '403 Forbidden'])
def test_a_token_that_is_refused_ends_it(status: str):
    with pytest.raises(AccessDenied):
        answers(f'HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n')


def test_the_time_since_which_something_may_be_missed_moves_once_everything_was_sent():
    sent = [
        [{'type': 'hello', 'at': 'A'}],
        [{'type': 'hello', 'at': 'B'}, {'type': 'synced', 'at': 'C'}, {'type': 'run', 'at': 'D'}],
        [{'type': 'hello', 'at': 'E'}],
        [],
    ]
    wishes: list[str | None] = []

    class Events(WebSocketHandler):
        def select_subprotocol(self, subprotocols: list[str]) -> str:
            return subprotocols[0]

        async def on_message(self, message: str | bytes) -> None:
            wishes.append(json.loads(message)['since'])
            for event in sent.pop(0):
                await self.write_message(event)
            self.close()

    async def scenario() -> None:
        server = HTTPServer(Application([('/api/v1/events', Events)]))
        sockets = bind_sockets(0, '127.0.0.1')
        server.add_sockets(sockets)
        channel = Channel(f'http://127.0.0.1:{sockets[0].getsockname()[1]}', ['*'])
        async with asyncio.timeout(60):
            async for event in channel.events({}):
                if event['at'] == 'E':
                    break
        server.stop()
        await server.close_all_connections()

    asyncio.run(scenario())
    assert wishes[:3] == [None, None, 'D']
