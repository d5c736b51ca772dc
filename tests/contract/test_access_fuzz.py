"""Malformed and hostile requests: none causes a server error or a leak."""

import asyncio
import json
import random

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from handlers.document.openapi import endpoints
from handlers.routes import ROUTES
from tests.client import Answer, Client
from tests.conformance import api
from tests.guarded import Guarded
from tests.live_client import LiveClient

LEAKS = (b'Traceback', b'hunter2', b'File "', b'tornado')
SCHEMA = schemathesis.openapi.from_dict(api())

BODIES = (
    b'',
    b'{',
    b'[]',
    b'null',
    b'"x"',
    b'\xff\xfe',
    b'[' * 5000,
    b'{"a":' * 5000,
    b'services: &a [*a]',
    b'1' * 5000,
)
TYPES = ('application/json', 'application/yaml', 'text/plain', 'x', 'application/json; charset=utf-16', '\xff')
NAMES = ('..', '%2e%2e', '%00', '%ff', 'a%2fb', "'", '<script>', '%0d%0aX-Evil:1', 'x' * 2000, '𝕏', '*', ' ')


def check(asked: str, answer: Answer) -> None:
    assert answer.status < 500, (asked, answer.body[:300])
    assert not any(leak in answer.body for leak in LEAKS)
    assert 'X-Evil' not in answer.headers


def test_bad_requests(guarded: Guarded):
    """The same ones each time. Names, bodies and headers that fit nowhere, at every address, as an admin."""
    guarded.managed()
    dice = random.Random(7)
    calls = [(each.verb.upper(), each.path) for each in endpoints(ROUTES) if 'session' not in each.path]
    for number in range(1000):
        verb, path = calls[number % len(calls)]
        for name in ('cluster', 'service', 'revision', 'token'):
            path = path.replace(f'{{{name}}}', dice.choice(NAMES).encode().decode('latin-1'))
        headers = {
            'Authorization': f'Bearer {guarded.admin}',
            'Connection': 'close',  # a path that is not in UTF-8 is refused before the body is read
            'Content-Type': dice.choice(TYPES),
            'If-Match': dice.choice(('', '"', '*', '"x", "y"', '\xe9')),
            'X-Request-Id': dice.choice(('r', 'a b', '\xe9')),
        }
        query = dice.choice(('', '?limit=-1', '?wait=x', '?message=%ff', '?after=%00', '?dry_run=maybe', '?plan=%0a'))
        body = dice.choice(BODIES) if verb in ('PUT', 'POST') else None
        check(f'{verb} {path}{query} {headers} {body!r:.20}', Client.ask(guarded, verb, path + query, body, **headers))


@given(case=SCHEMA.as_strategy())
@settings(max_examples=200, suppress_health_check=list(HealthCheck))
def draw(collected: list, case) -> None:
    collected.append(case)


@pytest.fixture(scope='module')
def cases() -> list:
    """Drawn before a server runs: hypothesis refuses examples while other threads use the module `random`."""
    collected: list = []
    draw(collected)
    return collected


def test_what_the_document_allows(cases: list, guarded: Guarded):
    """Made from the OpenAPI document by schemathesis: right and nearly right requests."""
    assert len(cases) > 100
    for case in cases:
        if 'session' in case.operation.path or case.operation.path == '/readyz':
            continue
        sent = case.as_transport_kwargs(base_url=f'http://127.0.0.1:{guarded.port}')
        path = sent['url'].partition(str(guarded.port))[2]
        body = json.dumps(sent['json']).encode() if sent.get('json') is not None else None
        token = {'Authorization': f'Bearer {guarded.admin}', 'Content-Type': 'application/json'}
        check(f'{case.method} {path}', Client.ask(guarded, case.method, path, body, **token))


MESSAGES = [
    '',
    '{',
    '[]',
    'null',
    '1e999',
    '"x"',
    '[' * 50_000,
    '{"type": "subscribe"}',
    '{"type": "subscribe", "clusters": [[]]}',
    '{"type": "subscribe", "clusters": ["*"], "known": []}',
    '{"type": "subscribe", "clusters": ["' + '*a' * 200 + '"]}',
    '{"type": ["ping"]}',
    '{"type": "\\ud800"}',
    b'\x00\xff',
]


@pytest.mark.parametrize('message', MESSAGES, ids=range(len(MESSAGES)))
def test_bad_messages(guarded: Guarded, message: str | bytes):
    cluster = guarded.managed()

    async def play() -> None:
        client = await LiveClient.connect(guarded.port, Authorization=f'Bearer {guarded.admin}')
        await client.next()
        await client.say(message)
        await client.say({'type': 'subscribe', 'clusters': [cluster]})
        await client.type('synced')
        assert not any(each.get('code') == 'internal' for each in client.got)
        await client.close()

    asyncio.run(play())
