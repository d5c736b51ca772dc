"""Rollouts in the embedded ECS, seen by the product's own observer: each ending must get the verdict that is true.

It must be the same over REST, in the history, in the chat and on the live channel.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from stack.sandbox.faults import Fault
from tests.aws import Aws
from tests.live_client import LiveClient
from tests.rolling import BREAKER, eventually, state_of, web
from tests.stage import Stage
from tests.webhook import Webhook


class Trial(Stage):
    """A cluster with four witnesses: REST, the history, the live channel, and the chat."""

    # An outage of ECS ends a round of looks.
    chance = 1.0

    async def begin(self, webhook: Webhook) -> None:
        await self.open()
        self.channel = await LiveClient.connect(self.port)
        await self.channel.subscribe('*')
        await self.chat(webhook)

    async def close(self) -> None:
        await self.channel.close()
        await super().close()

    async def witnesses(self, revision: str, ending: str, status: int, line: str) -> None:
        """Each of the four reports the verdict of that revision, the chat in this line."""
        code, body = await self.rest(f'wait=0&revision={revision}')
        rollout = body.get('rollout', body)
        assert (code, rollout['verdict']['ending'], rollout['settled']) == (status, ending, True)
        _, history = await self.read('revisions')
        row = next(each for each in history['content'] if each['revision'] == revision)
        assert row['rollout']['verdict']['ending'] == ending
        await self.heard(revision, ending, line)

    async def heard(self, revision: str, ending: str, line: str) -> None:
        def tells(message: dict[str, Any]) -> bool:
            found = [each for each in message.get('rollouts', ()) if each['revision'] == revision and each['verdict']]
            return bool(found) and found[-1]['verdict']['ending'] == ending

        if not any(tells(each) for each in self.channel.got):
            await self.channel.until(tells)
        await self.chat_says(lambda text: _readable(text) == line)


def _readable(line: str) -> str:
    """A line as the chat shows it, but for how long it took: the test's time is not S3's."""
    line = re.sub(r'<https://nysa.example/cp/clusters/([\w-]+)/rollout\|\1>', 'CLUSTER', line)
    return re.sub(r'after \d+ (s|min|h)( \d+ (s|min))?', 'after TIME', line)


Story = Callable[[Trial], Coroutine[Any, Any, None]]


async def first(stage: Trial, **settings: Any) -> None:
    """The service runs, and its rollout has succeeded."""
    document = state_of(web(**settings))
    revision = await stage.change(document)
    await stage.live.state(stage.name)
    stage.act(document)
    await stage.settled()
    await stage.witnesses(
        revision.id, 'succeeded', 200, ':white_check_mark: *CLUSTER*: web is rolled out after TIME (tester)'
    )


async def deploy(stage: Trial, document: dict[str, Any]) -> str:
    """A new revision that ECS is brought to; its id."""
    revision = await stage.change(document)
    stage.act(document)
    return revision.id


async def slowly(stage: Trial) -> str:
    """A new revision that is on its way for a good while; its id."""
    revision = await deploy(stage, state_of(web('2-slow')))
    await stage.go(10)
    return revision


async def steady(stage: Trial) -> None:
    await first(stage)
    document = state_of(web('2'))
    revision = await stage.change(document)
    assert stage.state.rollouts['web'].state == 'queued'
    code, body = await stage.rest(f'wait=0&revision={revision.id}')
    assert (code, body['error'], body['rollout']['settled']) == (504, 'rollout_in_progress', False)
    stage.act(document)
    state = await stage.settled()
    rollout = state.rollouts['web']
    assert (rollout.state, state.ecs.image(rollout.task_definition)) == ('steady', 'team/web:2')
    assert state.ecs.images_before['web'] == 'team/web:1'
    await stage.witnesses(
        revision.id,
        'succeeded',
        200,
        ':white_check_mark: *CLUSTER*: web is rolled out after TIME (tester: web: image 1 → 2)',
    )


async def breaker_rollback(stage: Trial) -> None:
    await first(stage, **BREAKER)
    good = stage.state.rollouts['web'].task_definition
    revision = await deploy(stage, state_of(web('2-broken', **BREAKER)))
    state = await stage.settled()
    verdict = state.rollouts['web'].verdict
    assert (verdict.ending, verdict.by, state.rollouts['web'].state) == ('rolled-back', good, 'rolled-back')
    # It is still so when ECS is stable again, which is when a naive observer would call it a success.
    await stage.until(lambda state: state.ecs.services['web'].primary.rollout_state == 'COMPLETED')
    assert stage.state.rollouts['web'].verdict == verdict
    await stage.witnesses(
        revision,
        'rolled-back',
        409,
        ':rewind: *CLUSTER*: web was rolled back after TIME: deployment failed: tasks failed to start. '
        'The application exited with code 1. Read the last lines of its log. team/web:1 runs again. '
        '(tester: web: image 1 → 2-broken)',
    )


async def overtaken(stage: Trial) -> None:
    await first(stage)
    revision = await slowly(stage)
    assert stage.state.rollouts['web'].state == 'rolling-out'
    newer = await deploy(stage, state_of(web('3')))
    state = await stage.settled()
    assert state.of_revision(revision)['web'].verdict.by == newer
    await stage.witnesses(
        revision,
        'superseded',
        409,
        ':fast_forward: *CLUSTER*: web was superseded after TIME: '
        'A newer revision changes this service. (tester: web: image 1 → 2-slow)',
    )
    await stage.witnesses(
        newer,
        'succeeded',
        200,
        ':white_check_mark: *CLUSTER*: web is rolled out after TIME (tester: web: image 2-slow → 3)',
    )


async def scaled_to_zero(stage: Trial) -> None:
    await first(stage)
    revision = await deploy(stage, state_of(web('1', count=0)))
    await stage.settled()
    await stage.witnesses(
        revision,
        'scaled-to-zero',
        200,
        ':zzz: *CLUSTER*: web is scaled to zero after TIME (tester: web: desired_count 2 → 0)',
    )


async def crash_loop_without_a_breaker(stage: Trial) -> None:
    await first(stage)
    revision = await deploy(stage, state_of(web('2-broken')))
    await stage.go(300, step=20)
    assert stage.state.rollouts['web'].verdict is None
    state = await stage.settled(step=20)
    assert state.rollouts['web'].state == 'failed'
    assert state.ecs.services['web'].running == 2, 'the old tasks run, and ECS is none the wiser'
    await stage.witnesses(
        revision,
        'stalled',
        409,
        ':hourglass: *CLUSTER*: web has stalled after TIME: Nothing has moved for 15 minutes: '
        '0 of 2 tasks ran at most. The application exited with code 1. Read the last lines of its log. '
        '(tester: web: image 1 → 2-broken)',
    )


async def edited_by_hand(stage: Trial) -> None:
    await first(stage)
    revision = await slowly(stage)
    stage.act(state_of(web('by-hand')))
    state = await stage.settled()
    assert state.ecs.image(state.rollouts['web'].verdict.by) == 'team/web:by-hand'
    await stage.witnesses(
        revision,
        'superseded',
        409,
        ':fast_forward: *CLUSTER*: web was superseded after TIME: '
        f'ECS deployment {stage.state.ecs.services["web"].primary.id}, which no revision asked for, took its place. '
        '(tester: web: image 1 → 2-slow)',
    )
    await stage.go(120, step=20)
    drift = stage.state.drift('web')
    assert [(each.path, each.before, each.after) for each in drift.changes] == [
        ('image', 'team/web:by-hand', 'team/web:2-slow')
    ]


async def cluster_deleted(stage: Trial) -> None:
    await first(stage)
    revision = await slowly(stage)
    waiting = asyncio.create_task(stage.rest('wait=60'))
    await stage.channel.until(lambda message: message.get('percent') == 0)
    await eventually(lambda: stage.live.askers.waits(stage.name))
    await stage.store.remove(await stage.store.read(stage.name))
    code, body = await waiting
    assert (code, body['rollout']['verdict']['ending']) == (409, 'aborted')
    await stage.heard(
        revision,
        'aborted',
        ':x: *CLUSTER*: web was aborted after TIME: The cluster is no longer managed. (tester: web: image 1 → 2-slow)',
    )
    await stage.channel.type('deleted')
    assert (await stage.rest('wait=0'))[0] == 404


async def ecs_down_in_the_middle(stage: Trial) -> None:
    await first(stage)
    revision = await slowly(stage)
    stage.aws.faults.add(Fault('down', service='ecs'))
    state = await stage.go(1200, step=150)
    assert (state.rollouts['web'].verdict, state.failing['error']) == (None, 'aws_unavailable')
    code, body = await stage.rest('wait=0')
    assert (code, body['rollout']['failing']['error']) == (504, 'aws_unavailable')
    seen_at = state.observed_at
    stage.aws.faults.clear()
    state = await stage.settled()
    assert state.failing is None
    assert state.observed_at > seen_at
    await stage.witnesses(
        revision,
        'succeeded',
        200,
        ':white_check_mark: *CLUSTER*: web is rolled out after TIME (tester: web: image 1 → 2-slow)',
    )


STORIES = [
    steady,
    breaker_rollback,
    overtaken,
    scaled_to_zero,
    crash_loop_without_a_breaker,
    edited_by_hand,
    cluster_deleted,
    ecs_down_in_the_middle,
]


@pytest.mark.parametrize('story', STORIES, ids=lambda story: story.__name__)
def test_ending(aws: Aws, webhook: Webhook, monkeypatch: pytest.MonkeyPatch, story: Story):
    # The chat's own pace is tried elsewhere.
    monkeypatch.setattr('stack.chat.relay.SPACING_S', 0.01)

    async def whole() -> None:
        stage = Trial(aws)
        await stage.begin(webhook)
        try:
            await story(stage)
        finally:
            await stage.close()

    asyncio.run(whole())
