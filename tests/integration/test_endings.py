"""Rollouts in the embedded ECS, seen by the product's own observer: each ending must get the verdict that is true."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from stack.sandbox.faults import Fault
from tests.aws import Aws
from tests.rolling import BREAKER, Rolling, state_of, web

Story = Callable[[Rolling], Coroutine[Any, Any, None]]


def play(aws: Aws, story: Story) -> None:
    async def whole() -> None:
        rolling = Rolling(aws)
        try:
            await story(rolling)
        finally:
            await rolling.close()

    asyncio.run(whole())


async def first(rolling: Rolling, **settings: Any) -> None:
    """The service runs, and its rollout has succeeded."""
    document = state_of(web(**settings))
    await rolling.change(document)
    await rolling.live.state(rolling.name)
    rolling.act(document)
    state = await rolling.settled()
    assert state.rollouts['web'].verdict.ending == 'succeeded'


async def steady(rolling: Rolling) -> None:
    await first(rolling)
    document = state_of(web('2'))
    revision = await rolling.change(document)
    assert rolling.state.rollouts['web'].state == 'queued'
    rolling.act(document)
    state = await rolling.settled()
    web_rollout = state.rollouts['web']
    assert (web_rollout.verdict.ending, web_rollout.goal.revision) == ('succeeded', revision.id)
    assert web_rollout.state == 'steady'
    assert state.image(web_rollout.task_definition) == 'team/web:2'
    assert state.images_before['web'] == 'team/web:1'


async def breaker_rollback(rolling: Rolling) -> None:
    await first(rolling, **BREAKER)
    good = rolling.state.rollouts['web'].task_definition
    document = state_of(web('2-broken', **BREAKER))
    await rolling.change(document)
    rolling.act(document)
    state = await rolling.settled()
    verdict = state.rollouts['web'].verdict
    assert (verdict.ending, verdict.by, state.rollouts['web'].state) == ('rolled-back', good, 'rolled-back')
    # It is still so when ECS is stable again, which is when a naive observer would call it a success.
    await rolling.until(lambda state: state.seen['web'].primary.rollout_state == 'COMPLETED')
    assert rolling.state.rollouts['web'].verdict == verdict


async def overtaken(rolling: Rolling) -> None:
    await first(rolling)
    slow, quick = state_of(web('2-slow')), state_of(web('3'))
    revision = await rolling.change(slow)
    rolling.act(slow)
    await rolling.go(10)
    assert rolling.state.rollouts['web'].state == 'rolling-out'
    newer = await rolling.change(quick)
    rolling.act(quick)
    state = await rolling.settled()
    old = state.of_revision(revision.id)['web'].verdict
    assert (old.ending, old.by) == ('superseded', newer.id)
    assert state.of_revision(newer.id)['web'].verdict.ending == 'succeeded'


async def scaled_to_zero(rolling: Rolling) -> None:
    await first(rolling)
    document = state_of(web('1', count=0))
    await rolling.change(document)
    rolling.act(document)
    state = await rolling.settled()
    verdict = state.rollouts['web'].verdict
    assert (verdict.ending, verdict.failed) == ('scaled-to-zero', False)


async def crash_loop_without_a_breaker(rolling: Rolling) -> None:
    await first(rolling)
    document = state_of(web('2-broken'))
    await rolling.change(document)
    rolling.act(document)
    await rolling.go(300, step=20)
    assert rolling.state.rollouts['web'].verdict is None
    state = await rolling.settled(step=20)
    assert (state.rollouts['web'].verdict.ending, state.rollouts['web'].state) == ('stalled', 'failed')
    assert state.seen['web'].running == 2, 'the old tasks run, and ECS is none the wiser'


async def edited_by_hand(rolling: Rolling) -> None:
    await first(rolling)
    slow = state_of(web('2-slow'))
    await rolling.change(slow)
    rolling.act(slow)
    await rolling.go(10)
    rolling.act(state_of(web('by-hand')))
    state = await rolling.settled()
    verdict = state.rollouts['web'].verdict
    assert (verdict.ending, state.image(verdict.by)) == ('superseded', 'team/web:by-hand')
    await rolling.go(120, step=20)
    drift = rolling.state.drift('web')
    assert [(each.path, each.before, each.after) for each in drift.changes] == [
        ('image', 'team/web:by-hand', 'team/web:2-slow')
    ]


async def cluster_deleted(rolling: Rolling) -> None:
    await first(rolling)
    slow = state_of(web('2-slow'))
    await rolling.change(slow)
    rolling.act(slow)
    await rolling.go(10)
    state = rolling.state
    await rolling.store.remove(await rolling.store.read(rolling.name))
    await rolling.live.feed.poll()
    assert state.rollouts['web'].verdict.ending == 'aborted'
    assert rolling.name not in rolling.live.states


async def ecs_down_in_the_middle(rolling: Rolling) -> None:
    await first(rolling)
    document = state_of(web('2-slow'))
    await rolling.change(document)
    rolling.act(document)
    await rolling.go(10)
    rolling.aws.faults.add(Fault('down', service='ecs'))
    state = await rolling.go(1200, step=150)
    assert (state.rollouts['web'].verdict, state.failing['error']) == (None, 'aws_unavailable')
    seen_at = state.observed_at
    rolling.aws.faults.clear()
    state = await rolling.settled()
    assert (state.rollouts['web'].verdict.ending, state.failing) == ('succeeded', None)
    assert state.observed_at > seen_at


ENDINGS = [
    steady,
    breaker_rollback,
    overtaken,
    scaled_to_zero,
    crash_loop_without_a_breaker,
    edited_by_hand,
    cluster_deleted,
    ecs_down_in_the_middle,
]


@pytest.mark.parametrize('story', ENDINGS, ids=lambda story: story.__name__)
def test_ending(aws: Aws, story: Story):
    play(aws, story)
