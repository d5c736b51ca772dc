"""The version that runs while the embedded ECS shifts traffic: the former one until all traffic is on the new one."""

import json
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient

from stack.aws.ecs_deployments import EcsDeployments
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.image_before import image_before
from stack.scheduler.hook_answers import HookAnswers
from tests.aws import Aws
from tests.cluster import Cluster
from tests.integration.test_continuing import Paused
from tests.integration.test_stopping import run, web
from tests.places import InOnePlace, in_no_account

OLD, NEW = 'team/web:1', 'team/web:2'
# ECS pauses before each step.
HOOK = {'type': 'pause', 'stages': ['pre_production_traffic_shift']}
STEPS = {
    'blue_green': ({}, [0]),
    'canary': ({'canary': {'percent': 10, 'bake_time': '1m'}}, [0, 10]),
    'linear': ({'linear': {'step_percent': 50, 'step_bake_time': '1m'}}, [0, 50]),
}


def served(stage: Paused, tag: str, **more: Any) -> dict[str, Any]:
    """`web` with an endpoint of Service Connect, whose traffic ECS divides."""
    port = {'container': 80, 'name': 'http', 'app_protocol': 'http'}
    endpoint = {'port': 'http', 'discovery_name': 'web', 'aliases': [{'port': 80, 'name': 'web'}]}
    connect = {'namespace': f'{stage.name}-mesh', 'services': [endpoint]}
    found = web(tag, network_mode='awsvpc', ports=[port], service_connect=connect, **more)
    return {**found, 'vpc': Cluster(stage.aws, stage.connection).example()['vpc']}


async def running(stage: Paused) -> set[str]:
    """The image that runs, by everything that states one."""
    _, listed = await stage.read('services')
    _, rollout = await stage.rest('')
    answer = await AsyncHTTPClient().fetch(f'{stage.origin}/api/v1/versions')
    matrix = {row['service']: row['clusters'] for row in json.loads(answer.body)['content']}
    rows = [listed['content'][0], rollout['services'][0]]
    return {*(row['deployed']['image'] for row in rows), matrix['web'][stage.name]['deployed_image']}


def hook_of(state: ClusterState) -> str | None:
    stages = state.rollouts['web'].stages
    return stages.hook.id if stages and stages.hook else None


@pytest.mark.parametrize('strategy', STEPS)
def test_a_version_runs_once_it_has_all_traffic(aws: Aws, strategy: str):
    more, weights = STEPS[strategy]
    settings: dict[str, Any] = {'deployment': {'strategy': strategy, 'bake_time': '20m', 'hooks': [HOOK], **more}}

    async def scenario(stage: Paused) -> None:
        stage.answers = HookAnswers(stage.bucket, InOnePlace(EcsDeployments(stage.connection)), in_no_account)
        await stage.open()
        await stage.change(served(stage, '1'))
        await stage.live.state(stage.name)
        await stage.act_by_plan()
        await stage.settled()
        assert await running(stage) == {OLD}
        await stage.change(served(stage, '2', **settings))
        await stage.act_by_plan()
        answered: set[str | None] = {None}
        for weight in weights:
            await stage.until(lambda state: hook_of(state) not in answered)
            answered.add(hook_of(stage.state))
            assert (stage.state.rollouts['web'].stages.new, await running(stage)) == (weight, {OLD})
            assert image_before(stage.state, 'web') == OLD
            await stage.answer(action='continue')
        await stage.until(lambda state: state.rollouts['web'].state == 'baking')
        assert await running(stage) == {NEW}
        assert image_before(stage.state, 'web') == OLD
        await stage.post('stop', reason='too slow')
        await stage.agree(OLD)
        await stage.until(lambda state: state.ecs.running_image('web') == OLD)
        assert await running(stage) == {OLD}

    run(aws, scenario, Paused)
