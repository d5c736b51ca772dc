"""A stored change waits until it is deployed, through any replica."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from stack.rollouts.rollout import STALLED_AFTER_S
from tests.live_client import LiveClient
from tests.rolling import BREAKER, Rolling, state_of, web
from tests.server import Server

Story = Callable[[Rolling], Coroutine[Any, Any, None]]


def play(server: Server, story: Story) -> None:
    """With a replica of the server whose clock the test turns, and that the server's own one does not know of."""

    async def whole() -> None:
        rolling = Rolling(server.aws, bucket=server.bucket)
        try:
            await rolling.change(state_of(web()))
            await rolling.live.state(rolling.name)
            await story(rolling)
        finally:
            await rolling.close()

    asyncio.run(whole())


async def put(server: Server, rolling: Rolling, tag: str, query: str = '') -> str:
    path = f'/clusters/{rolling.name}/services/web{query}'
    answer = await asyncio.to_thread(server.api, 'PUT', path, {'image_tag': tag})
    assert answer.status == 202, answer.body
    rolling.follow_the_wall_clock()
    await rolling.live.feed.poll()
    return answer.revision


async def deploy(server: Server, rolling: Rolling) -> None:
    answer = await asyncio.to_thread(server.api, 'POST', f'/clusters/{rolling.name}/deploy')
    assert answer.status == 202, answer.body
    rolling.follow_the_wall_clock()


async def first(rolling: Rolling, **settings: Any) -> None:
    rolling.act(state_of(web(**settings)))
    await rolling.settled()


def test_the_server_that_was_asked_says_so_at_once(server: Server):
    cluster = server.cluster(state_of(web(ports=['8080:80'])))
    path = f'/clusters/{cluster}'
    server.api('PUT', f'{path}/services/web?deploy=false', {'image_tag': '2'})

    async def story() -> None:
        client = await LiveClient.connect(server.port)
        await client.subscribe(cluster)
        assert server.context.live.states[cluster].rollouts['web'].goal.held
        assert (await asyncio.to_thread(server.api, 'POST', f'{path}/deploy')).status == 202
        assert (await client.type('rollout'))['services'][0]['state'] == 'queued'
        assert not server.context.live.states[cluster].rollouts['web'].goal.held
        await client.close()

    asyncio.run(story())


def test_another_replica_hears_of_it_and_starts_its_clock(server: Server):
    async def story(rolling: Rolling) -> None:
        await first(rolling)
        await put(server, rolling, '2', '?deploy=false')
        state = await rolling.go(2 * STALLED_AFTER_S, step=60)
        assert (state.rollouts['web'].state, state.rollouts['web'].verdict) == ('queued', None)
        await deploy(server, rolling)
        await rolling.live.hear()
        assert not rolling.state.rollouts['web'].goal.held
        assert (await rolling.settled(step=60)).rollouts['web'].verdict.ending == 'stalled'

    play(server, story)


def test_a_replica_that_starts_afterwards_knows_of_it(server: Server):
    async def story(rolling: Rolling) -> None:
        await first(rolling)
        await put(server, rolling, '2', '?deploy=false')
        await deploy(server, rolling)
        rolling.start()
        await rolling.live.state(rolling.name)
        assert not rolling.state.rollouts['web'].goal.held

    play(server, story)


def test_what_the_next_revision_announces_is_announced_with_it(server: Server):
    async def story(rolling: Rolling) -> None:
        both = state_of(web('1'), {'api': {'image': 'team/api:1', 'memory': 64}})
        await rolling.change(both, announce=None)
        assert rolling.state.rollouts['api'].goal.held
        await put(server, rolling, '2')
        assert not rolling.state.rollouts['api'].goal.held

    play(server, story)


@pytest.mark.parametrize('through', ['another', 'the same'])
def test_a_second_attempt_is_waited_for_and_judged_again(server: Server, through: str):
    """A CI job deploys again what was rolled back, and waits at whatever replica the load balancer gives it."""

    async def story(rolling: Rolling) -> None:
        port = await rolling.serve()
        await rolling.change(state_of(web(**BREAKER)))
        await first(rolling, **BREAKER)
        revision = await put(server, rolling, '2-broken')
        rolling.act(state_of(web('2-broken', **BREAKER)))
        await rolling.settled()
        assert rolling.state.rollouts['web'].verdict.ending == 'rolled-back'
        await rolling.until(lambda state: state.ecs.services['web'].primary.rollout_state == 'COMPLETED')
        await rolling.records.keep_now(rolling.name)
        if through == 'another':
            await deploy(server, rolling)
        else:
            await rolling.live.announced(rolling.state.revision, rolling.now())
        url = f'http://127.0.0.1:{port}/api/v1/clusters/{rolling.name}/rollout?wait=0&revision={revision}'
        answer: HTTPResponse = await AsyncHTTPClient().fetch(url, raise_error=False)
        assert (answer.code, json.loads(answer.body)['rollout']['state']) == (504, 'queued')
        rolling.act(state_of(web('2-broken', **BREAKER)))
        await rolling.until(lambda state: state.rollouts['web'].deployment is not None)
        await rolling.settled()
        assert rolling.state.rollouts['web'].verdict.ending == 'rolled-back'

    play(server, story)


def test_replicas_that_write_at_the_same_time_lose_no_announcement(server: Server):
    async def story(rolling: Rolling) -> None:
        await first(rolling)
        await put(server, rolling, '2', '?deploy=false')
        await deploy(server, rolling)
        await rolling.records.keep_now(rolling.name)
        assert not rolling.state.rollouts['web'].goal.held, 'what it would have written over'
        other = Rolling(server.aws, bucket=server.bucket, cluster=rolling.name)
        await other.live.state(rolling.name)
        assert not other.state.rollouts['web'].goal.held
        await other.close()

    play(server, story)
