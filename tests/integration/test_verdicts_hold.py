"""Verdicts under bad luck: revisions in quick succession, servers that die, replicas that look late or start late."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from stack.rollouts.rollout import Verdict
from stack.rollouts.rollout_records import PREFIX
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
    document = state_of(web(**settings))
    await rolling.change(document)
    await rolling.live.state(rolling.name)
    rolling.act(document)
    await rolling.settled()


def verdict(rolling: Rolling, revision: str) -> Verdict | None:
    return (rolling.state.of_revision(revision) or {})['web'].verdict


def killed(rolling: Rolling, recorded: bool) -> None:
    """The process is killed, and another one starts; perhaps nothing was recorded."""
    if not recorded:
        rolling.aws.client('s3').delete_object(Bucket=rolling.bucket.name, Key=PREFIX + rolling.name)
    rolling.start()


def test_revisions_that_nobody_had_time_to_look_at(aws: Aws):
    async def story(rolling: Rolling) -> None:
        await first(rolling)
        revisions = [(await rolling.change(state_of(web(tag)))).id for tag in ('2', '3', '4')]
        rolling.act(state_of(web('4')))
        await rolling.settled()
        ends = [verdict(rolling, each) for each in revisions]
        assert [each.ending for each in ends] == ['superseded', 'superseded', 'succeeded']
        assert [each.by for each in ends[:2]] == revisions[1:]

    play(aws, story)


def test_back_to_what_ran_before_while_the_former_one_fails(aws: Aws):
    async def story(rolling: Rolling) -> None:
        await first(rolling, **BREAKER)
        broken, good = state_of(web('2-broken', **BREAKER)), state_of(web('1', **BREAKER))
        bad = await rolling.change(broken)
        rolling.act(broken)
        await rolling.go(10)
        back = await rolling.change(good)
        rolling.act(good)
        await rolling.settled()
        assert (verdict(rolling, bad.id).ending, verdict(rolling, bad.id).by) == ('superseded', back.id)
        assert verdict(rolling, back.id).ending == 'succeeded'

    play(aws, story)


def test_a_failure_of_the_former_revision_is_not_that_of_the_next(aws: Aws):
    """The next one is stored before, and acted on after ECS has rolled the former one back."""

    async def story(rolling: Rolling) -> None:
        await first(rolling, **BREAKER)
        broken, good = state_of(web('2-broken', **BREAKER)), state_of(web('3', **BREAKER))
        await rolling.change(broken)
        rolling.act(broken)
        await rolling.go(10)
        after = await rolling.change(good)
        await rolling.until(lambda state: state.ecs.services['web'].primary.rollout_state == 'COMPLETED', step=20)
        assert verdict(rolling, after.id) is None
        rolling.act(good)
        await rolling.settled()
        assert verdict(rolling, after.id).ending == 'succeeded'

    play(aws, story)


@pytest.mark.parametrize(
    ('passed', 'tag', 'ending', 'recorded'),
    [
        pytest.param(0, '2-broken', 'rolled-back', False, id='before ECS began'),
        pytest.param(10, '2-broken', 'rolled-back', True, id='it fails later'),
        pytest.param(10, '2-broken', 'rolled-back', False, id='it fails later, nothing recorded'),
        pytest.param(1200, '2-broken', 'rolled-back', False, id='it has failed meanwhile, nothing recorded'),
        pytest.param(1200, '2', 'succeeded', True, id='it has succeeded meanwhile'),
    ],
)
def test_killed_in_the_middle_of_a_rollout(aws: Aws, passed: int, tag: str, ending: str, recorded: bool):
    async def story(rolling: Rolling) -> None:
        await first(rolling, **BREAKER)
        document = state_of(web(tag, **BREAKER))
        revision = await rolling.change(document)
        rolling.act(document)
        if passed == 10:
            await rolling.go(passed)
        killed(rolling, recorded)
        rolling.aws.advance(1200 if passed == 1200 else 0)
        await rolling.live.state(rolling.name)
        await rolling.settled(step=20)
        assert verdict(rolling, revision.id).ending == ending
        await rolling.until(lambda state: state.ecs.services['web'].primary.rollout_state == 'COMPLETED', step=20)
        assert verdict(rolling, revision.id).ending == ending

    play(aws, story)


@pytest.mark.parametrize(
    ('changes', 'ending'),
    [
        ({'tag': '2-broken'}, 'rolled-back'),
        ({'count': 0}, 'scaled-to-zero'),
    ],
)
def test_replicas_agree_however_seldom_they_look(aws: Aws, changes: dict[str, Any], ending: str):
    async def story(rolling: Rolling) -> None:
        seldom = Rolling(aws, bucket=rolling.bucket.name, cluster=rolling.name, beside=rolling)
        await first(rolling, **BREAKER)
        await seldom.live.state(rolling.name)
        document = state_of(web(**{**BREAKER, **changes}))
        revision = await rolling.change(document)
        await seldom.live.feed.poll()
        rolling.act(document)
        await rolling.settled(step=10)
        seldom.clock += 3600
        await seldom.settled(step=20)
        late = Rolling(aws, bucket=rolling.bucket.name, cluster=rolling.name, beside=rolling)
        await late.live.state(rolling.name)
        await late.settled(step=20)
        found = [verdict(each, revision.id) for each in (rolling, seldom, late)]
        assert [each.ending for each in found] == [ending] * 3
        assert len({(each.by, each.failed) for each in found}) == 1
        for each in (seldom, late):
            await each.close()

    play(aws, story)


def test_a_scheduler_that_comes_back_late(aws: Aws):
    async def story(rolling: Rolling) -> None:
        await first(rolling)
        revision = await rolling.change(state_of(web('2')))
        await rolling.settled(step=60)
        assert verdict(rolling, revision.id).ending == 'stalled'
        rolling.act(state_of(web('2')))
        await rolling.until(lambda state: verdict(rolling, revision.id) is None)
        await rolling.settled()
        assert verdict(rolling, revision.id).ending == 'succeeded'

    play(aws, story)
