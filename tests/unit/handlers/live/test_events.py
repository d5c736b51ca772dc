"""What an open socket holds on to, and what it leaves."""

import asyncio
import gc
import weakref

from tests.live_client import LiveClient
from tests.server import Server


def test_a_closed_socket_leaves_nothing_for_the_garbage_collector(server: Server):
    cluster = server.cluster({'services': [{'web': {'image': 'team/web:1'}}]})
    sockets = server.context.sockets

    async def open_and_close() -> None:
        client = await LiveClient.connect(server.port)
        await client.subscribe(cluster)
        (handler,) = list(sockets._unanswered)
        left = [weakref.ref(handler), weakref.ref(handler.subscriber.outlet), weakref.ref(handler.ws_connection.stream)]
        del handler
        client.cut()
        async with asyncio.timeout(60):
            while any(each() for each in left):  # noqa: ASYNC110  garbage collection has no notification
                await asyncio.sleep(0.01)

    gc.disable()
    try:
        asyncio.run(open_and_close())
    finally:
        gc.enable()
    assert len(sockets) == 0


def test_an_open_socket_keeps_neither_the_handshake_nor_tables_of_names(server: Server):
    """The instances of a class share one table of their names, up to thirty: `SHARED_KEYS_MAX_SIZE` of CPython."""

    async def opening() -> bool:
        return any(task.get_coro().__qualname__.endswith('._execute') for task in asyncio.all_tasks())

    async def open_and_look() -> None:
        client = await LiveClient.connect(server.port)
        await client.type('hello')
        async with asyncio.timeout(60):
            while server.run(opening()):  # noqa: ASYNC110  the end of a task has no notification here
                await asyncio.sleep(0.01)
        (handler,) = list(server.context.sockets._unanswered)
        for each in (handler, handler.ws_connection, handler.ws_connection.stream):
            assert len(vars(each)) <= 30
        del handler
        await client.say({'type': 'ping'})
        await client.type('pong')
        await client.close()

    asyncio.run(open_and_look())
