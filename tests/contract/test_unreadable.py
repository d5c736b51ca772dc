"""A stored document that cannot be read: a state of its own, and cured by what needs no document before it."""

import asyncio

import pytest

from stack.chat.chat_lines import ChatLines
from tests.client import path
from tests.live_client import LiveClient
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1', 'desired_count': 1}}, {'worker': {'image': 'nginx:1'}}]}
NEXT = {'services': [{'web': {'image': 'nginx:2', 'desired_count': 1}}]}
BROKEN = b'{"services": [{"web": {"image": "nginx:2",}}]}'


def broken(server: Server) -> str:
    """A cluster whose desired state was readable, and was then edited by hand."""
    name = server.aws.cluster()
    assert server.api('POST', '/clusters', {'name': name, 'config': CONFIG}).status == 201
    break_it(server, name)
    return name


def break_it(server: Server, name: str) -> None:
    server.aws.client('s3').put_object(Bucket=server.bucket, Key=name, Body=BROKEN)


def test_it_is_neither_in_sync_nor_healthy(server: Server):
    name = broken(server)
    shown = server.api('GET', path('clusters', name)).json
    assert (shown['sync'], shown['health'], shown['state']) == ('unreadable', 'unknown', 'unreadable')
    assert shown['unreadable'] == f'What is stored for {name} is not a JSON object.'
    assert (shown['services'], shown['unmanaged']) == ([], [])
    assert server.api('GET', path('clusters', name, 'services')).status == 502


def test_a_ci_job_that_waits_fails(server: Server):
    name = broken(server)
    rollout = path('clusters', name, 'rollout')
    answer = server.api('GET', f'{rollout}?wait=5')
    rollout_state = server.api('GET', rollout).json
    assert (rollout_state['state'], rollout_state['settled'], rollout_state['verdict']) == ('unreadable', True, None)
    assert 'not a JSON object' in rollout_state['message']
    assert (answer.status, answer.json['error']) == (409, 'rollout_failed')


@pytest.mark.parametrize('dry_run', [True, False])
def test_a_whole_stackfile_cures_it(server: Server, dry_run: bool):
    name = broken(server)
    config = path('clusters', name, 'config')
    if dry_run:
        plan = server.api('PUT', f'{config}?dry_run=true', NEXT)
        assert plan.status == 200, plan.body
        assert server.stored(name)['Body'] == BROKEN
        assert server.api('PUT', f'{config}?plan={plan.json["id"]}', NEXT).status == 202
    else:
        assert server.api('PUT', config, NEXT).status == 202
    assert server.document(name) == NEXT
    assert server.api('GET', path('clusters', name)).json['unreadable'] is None


def test_a_stackfile_with_mistakes_does_not(server: Server):
    name = broken(server)
    answer = server.api('PUT', path('clusters', name, 'config'), {'services': [{'web': {'image': 3}}]})
    assert answer.status == 400
    assert server.stored(name)['Body'] == BROKEN


def test_a_rollback_cures_it(server: Server):
    name = broken(server)
    answer = server.api('POST', path('clusters', name, 'rollback'), {})
    assert answer.status == 202, answer.body
    assert server.document(name) == CONFIG


def test_it_can_be_removed(server: Server):
    name = broken(server)
    assert server.api('DELETE', path('clusters', name)).status == 200
    assert name not in set(server.keys())
    assert server.api('GET', path('clusters', name)).status == 404


def test_it_can_be_planned_to_be_removed(server: Server):
    name = broken(server)
    assert server.api('DELETE', f'{path("clusters", name)}?dry_run=true').status == 200
    assert server.stored(name)['Body'] == BROKEN


def test_changes_of_one_service_are_refused_and_store_nothing(server: Server):
    name = broken(server)
    answer = server.api('PUT', path('clusters', name, 'services', 'web'), {'image_tag': '2'})
    assert (answer.status, answer.json['error']) == (502, 'state_unreadable')
    answer = server.api('POST', path('clusters', name, 'rollback'), {'service': 'web'})
    assert (answer.status, answer.json['error']) == (502, 'state_unreadable')
    assert server.stored(name)['Body'] == BROKEN


def test_metrics_count_it(server: Server):
    name = broken(server)
    server.api('GET', path('clusters', name))
    assert b'nysa_unreadable_clusters 1.0' in server.ask('GET', '/metrics').body


def test_nothing_counts_as_destroyed(server: Server):
    name = server.aws.cluster()
    server.api('POST', '/clusters', {'name': name, 'config': CONFIG})

    async def watch() -> dict:
        client = await LiveClient.connect(server.port)
        await client.subscribe(name)
        await asyncio.to_thread(break_it, server, name)
        # A change that is refused makes this server read what is stored.
        await asyncio.to_thread(server.api, 'PUT', path('clusters', name, 'services', 'web'), {'image_tag': '2'})
        await asyncio.to_thread(server.api, 'GET', path('clusters', name))
        event = await client.type('desired')
        await client.close()
        return event

    event = asyncio.run(watch())
    assert (event['changes'], event['summary']) == ([], 'cannot be read')
    assert event['unreadable'] == f'What is stored for {name} is not a JSON object.'
    lines = ChatLines().of(event)
    assert lines == [f':warning: *{name}*: What is stored for {name} is not a JSON object.']
