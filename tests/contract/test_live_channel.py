"""The live channel over a real socket: what docs/events.md promises to clients."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable

import pytest
import websockets
from tornado.httpclient import HTTPClientError

from handlers.live.events import LARGEST_MESSAGE
from tests.live_client import LiveClient
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'team/web:1', 'desired_count': 2, 'environment': {'PASSWORD': 's3cret'}}}]}


def talk(server: Server, test: Callable[[LiveClient], Awaitable[None]], query: str = '', **headers: str) -> None:
    async def whole() -> None:
        client = await LiveClient.connect(server.port, query, **headers)
        try:
            await test(client)
        finally:
            await client.close()

    asyncio.run(whole())


async def change(server: Server, cluster: str, tag: str, **headers: str) -> str:
    """Change a service over REST; the new revision."""
    path = f'/clusters/{cluster}/services/web?message=because'
    answer = await asyncio.to_thread(server.api, 'PUT', path, {'image_tag': tag}, **headers)
    assert answer.status == 202, answer.body
    return answer.revision


def test_hello_comes_first(server: Server):
    async def test(client: LiveClient) -> None:
        hello = await client.next()
        assert hello['type'] == 'hello'
        assert hello['caller'] == {'name': 'kim', 'role': 'admin'}
        assert (hello['version'], hello['heartbeat_seconds']) == ('0.2.0', 30)

    talk(server, test, X_Nysa_Actor='kim')


def test_a_subscription_brings_each_cluster_and_then_says_so(server: Server):
    prod, other = server.cluster(CONFIG), server.cluster(CONFIG)

    async def test(client: LiveClient) -> None:
        messages = await client.subscribe(prod, 'nothing*')
        assert [each['type'] for each in messages] == ['hello', 'cluster', 'synced']
        cluster = messages[1]
        assert (cluster['cluster'], cluster['revision']) == (prod, server.api('GET', f'/clusters/{prod}').revision)
        assert [each['name'] for each in cluster['services']] == ['web']
        assert messages[2]['revisions'] == {prod: cluster['revision']}
        assert [each['cluster'] for each in (await client.subscribe('*'))[:-1]] == sorted([prod, other])

    talk(server, test)


def test_a_subscription_in_the_detail_of_a_list(server: Server):
    prod = server.cluster(CONFIG)

    async def test(client: LiveClient) -> None:
        _, cluster, _ = await client.subscribe(prod, detail='summary')
        assert cluster['services'] == {'web': 'urq'}
        assert cluster['counts']['services'] == 1
        revision = await change(server, prod, '2')
        desired = await client.type('desired')
        assert (desired['revision'], desired['destroyed']) == (revision, [])
        assert 'changes' not in desired
        assert (await client.type('rollout'))['services'] == {'web': 'urq'}

    talk(server, test)


def test_a_subscription_to_deltas(server: Server):
    prod = server.cluster(CONFIG)

    async def test(client: LiveClient) -> None:
        _, cluster, _ = await client.subscribe(prod, detail='services')
        assert cluster['services'][0]['name'] == 'web'
        await change(server, prod, '2')
        first = await client.type('rollout')
        await change(server, prod, '3')
        second = await client.type('rollout')
        assert ('delta' in first, second['delta']) == (False, True)
        before, after = first['services'][0], second['services'][0]
        assert (after['name'], after['image_tag'], after['delta']) == ('web', '3', True)
        assert 'health' in before
        assert 'health' not in after

    talk(server, test)


def test_a_client_that_offers_compression_reads_the_same(server: Server):
    prod = server.cluster({'services': [{f'web-{number}': {'image': 'team/web:1'}} for number in range(50)]})
    wish = json.dumps({'type': 'subscribe', 'clusters': [prod] * 500})

    async def read(compression: str | None) -> list[str]:
        address = f'ws://127.0.0.1:{server.port}/api/v1/events'
        async with asyncio.timeout(60), websockets.connect(address, compression=compression, proxy=None) as client:
            assert [each.name for each in client.protocol.extensions] == ['permessage-deflate'] * bool(compression)
            messages = []
            for _ in range(2):
                await client.send(wish)
                messages.append(json.loads(await client.recv()))
                while messages[-1]['type'] != 'synced':
                    messages.append(json.loads(await client.recv()))
            return [each['type'] for each in messages]

    compressed = asyncio.run(read('deflate'))
    assert compressed == asyncio.run(read(None)) == ['hello', *(['cluster', 'synced'] * 2)]


def test_a_subscription_in_the_address(server: Server):
    clusters = [server.cluster(CONFIG) for _ in range(3)]

    async def test(client: LiveClient) -> None:
        synced = await client.type('synced')
        assert set(synced['revisions']) == set(clusters[:2])
        assert all('events' not in message['services'][0] for message in client.got if message['type'] == 'cluster')

    talk(server, test, f'?cluster={clusters[0]}&cluster={clusters[1]}&detail=rows')


def test_clusters_come_together_where_the_address_asks_for_it(server: Server):
    clusters = sorted(server.cluster(CONFIG) for _ in range(3))
    server.run(asyncio.wait_for(_all_loaded(server, clusters), 30))

    async def test(client: LiveClient) -> None:
        await client.type('synced')
        assert [each['type'] for each in client.got] == ['hello', 'batch', 'synced']
        assert [each['cluster'] for each in client.got[1]['messages']] == clusters

    talk(server, test, ''.join(f'&cluster={name}' for name in clusters).replace('&', '?', 1) + '&batches=true')

    async def refused(client: LiveClient) -> None:
        assert 'batches' in (await client.type('error'))['message']

    talk(server, refused, '?cluster=*&batches=maybe')


async def _all_loaded(server: Server, clusters: list[str]) -> None:
    for name in clusters:
        await server.context.live.state(name)


def test_a_change_through_rest_arrives_at_once(server: Server):
    cluster = server.cluster(CONFIG)

    async def test(client: LiveClient) -> None:
        before = (await client.subscribe(cluster))[-1]['revisions'][cluster]
        revision = await change(server, cluster, '2', X_Nysa_Actor='kim')
        event = await client.type('desired')
        assert (event['revision'], event['previous']) == (revision, before)
        assert (event['by'], event['message'], event['cluster']) == ('kim', 'because', cluster)
        assert event['changes'] == [
            {
                'service': 'web',
                'action': 'update',
                'changes': [{'path': 'image', 'before': 'team/web:1', 'after': 'team/web:2'}],
            }
        ]
        moved = await client.type('rollout')
        assert [(each['name'], each['state']) for each in moved['services']] == [('web', 'queued')]

    talk(server, test)


def test_what_was_missed_comes_one_by_one(server: Server):
    cluster = server.cluster(CONFIG)

    async def test(client: LiveClient) -> None:
        known = (await client.subscribe(cluster))[-1]['revisions']
        client.cut()
        revisions = [await change(server, cluster, tag) for tag in ('2', '3', '4')]
        again = await LiveClient.connect(server.port)
        messages = await again.subscribe(cluster, known=known)
        assert [each['revision'] for each in messages if each['type'] == 'desired'] == revisions
        assert 'cluster' not in [each['type'] for each in messages]
        await again.close()

    talk(server, test)


def test_what_was_missed_comes_from_another_replica_too(server: Server):
    """Which never heard of the clusters before: the history in S3 is the log."""
    cluster = server.cluster(CONFIG)
    known = {cluster: server.api('GET', f'/clusters/{cluster}').revision}

    async def test(client: LiveClient) -> None:
        revisions = [await change(server, cluster, tag) for tag in ('2', '3', '4')]
        messages = await client.subscribe(cluster, known=known)
        assert [each['revision'] for each in messages if each['type'] == 'desired'] == revisions

    with Server(server.aws, AWS_S3_BUCKET=server.bucket) as other:
        talk(other, test)


def test_too_much_was_missed(server: Server):
    cluster = server.cluster(CONFIG)
    known = {cluster: server.api('GET', f'/clusters/{cluster}').revision}
    s3 = server.aws.client('s3')
    for number in range(102):
        s3.put_object(Bucket=server.bucket, Key=cluster, Body=json.dumps({'services': [], 'number': number}))

    async def test(client: LiveClient) -> None:
        messages = await client.subscribe(cluster, known=known)
        assert [each['type'] for each in messages] == ['hello', 'cluster', 'synced']
        assert messages[1]['covers_since'] == known[cluster]

    talk(server, test)


@pytest.mark.parametrize('known', ['', 'nonsense', 'null'])
def test_a_known_revision_that_nobody_knows(server: Server, known: str):
    cluster = server.cluster(CONFIG)

    async def test(client: LiveClient) -> None:
        messages = await client.subscribe(cluster, known={cluster: known})
        assert [each['type'] for each in messages] == ['hello', 'cluster', 'synced']

    talk(server, test)


def test_a_cluster_that_comes_and_goes(server: Server):
    name = server.aws.cluster()

    async def rest(method: str, path: str, body: dict | None = None) -> None:
        answer = await asyncio.to_thread(server.api, method, path, body)
        assert answer.status < 300, answer.body

    async def test(client: LiveClient) -> None:
        await client.subscribe('*')
        await rest('POST', '/clusters', {'name': name, 'config': CONFIG})
        assert (await client.type('cluster'))['cluster'] == name
        await rest('DELETE', f'/clusters/{name}?message=done')
        deleted = await client.type('deleted')
        assert (deleted['cluster'], deleted['by'], deleted['reason']) == (name, 'anonymous', 'done')
        await rest('POST', f'/clusters/{name}/restore')
        assert (await client.type('cluster'))['cluster'] == name
        known = {name: 'whatever'}
        await rest('DELETE', f'/clusters/{name}')
        await client.type('deleted')
        messages = await client.subscribe('*', known=known)
        assert [each['type'] for each in messages] == ['deleted', 'synced']

    talk(server, test)


def test_a_request_for_a_new_cluster_publishes_it(server: Server):
    name = server.aws.cluster()

    async def test(client: LiveClient) -> None:
        await client.subscribe('*')
        server.aws.client('s3').put_object(Bucket=server.bucket, Key=name, Body=json.dumps(CONFIG))
        assert (await asyncio.to_thread(server.api, 'GET', f'/clusters/{name}/rollout')).status == 200
        assert (await client.type('cluster'))['cluster'] == name

    talk(server, test)


def test_freezing_and_thawing(server: Server):
    cluster = server.cluster(CONFIG)

    async def rest(method: str, body: dict | None = None) -> None:
        path = f'/clusters/{cluster}/freeze'
        answer = await asyncio.to_thread(server.api, method, path, body, X_Nysa_Actor='kim')
        assert answer.status < 300, answer.body

    async def test(client: LiveClient) -> None:
        await client.subscribe(cluster)
        await rest('PUT', {'reason': 'launch'})
        frozen = await client.type('frozen')
        assert (frozen['cluster'], frozen['by'], frozen['reason'], frozen['until']) == (cluster, 'kim', 'launch', None)
        again = await LiveClient.connect(server.port)
        assert (await again.subscribe(cluster))[1]['frozen']['reason'] == 'launch'
        await again.close()
        await rest('DELETE')
        thawed = await client.type('thawed')
        assert (thawed['cluster'], thawed['by']) == (cluster, 'kim')

    talk(server, test)


@pytest.mark.parametrize(
    ('text', 'code'),
    [
        ('{', 'invalid_request'),
        (b'\x00', 'invalid_request'),
        ('{"type": "unknown"}', 'invalid_request'),
        ('{"type": "subscribe", "clusters": []}', 'invalid_request'),
    ],
)
def test_a_message_that_cannot_be_read_is_answered_and_the_line_stays_open(server: Server, text, code: str):
    async def test(client: LiveClient) -> None:
        await client.say(text)
        assert (await client.type('error'))['code'] == code
        await client.say({'type': 'ping'})
        await client.type('pong')

    talk(server, test)


def test_a_message_that_is_too_large(server: Server):
    """It is refused by its length alone: https://www.rfc-editor.org/rfc/rfc6455#section-5.2"""

    async def test(client: LiveClient) -> None:
        await client.send_raw(struct.pack('>BBQI', 0x81, 0x80 | 127, LARGEST_MESSAGE + 1, 0))
        while await client.next():
            pass
        assert client.closed_with == 1009

    talk(server, test)


def test_the_sub_protocol_is_optional(server: Server):
    async def whole() -> None:
        for offered, chosen in ((['other', 'nysa.v1'], 'nysa.v1'), (None, None), (['other'], None)):
            client = await LiveClient.connect(server.port, subprotocols=offered)
            assert client.subprotocol == chosen
            await client.close()

    asyncio.run(whole())


def test_a_page_of_another_origin_is_refused(server: Server):
    async def whole() -> None:
        with pytest.raises(HTTPClientError) as refused:
            await LiveClient.connect(server.port, Origin='https://evil.example')
        assert refused.value.code == 403
        client = await LiveClient.connect(server.port, Origin=f'http://127.0.0.1:{server.port}')
        assert (await client.next())['type'] == 'hello'
        await client.close()

    asyncio.run(whole())


def test_a_plain_request_is_answered_with_a_hint(server: Server):
    answer = server.api('GET', '/events')
    assert answer.status == 400
    assert answer.json['error'] == 'invalid_request'
    assert 'WebSocket' in answer.json['message']


@pytest.mark.parametrize(
    ('offers', 'accepted'),
    [
        ('permessage-deflate', True),
        ('permessage-deflate; client_max_window_bits', True),
        ('x-other, permessage-deflate; server_max_window_bits=10, permessage-deflate', True),
        ('permessage-deflate; server_max_window_bits=10', False),
        ('permessage-deflate; client_max_window_bits=99', False),
        ('permessage-deflate; unknown=1', False),
        ('x-other', False),
    ],
)
def test_compression_is_accepted_without_memory_for_it(server: Server, offers: str, accepted: bool):
    """With context takeover, a socket costs 156 KB."""

    lines = [
        'GET /api/v1/events HTTP/1.1',
        'Host: localhost',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        f'Sec-WebSocket-Extensions: {offers}',
    ]
    with socket.create_connection(('127.0.0.1', server.port), timeout=30) as peer:
        peer.sendall('\r\n'.join([*lines, '', '']).encode())
        answer = b''
        while b'\r\n\r\n' not in answer:
            answer += peer.recv(4096)
    head = answer.partition(b'\r\n\r\n')[0].decode()
    assert head.startswith('HTTP/1.1 101')
    for word in ('permessage-deflate', 'server_no_context_takeover', 'client_no_context_takeover'):
        assert (word in head) == accepted


def test_a_server_that_stops_says_so(server: Server):
    async def whole(other: Server) -> None:
        client = await LiveClient.connect(other.port, '?cluster=*')
        await client.type('synced')
        await asyncio.to_thread(other.__exit__)
        while await client.next():
            pass
        assert client.closed_with == 1001
        await client.close()

    other = Server(server.aws, AWS_S3_BUCKET=server.bucket)
    other.__enter__()
    asyncio.run(whole(other))


async def published_freezes(client: LiveClient) -> list[str]:
    """The events about freezes so far: a pong comes after all of them."""
    await client.say({'type': 'ping'})
    await client.type('pong')
    return [each['type'] for each in client.got if each['type'] in ('frozen', 'thawed')]


def test_a_freeze_and_a_thaw_are_published_once(server: Server):
    cluster = server.cluster(CONFIG)
    path = f'/clusters/{cluster}/freeze'

    async def test(client: LiveClient) -> None:
        await client.subscribe(cluster)
        await asyncio.to_thread(server.api, 'PUT', path, {'reason': 'the big sale'})
        await asyncio.to_thread(server.api, 'DELETE', path)
        assert await published_freezes(client) == ['frozen', 'thawed']

    talk(server, test)


def test_a_freeze_and_a_thaw_through_another_replica_are_published_once(server: Server):
    cluster = server.cluster(CONFIG)
    path = f'/clusters/{cluster}/freeze'

    with Server(server.aws, AWS_S3_BUCKET=server.bucket, AWS_SQS_NOTIFICATION_QUEUE=server.queue) as replica:

        async def test(client: LiveClient) -> None:
            await client.subscribe(cluster)
            for method, body in (('PUT', {'reason': 'the big sale'}), ('DELETE', None), ('PUT', {'reason': 'again'})):
                await asyncio.to_thread(server.api, method, path, body)
                await asyncio.to_thread(replica.run, replica.context.live.feed.poll())
            assert await published_freezes(client) == ['frozen', 'thawed', 'frozen']

        talk(replica, test)


def refusal(server: Server, cluster: str) -> dict:
    answer = server.api('GET', f'/clusters/{cluster}/audit')
    return next(each for each in answer.json['content'] if each['kind'] == 'refusal')


def test_a_refusal_is_published_once_it_can_be_read(server: Server):
    cluster = server.cluster(CONFIG)
    server.api('PUT', f'/clusters/{cluster}/freeze', {'reason': 'the big sale'})

    async def test(client: LiveClient) -> None:
        await client.subscribe(cluster)
        body = {'image_tag': 'v9'}
        refused = await asyncio.to_thread(server.api, 'PUT', f'/clusters/{cluster}/services/web', body)
        assert refused.status == 423
        assert (await client.type('audit')).keys() == {'type', 'cluster', 'at'}
        # Through a replica that did not refuse it, and has nothing but the bucket
        with Server(server.aws, AWS_S3_BUCKET=server.bucket) as other:
            assert (await asyncio.to_thread(refusal, other, cluster))['did']['image_tag'] == 'v9'

    talk(server, test)


def test_a_refusal_by_another_replica_is_published_too(server: Server):
    cluster = server.cluster(CONFIG)
    server.api('PUT', f'/clusters/{cluster}/freeze', {'reason': 'the big sale'})

    with Server(server.aws, AWS_S3_BUCKET=server.bucket) as replica:

        async def test(client: LiveClient) -> None:
            await client.subscribe(cluster)
            await asyncio.to_thread(replica.run, replica.context.audit_news.look())
            await asyncio.to_thread(server.api, 'POST', f'/clusters/{cluster}/deploy')
            # Reading the audit there writes it at once
            assert await asyncio.to_thread(refusal, server, cluster)
            await asyncio.to_thread(replica.run, replica.context.audit_news.look())
            await client.type('audit')

        talk(replica, test)


def test_a_cluster_that_was_frozen_before_is_published_as_frozen(server: Server):
    name = server.cluster(CONFIG)
    server.api('PUT', f'/clusters/{name}/freeze', {'reason': 'the big sale'})

    async def test(client: LiveClient) -> None:
        messages = await client.subscribe(name)
        assert messages[1]['frozen']['reason'] == 'the big sale'

    with Server(server.aws, AWS_S3_BUCKET=server.bucket, AWS_SQS_NOTIFICATION_QUEUE=server.queue) as replica:
        talk(replica, test)
