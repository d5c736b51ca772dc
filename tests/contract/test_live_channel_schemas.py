"""Every message of the live channel has the shape that the API's document states."""

import asyncio
from typing import Any

from handlers.document.schemas.live_events import EVENTS
from tests import conformance
from tests.contract.test_live_channel import talk
from tests.live_client import LiveClient
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1'}}, {'worker': {'image': 'nginx:1'}}]}

# The names of the shapes of each type: the details of a subscription have shapes of their own.
SCHEMAS_OF: dict[str, list[str]] = {}
for name, schema in EVENTS.items():
    SCHEMAS_OF.setdefault(schema['properties']['type']['const'], []).append(name)

# The test server does not observe ECS, and this client follows no log.
OBSERVED_ONLY = {'rollout', 'log'}


def hold(message: dict[str, Any]) -> None:
    faults = {name: faults_of(message, name) for name in SCHEMAS_OF[message['type']]}
    assert [] in faults.values(), (message['type'], faults)


def faults_of(message: dict[str, Any], name: str) -> list[str]:
    errors = conformance.validator(name).iter_errors(message)
    return [f'{error.json_path}: {error.message[:300]}' for error in errors]


def propose(server: Server, address: str) -> None:
    """Make two proposals, one that is approved and one that is rejected; the cluster needs no approvals then."""
    server.api('PUT', f'{address}/config', {**CONFIG, 'approvals': {'self': True}})
    for tag, verb in (('8', 'approve'), ('9', 'reject')):
        made = server.api('PUT', f'{address}/services/web', {'image_tag': tag}).json['proposal']
        assert server.api('POST', f'{address}/proposals/{made["id"]}/{verb}', {}).status == 200
    assert server.api('PUT', f'{address}/config?override=done', CONFIG).status == 202


def test_each_type_of_message_has_its_shape(server: Server):
    cluster = server.cluster(CONFIG)
    address = f'/clusters/{cluster}'

    async def test(client: LiveClient) -> None:
        await client.subscribe(cluster)
        calls: list[tuple[str, str, Any]] = [
            ('PUT', f'{address}/services/web', {'image_tag': '2'}),
            ('POST', f'{address}/services/web/run', {'command': ['report']}),
            ('PUT', f'{address}/freeze', {'reason': 'the big sale', 'until': '1h'}),
            ('PUT', f'{address}/services/web', {'image_tag': '3'}),
            ('DELETE', f'{address}/freeze', None),
            ('DELETE', address, None),
        ]
        await asyncio.to_thread(propose, server, address)
        for method, path, body in calls:
            await asyncio.to_thread(server.api, method, path, body)
        await client.say('not json')
        await client.type('error')
        await client.say({'type': 'ping'})
        await client.type('pong')
        seen = {message['type'] for message in client.got}
        while not seen >= SCHEMAS_OF.keys() - OBSERVED_ONLY:
            message = await client.next()
            assert message is not None
            seen.add(message['type'])
        for message in client.got:
            hold(message)

    talk(server, test)
