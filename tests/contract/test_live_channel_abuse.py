"""Wrong and hostile messages of clients on the live channel, and their effect on other clients."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.guarded import Guarded
from tests.live_client import LiveClient
from tests.rolling import eventually
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'team/web:1'}}]}
HANDSHAKE = (
    'GET /api/v1/events HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n'
)


def talk(server: Server, test: Callable[[LiveClient], Awaitable[None]], query: str = '', **headers: str) -> None:
    async def whole() -> None:
        client = await LiveClient.connect(server.port, query, **headers)
        try:
            await client.type('hello')
            await test(client)
            await client.say({'type': 'ping'})
            assert (await client.type('pong', 'error'))['type'] == 'pong'
        finally:
            await client.close()

    asyncio.run(whole())


def subscribe(**given: Any) -> str:
    return json.dumps({'type': 'subscribe', 'clusters': ['*']} | given)


@pytest.mark.parametrize(
    'text',
    [
        '',
        'null',
        '1',
        '[]',
        '"subscribe"',
        '[' * 100_000,
        '{"type": ["subscribe"]}',
        '{"type": null}',
        '{"type": "subscribe"}',
        subscribe(clusters='prod'),
        subscribe(clusters=[1]),
        subscribe(clusters=['']),
        subscribe(clusters=[['prod']]),
        subscribe(clusters={'prod': 1}),
        subscribe(clusters=['x'] * 10_001),
        subscribe(clusters=[f'{number}*' for number in range(101)]),
        subscribe(clusters=['\ud800']),
        subscribe(known={'\ud800': 'r1'}),
        subscribe(known={'prod': '\ud800'}),
        subscribe(known=['r1']),
        subscribe(known={'prod': None}),
        subscribe(known={'prod': {'revision': 'r1'}}),
        subscribe(known={str(number): 'r1' for number in range(10_001)}),
    ],
    ids=lambda text: text[:40],
)
def test_what_cannot_be_meant_is_answered(server: Server, text: str):
    async def test(client: LiveClient) -> None:
        await client.say(text)
        answer = await client.next()
        assert (answer['type'], answer['code']) == ('error', 'invalid_request')
        assert len(answer['message']) < 300

    talk(server, test)


@pytest.mark.parametrize('query', ['?cluster=', '?cluster=prod&cluster=', '?' + 'cluster=x*&' * 101])
def test_an_address_that_cannot_be_meant_is_answered(server: Server, query: str):
    async def test(client: LiveClient) -> None:
        assert (await client.next())['code'] == 'invalid_request'

    talk(server, test, query)


def test_a_subscription_takes_the_place_of_the_one_before(server: Server):
    first, second = server.cluster(CONFIG), server.cluster(CONFIG)

    async def test(client: LiveClient) -> None:
        await client.subscribe(first)
        await client.subscribe(second)
        for cluster in (first, second):
            await asyncio.to_thread(server.api, 'PUT', f'/clusters/{cluster}/services/web', {'image_tag': '2'})
        assert (await client.type('desired'))['cluster'] == second

    talk(server, test)


def test_the_revision_of_another_cluster_is_one_that_nobody_knows(server: Server):
    one, other = server.cluster(CONFIG), server.cluster(CONFIG)

    async def test(client: LiveClient) -> None:
        other_revision = server.api('GET', f'/clusters/{other}').revision
        cluster = (await client.subscribe(one, known={one: other_revision}))[0]
        assert (cluster['type'], cluster['cluster'], cluster['covers_since']) == ('cluster', one, other_revision)

    talk(server, test)


def test_thousands_of_clusters_that_never_were_cost_next_to_nothing(server: Server):
    known = {f'cluster-that-never-was-{number}': 'r1' for number in range(5000)}

    async def test(client: LiveClient) -> None:
        before = sum(server.calls('s3:').values())
        answers = await client.subscribe('*', *known, known=known)
        assert [each['type'] for each in answers] == ['deleted'] * 5000 + ['synced']
        assert sum(server.calls('s3:').values()) - before < 5

    talk(server, test)


def test_a_pattern_that_would_take_for_ever(server: Server):
    """Of a few stars a regular expression makes minutes in which the server does nothing else."""

    async def test(client: LiveClient) -> None:
        name = 'a' * 250
        answers = await client.subscribe('*a' * 20 + 'b', known={name: 'r1'})
        assert [each['type'] for each in answers] == ['synced']

    talk(server, test)


def test_what_else_lies_in_the_bucket_is_no_cluster(server: Server):
    cluster = server.cluster(CONFIG)
    server.aws.client('s3').put_object(Bucket=server.bucket, Key='nysa/secret', Body=json.dumps(CONFIG))

    async def test(client: LiveClient) -> None:
        answers = await client.subscribe('nysa/secret', '*', known={'nysa/secret': 'r1', '../x': 'r1'})
        events = {(each['type'], each.get('cluster')) for each in answers}
        assert events == {('cluster', cluster), ('deleted', 'nysa/secret'), ('deleted', '../x'), ('synced', None)}

    talk(server, test)


def test_whoever_may_not_see_a_cluster_cannot_ask_whether_it_is_there(guarded: Guarded):
    seen, hidden = guarded.managed(), guarded.managed()
    revision = guarded.as_(guarded.admin, 'GET', f'/clusters/{hidden}').revision

    async def test(client: LiveClient) -> None:
        for known in ({hidden: revision}, {hidden: 'wrong'}, {'never-was': 'r1'}):
            answers = await client.subscribe('*', hidden, known=known)
            assert [(each['type'], each.get('cluster')) for each in answers] == [('cluster', seen), ('synced', None)]
            assert answers[-1]['revisions'].keys() == {seen}

    token = guarded.token('viewer', clusters=[seen])
    talk(guarded, test, Authorization=f'Bearer {token}')


def test_a_dead_peer_is_dropped_and_a_living_one_is_not(server: Server):
    """Dead is who leaves two pings unanswered."""

    async def whole() -> None:
        living = await LiveClient.connect(server.port)
        await living.type('hello')
        reader, writer = await asyncio.open_connection('127.0.0.1', server.port)
        writer.write(HANDSHAKE.encode())
        await reader.readuntil(b'\r\n\r\n')
        await reader.readuntil(b'hello')
        for _ in range(3):
            assert len(server.context.sockets) == 2
            await asyncio.to_thread(server.run, server.context.sockets.beat())
            # Its answer comes behind that to the heartbeat.
            await living.say({'type': 'ping'})
            await living.type('pong')
        async with asyncio.timeout(20):
            await reader.read()
        writer.close()
        # The end of the connection arrives before the server has removed its socket.
        await eventually(lambda: len(server.context.sockets) == 1)
        await living.say({'type': 'ping'})
        await living.type('pong')
        await living.close()

    asyncio.run(whole())
