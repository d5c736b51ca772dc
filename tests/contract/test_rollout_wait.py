"""`GET …/rollout?wait=`: every way to ask for it wrongly, and every way in which the waiting may end."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.aws import Aws
from tests.rolling import eventually, state_of, web
from tests.server import Server
from tests.stage import Stage

CONFIG = {'services': [{'web': {'image': 'team/web:1'}}]}
# The server fixture does not look at ECS: every change rolls out indefinitely.
LONG = 600


async def waiting(server: Server, cluster: str, query: str = '') -> asyncio.Task[Any]:
    """Wait until the server has a waiting caller."""
    path = f'/clusters/{cluster}/rollout?wait={LONG}{query}'
    asking = asyncio.create_task(asyncio.to_thread(server.api, 'GET', path))
    await eventually(lambda: server.context.live.askers.waits(cluster))
    return asking


@pytest.mark.parametrize('wait', ['', '-1', '601', '99999999999', '1.5', '1e1', 'x', '%D9%A1', 'nan'])
def test_what_is_no_time_to_wait_for(server: Server, wait: str):
    answer = server.api('GET', f'/clusters/{server.cluster(CONFIG)}/rollout?wait={wait}')
    assert (answer.status, answer.json['error']) == (400, 'invalid_request')
    assert [each['path'] for each in answer.json['details']] == ['wait']


@pytest.mark.parametrize(
    'query', ['&service=other', '&service=', '&revision=never-was', '&revision=', '&revision=never-was&service=web']
)
def test_what_nobody_knows_is_not_waited_for(server: Server, query: str):
    answer = server.api('GET', f'/clusters/{server.cluster(CONFIG)}/rollout?wait={LONG}{query}')
    assert (answer.status, answer.json['error']) == (404, 'not_found')


def test_a_cluster_that_is_not_there(server: Server):
    assert server.api('GET', f'/clusters/nowhere/rollout?wait={LONG}').status == 404


def test_not_waiting_says_that_it_still_goes_on(server: Server):
    answer = server.api('GET', f'/clusters/{server.cluster(CONFIG)}/rollout?wait=0')
    assert (answer.status, answer.json['error']) == (504, 'rollout_in_progress')
    assert answer.json['rollout']['settled'] is False


def test_nothing_to_roll_out_is_settled_at_once(server: Server):
    answer = server.api('GET', f'/clusters/{server.cluster({"services": []})}/rollout?wait={LONG}')
    assert (answer.status, answer.json['settled'], answer.json['message']) == (200, True, 'Nothing has to roll out.')


def test_a_revision_that_changes_no_service_is_settled_at_once(server: Server):
    cluster = server.cluster(CONFIG)
    assert server.api('GET', f'/clusters/{cluster}/rollout').status == 200
    server.aws.client('s3').put_object(Bucket=server.bucket, Key=cluster, Body=json.dumps(CONFIG | {'note': 'new'}))
    revision = server.api('GET', f'/clusters/{cluster}').revision
    answer = server.api('GET', f'/clusters/{cluster}/rollout?wait={LONG}&revision={revision}')
    assert (answer.status, answer.json['services']) == (200, [])


def test_a_revision_that_was_stored_only_stays_queued(server: Server):
    cluster = server.cluster(CONFIG)
    path = f'/clusters/{cluster}/services/web?deploy=false'
    revision = server.api('PUT', path, {'image_tag': '2'}).revision
    answer = server.api('GET', f'/clusters/{cluster}/rollout?wait=1&revision={revision}')
    assert (answer.status, answer.json['rollout']['state']) == (504, 'queued')


@pytest.mark.parametrize('query', ['', '&service=web'])
def test_a_cluster_that_is_removed_meanwhile(server: Server, query: str):
    cluster = server.cluster(CONFIG)

    async def test() -> None:
        asking = await waiting(server, cluster, query)
        assert (await asyncio.to_thread(server.api, 'DELETE', f'/clusters/{cluster}')).status < 300
        answer = await asking
        assert (answer.status, answer.json['rollout']['verdict']['ending']) == (409, 'aborted')

    asyncio.run(test())


def test_a_revision_that_is_overtaken_meanwhile(server: Server):
    cluster = server.cluster(CONFIG)
    revision = server.api('PUT', f'/clusters/{cluster}/services/web', {'image_tag': '2'}).revision

    async def test() -> None:
        asking = await waiting(server, cluster, f'&revision={revision}')
        newer = await asyncio.to_thread(server.api, 'PUT', f'/clusters/{cluster}/services/web', {'image_tag': '3'})
        answer = await asking
        verdict = answer.json['rollout']['verdict']
        assert (answer.status, verdict['ending'], verdict['by']) == (409, 'superseded', newer.revision)

    asyncio.run(test())


def test_how_former_revisions_ended_is_known_to_a_server_that_was_not_there(aws: Aws):
    with Server(aws) as former:
        cluster = former.cluster(CONFIG)
        assert former.api('GET', f'/clusters/{cluster}/rollout').status == 200
        overtaken = former.api('PUT', f'/clusters/{cluster}/services/web', {'image_tag': '2'}).revision
        newest = former.api('PUT', f'/clusters/{cluster}/services/web', {'image_tag': '3'}).revision
    with Server(aws, AWS_S3_BUCKET=former.bucket) as fresh:
        content = fresh.api('GET', f'/clusters/{cluster}/revisions').json['content']
        answer = fresh.api('GET', f'/clusters/{cluster}/rollout?wait=0&revision={overtaken}')
    rollouts = {each['revision']: each['rollout'] for each in content}
    assert (answer.status, answer.json['rollout']['verdict']['ending']) == (409, 'superseded')
    assert rollouts[overtaken]['verdict']['ending'] == 'superseded'
    assert rollouts[newest] == {'state': 'queued', 'percent': 0, 'verdict': None, 'failed': []}


def test_a_rollout_is_followed_though_nobody_looks_on(server: Server):
    cluster = server.cluster(CONFIG)
    asyncio.run(eventually(lambda: cluster in server.context.live.of_interest()))


def test_a_server_that_stops_answers_whoever_waits(server: Server):
    cluster = server.cluster(CONFIG)

    async def test(other: Server) -> None:
        asking = await waiting(other, cluster)
        await asyncio.to_thread(other.__exit__)
        answer = await asking
        assert (answer.status, answer.json['error']) == (503, 'shutting_down')
        assert answer.headers['Retry-After'] == '1'

    other = Server(server.aws, AWS_S3_BUCKET=server.bucket)
    other.__enter__()
    asyncio.run(test(other))


def test_nobody_waits_for_whoever_has_hung_up(server: Server):
    cluster = server.cluster(CONFIG)

    async def test() -> None:
        _, writer = await asyncio.open_connection('127.0.0.1', server.port)
        writer.write(f'GET /api/v1/clusters/{cluster}/rollout?wait={LONG} HTTP/1.1\r\nHost: x\r\n\r\n'.encode())
        await eventually(lambda: server.context.live.askers.waits(cluster))
        writer.close()
        await eventually(lambda: not server.context.live.askers.waits(cluster))

    asyncio.run(test())


def on_stage(aws: Aws, story: Callable[[Stage], Awaitable[None]]) -> None:
    async def whole() -> None:
        stage = Stage(aws)
        await stage.open()
        try:
            await story(stage)
        finally:
            await stage.close()

    asyncio.run(whole())


def test_without_a_revision_it_waits_for_the_newest(aws: Aws):
    """A revision that overtakes it is waited for too."""

    async def story(stage: Stage) -> None:
        await stage.change(state_of(web('1-slow')))
        asking = asyncio.create_task(stage.rest(f'wait={LONG}'))
        await eventually(lambda: stage.live.askers.waits(stage.name))
        newest = state_of(web('2'))
        await stage.change(newest)
        stage.act(newest)
        await stage.settled()
        status, body = await asking
        assert (status, body['verdict']['ending'], body['percent']) == (200, 'succeeded', 100)

    on_stage(aws, story)
