"""What is kept of a rollout that failed: why, in the right class, and still there when ECS has forgotten the tasks."""

import asyncio
import json
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient

from stack.failures import flight_recorder
from stack.failures.task_logs import AGAIN_S as LOG_AGAIN_S
from stack.sandbox.faults import Fault
from tests.aws import Aws
from tests.rolling import BREAKER, Rolling, state_of, web

SECRET = 'arn:aws:secretsmanager:us-east-1:210987654321:secret:nothing-here-AbCdEf'
ROLE = 'arn:aws:iam::210987654321:role/execution'
HEALTHCHECK = {'command': ['CMD-SHELL', 'exit 1'], 'interval': 5, 'retries': 2}


def image(aws: Aws) -> str:
    return aws.image(aws.repository(tags=['1']), 'never-pushed')


# What is changed in the service, and the class of what comes of it.
FAILURES: dict[str, dict[str, Any]] = {
    'out-of-memory': {'tag': '2-oom'},
    'image-pull': {'tag': '2-denied'},
    'secret': {'tag': '2', 'secrets': [{'TOKEN': SECRET}], 'task_execution_role_arn': ROLE},
    'health-check-container': {'tag': '2-unhealthy', 'healthcheck': HEALTHCHECK},
    'port-in-use': {'tag': '2-port-in-use'},
    'no-capacity': {'tag': '2', 'memory': 4_000_000},
    'application-exit': {'tag': '2-exit-3'},
    'application-finished': {'tag': '2-exit-0'},
    'start-failed': {'tag': '2-unstartable'},
}


def play(aws: Aws, story: Any) -> None:
    async def whole() -> None:
        rolling = Rolling(aws)
        rolling.port = await rolling.serve()
        try:
            await story(rolling)
        finally:
            await rolling.close()

    asyncio.run(whole())


async def failed(rolling: Rolling, changes: dict[str, Any], step: float = 10, recorded: bool = True) -> str:
    """A service runs, and a change of it fails while ECS is looked at every `step` seconds; the revision that did."""
    good = state_of(web(**BREAKER))
    await rolling.change(good)
    await rolling.live.state(rolling.name)
    rolling.act(good)
    await rolling.settled(step=10)
    bad = state_of(web(**{**BREAKER, **changes}))
    revision = await rolling.change(bad, message='what could go wrong')
    rolling.act(bad)
    await rolling.settled(step=step, within=3000)
    if recorded:
        await rolling.recorder.finished()
    return revision.id


async def report(rolling: Rolling) -> dict[str, Any]:
    url = f'http://127.0.0.1:{rolling.port}/api/v1/clusters/{rolling.name}/services/web'
    return json.loads((await AsyncHTTPClient().fetch(url)).body)


@pytest.mark.parametrize('kind', FAILURES)
def test_failures_are_classed_and_kept(aws: Aws, kind: str):
    async def story(rolling: Rolling) -> None:
        revision = await failed(rolling, FAILURES[kind])
        verdict = rolling.state.rollouts['web'].verdict
        assert verdict.failed
        rolling.aws.advance(2 * 3600)
        assert not rolling.aws.client('ecs').list_tasks(cluster=rolling.name, desiredStatus='STOPPED')['taskArns']
        flight = (await report(rolling))['flight']
        assert (flight['reason']['kind'], flight['revision']) == (kind, revision)
        assert flight['verdict']['ending'] == verdict.ending
        assert flight['introduced_by']['message'] == 'what could go wrong'
        assert flight['introduced_by']['changes'][0]['service'] == 'web'
        assert flight['events']
        assert kind == 'no-capacity' or kind in {each['kind'] for each in flight['tasks']}
        if kind == 'application-exit':
            assert 3 in {each['exit_code'] for each in flight['tasks']}

    play(aws, story)


@pytest.mark.parametrize(
    ('kind', 'tag', 'stop'),
    [('instance-gone', '1-spot', False), ('stopped-by-user', '1', True)],
)
def test_what_is_no_failure_is_classed_too(aws: Aws, kind: str, tag: str, stop: bool):
    async def story(rolling: Rolling) -> None:
        document = state_of(web(tag))
        await rolling.change(document)
        await rolling.live.state(rolling.name)
        rolling.act(document)
        await rolling.until(lambda state: 'web' in state.ecs.services and state.ecs.services['web'].running == 2)
        if stop:
            ecs = rolling.aws.client('ecs')
            for arn in ecs.list_tasks(cluster=rolling.name)['taskArns']:
                ecs.stop_task(cluster=rolling.name, task=arn, reason='because')
        await rolling.until(lambda state: bool(state.ecs.stopped.get('web')))
        assert kind in {each['kind'] for each in (await report(rolling))['stop_reasons']}
        rolling.aws.advance(2 * 3600)
        assert kind in {each['kind'] for each in (await report(rolling))['stop_reasons']}

    play(aws, story)


@pytest.mark.parametrize('step', [10, 1000], ids=['seen failing', 'seen when rolled back'])
def test_the_last_lines_of_the_log(aws: Aws, step: float):
    async def story(rolling: Rolling) -> None:
        group = f'/ecs/{rolling.name}'
        aws.client('logs').create_log_group(logGroupName=group)
        options = {'awslogs-group': group, 'awslogs-region': aws.region, 'awslogs-stream-prefix': 'svc'}
        await failed(rolling, {'tag': '2-broken', 'logging': {'log_driver': 'awslogs', 'options': options}}, step)
        log = (await report(rolling))['flight']['log']
        assert log['group'] == group
        assert log['lines'][-1]['message'] == 'RuntimeError: this build is broken'

    play(aws, story)


async def fails_on(rolling: Rolling) -> dict[str, Any]:
    """The report of a service whose tasks keep failing in a rollout without a verdict."""
    group = f'/ecs/{rolling.name}'
    rolling.aws.client('logs').create_log_group(logGroupName=group)
    options = {'awslogs-group': group, 'awslogs-region': rolling.aws.region, 'awslogs-stream-prefix': 'svc'}
    document = state_of(web('2-broken', logging={'log_driver': 'awslogs', 'options': options}))
    await rolling.change(document)
    await rolling.live.state(rolling.name)
    rolling.act(document)
    await rolling.until(lambda state: len(state.ecs.stopped.get('web', ())) > 1)
    assert rolling.state.rollouts['web'].open
    return await report(rolling)


def test_the_log_is_there_before_anybody_gives_the_rollout_up(aws: Aws):
    async def story(rolling: Rolling) -> None:
        failing = await fails_on(rolling)
        assert (failing['flight'], failing['verdict']) == (None, None)
        assert failing['log']['lines'][-1]['message'] == 'RuntimeError: this build is broken'
        assert failing['log']['task'] in {each['task'] for each in failing['stop_reasons']}
        again = await asyncio.gather(*(report(rolling) for _ in range(5)))
        assert all(each['log'] == failing['log'] for each in again)
        assert rolling.calls.count('logs:GetLogEvents') == 1
        repaired = state_of(web('3'))
        await rolling.change(repaired)
        rolling.act(repaired)
        await rolling.settled()
        assert (await report(rolling))['log'] is None

    play(aws, story)


def test_a_log_that_may_not_be_read_keeps_nothing_else_back(aws: Aws, caplog: pytest.LogCaptureFixture):
    async def story(rolling: Rolling) -> None:
        aws.faults.add(Fault('deny', service='logs', operation='GetLogEvents'))
        failing = await fails_on(rolling)
        assert (failing['log'], failing['trouble']['kind']) == (None, 'application-exit')
        aws.faults.clear()
        assert (await report(rolling))['log'] is None
        await rolling.go(LOG_AGAIN_S)
        assert (await report(rolling))['log']

    play(aws, story)
    assert 'the log of a task that failed cannot be read' in caplog.text


def test_a_secret_value_is_not_kept(aws: Aws):
    async def story(rolling: Rolling) -> None:
        revision = await failed(rolling, {'tag': '2-broken', 'environment': {'PASSWORD': 's3cret'}})
        stored = await rolling.bucket.get(f'flights/{rolling.name}/{revision}/web')
        assert b'PASSWORD' in stored.body
        assert b's3cret' not in stored.body

    play(aws, story)


def test_who_reads_while_it_is_recorded_waits_for_the_record(aws: Aws, monkeypatch: pytest.MonkeyPatch):
    # However busy the machine is
    monkeypatch.setattr(flight_recorder, 'WAITED_FOR_S', 60.0)

    async def story(rolling: Rolling) -> None:
        compare, go_on = rolling.recorder._compare, asyncio.Event()

        async def slow(*arguments: Any) -> Any:
            await go_on.wait()
            return await compare(*arguments)

        rolling.recorder._compare = slow
        await failed(rolling, FAILURES['application-exit'], recorded=False)
        asyncio.get_running_loop().call_later(0.3, go_on.set)
        assert (await report(rolling))['flight']['introduced_by']['message'] == 'what could go wrong'

    play(aws, story)
