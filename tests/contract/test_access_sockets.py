"""The live channel with access control: who may listen, to what, and for how long."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tornado.httpclient import HTTPClientError

from tests.guarded import Guarded
from tests.live_client import LiveClient


def talk(server: Guarded, test: Callable[[LiveClient], Awaitable[None]], **headers: str) -> None:
    async def whole() -> None:
        client = await LiveClient.connect(server.port, **headers)
        try:
            await test(client)
        finally:
            if not client.closed:
                await client.close()

    asyncio.run(whole())


def refused(server: Guarded, **headers: str) -> int:
    async def nothing(client: LiveClient) -> None:
        raise AssertionError('the socket was opened')

    with pytest.raises(HTTPClientError) as raised:
        talk(server, nothing, **headers)
    return raised.value.code


def bearer(token: str) -> dict[str, str]:
    return {'Authorization': f'Bearer {token}'}


def test_who_may_not_listen(guarded: Guarded):
    token = guarded.token('viewer')
    cookie, csrf = guarded.signed_in(token)
    own = f'http://127.0.0.1:{guarded.port}'
    assert refused(guarded) == 401
    assert refused(guarded, **bearer('nysa_000000000000_' + 'a' * 43)) == 401
    assert refused(guarded, Cookie=cookie[:-8] + 'deadbeef', Origin=own) == 401
    assert refused(guarded, Cookie=cookie, Origin='https://evil.example') == 403
    assert refused(guarded, Cookie=cookie, Origin='null') == 403
    assert refused(guarded, Cookie=cookie) == 403
    assert refused(guarded, **bearer(token), Origin='https://evil.example') == 403
    guarded.revoke(token)
    assert refused(guarded, **bearer(token)) == 401
    assert refused(guarded, Cookie=cookie, Origin=own, X_CSRF_Token=csrf) == 401


def test_a_session_listens_from_its_own_page(guarded: Guarded):
    cookie, _ = guarded.signed_in(guarded.admin)

    async def test(client: LiveClient) -> None:
        assert (await client.next())['type'] == 'hello'

    talk(guarded, test, Cookie=cookie, Origin=f'http://127.0.0.1:{guarded.port}')


def test_one_hears_of_ones_own_clusters_alone_and_a_viewer_of_no_value(guarded: Guarded):
    seen, hidden = guarded.managed(), guarded.managed()

    async def test(client: LiveClient) -> None:
        await client.subscribe('*', seen, hidden)
        for cluster in (hidden, seen):
            change = {'services': [{'web': {'image': 'nginx:2', 'environment': [{'DB_PASSWORD': 'correct-horse'}]}}]}
            path = f'/clusters/{cluster}/config'
            answer = await asyncio.to_thread(guarded.as_, guarded.admin, 'PUT', path, change)
            assert answer.status == 202
        await client.type('desired')
        assert {each.get('cluster') for each in client.got} <= {seen, None}
        assert not any(value in repr(client.got) for value in ('hunter2', 'correct-horse', hidden))

    talk(guarded, test, **bearer(guarded.token('viewer', clusters=[seen])))


def test_of_refusals_one_hears_in_ones_own_clusters_alone(guarded: Guarded):
    seen, hidden = guarded.managed(), guarded.managed()
    for cluster in (hidden, seen):
        guarded.as_(guarded.admin, 'PUT', f'/clusters/{cluster}/freeze', {'reason': 'the big sale'})

    async def test(client: LiveClient) -> None:
        await client.subscribe('*', seen, hidden)
        for cluster in (hidden, seen):
            refused = await asyncio.to_thread(guarded.as_, guarded.admin, 'POST', f'/clusters/{cluster}/deploy')
            assert refused.status == 423
            # Reading the audit writes it at once
            await asyncio.to_thread(guarded.as_, guarded.admin, 'GET', f'/clusters/{cluster}/audit')
        assert (await client.type('audit'))['cluster'] == seen
        assert hidden not in repr(client.got)

    talk(guarded, test, **bearer(guarded.token('viewer', clusters=[seen])))


def test_who_loses_the_token_loses_the_socket(guarded: Guarded):
    token = guarded.token('viewer')

    async def test(client: LiveClient) -> None:
        await client.next()
        await asyncio.to_thread(guarded.revoke, token)
        await client.say({'type': 'ping'})
        message = await client.next()
        # The watch of all sockets, every 5 s, may come before.
        assert message is None or message['code'] == 'not_authenticated'
        while message is not None:
            message = await client.next()
        assert client.closed_with == 1008

    talk(guarded, test, **bearer(token))


def test_a_socket_ends_with_the_time_of_its_session(guarded: Guarded, monkeypatch: pytest.MonkeyPatch):
    cookie, _ = guarded.signed_in(guarded.admin)
    monkeypatch.setattr('handlers.access.session.LASTS_S', 4)

    async def test(client: LiveClient) -> None:
        assert (await client.next())['type'] == 'hello'
        while await client.next() is not None:
            pass
        assert client.closed_with == 1008

    talk(guarded, test, Cookie=cookie, Origin=f'http://127.0.0.1:{guarded.port}')


def test_only_so_many_sockets(aws):
    with Guarded(aws, NYSA_SOCKET_LIMIT='1') as server:

        async def test(client: LiveClient) -> None:
            await client.next()
            with pytest.raises(HTTPClientError) as raised:
                await LiveClient.connect(server.port, **bearer(server.admin))
            assert raised.value.code == 429
            assert raised.value.response.headers['Retry-After'] == '30'

        talk(server, test, **bearer(server.admin))


def test_an_open_socket_forgets_its_handshake_and_its_credentials(guarded: Guarded):
    """Only what records of later refusals need is kept."""

    async def test(client: LiveClient) -> None:
        await client.next()
        opened = list(guarded.context.sockets._unanswered)
        assert opened
        for handler in opened:
            assert set(handler.request.headers) <= {'User-Agent', 'X-Forwarded-For'}
            assert handler.request.connection is None
        assert [each['type'] for each in await client.subscribe('*')] == ['synced']

    talk(guarded, test, **bearer(guarded.token('viewer', clusters=['none-*'])))
