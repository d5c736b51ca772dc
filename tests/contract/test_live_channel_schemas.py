"""Every message of the live channel has the shape that the API's document states."""

import asyncio
from typing import Any

from handlers.document.schemas.live_events import EVENTS
from tests import conformance
from tests.contract.test_live_channel import talk
from tests.live_client import LiveClient
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1'}}, {'worker': {'image': 'nginx:1'}}]}

SCHEMA_OF = {schema['properties']['type']['const']: name for name, schema in EVENTS.items()}

# The test server does not observe ECS.
OBSERVED_ONLY = {'rollout'}


def hold(message: dict[str, Any]) -> None:
    faults = [
        f'{fault.json_path}: {fault.message[:300]}'
        for fault in conformance.validator(SCHEMA_OF[message['type']]).iter_errors(message)
    ]
    assert not faults, (message['type'], faults)


def test_each_type_of_message_has_its_shape(server: Server):
    cluster = server.cluster(CONFIG)
    address = f'/clusters/{cluster}'

    async def test(client: LiveClient) -> None:
        await client.subscribe(cluster)
        calls: list[tuple[str, str, Any]] = [
            ('PUT', f'{address}/services/web', {'image_tag': '2'}),
            ('PUT', f'{address}/freeze', {'reason': 'the big sale', 'until': '1h'}),
            ('PUT', f'{address}/services/web', {'image_tag': '3'}),
            ('DELETE', f'{address}/freeze', None),
            ('DELETE', address, None),
        ]
        for method, path, body in calls:
            await asyncio.to_thread(server.api, method, path, body)
        await client.say('not json')
        await client.type('error')
        await client.say({'type': 'ping'})
        await client.type('pong')
        seen = {message['type'] for message in client.got}
        while not seen >= SCHEMA_OF.keys() - OBSERVED_ONLY:
            message = await client.next()
            assert message is not None
            seen.add(message['type'])
        for message in client.got:
            hold(message)

    talk(server, test)
