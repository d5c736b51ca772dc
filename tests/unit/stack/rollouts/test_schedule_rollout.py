"""Schedules: their rollout ends with a pass that leaves nothing to be made."""

from dataclasses import replace
from typing import Any

import pytest

from stack.rollouts.pass_outcome import PassOutcome, Refusal
from stack.rollouts.rollout import begin
from stack.rollouts.schedule_rollout import follow
from tests.ecs_looks import START, at, ending, goal

GOAL = goal(kind='schedule', count=1)


def outcome(**more: Any) -> PassOutcome:
    return replace(PassOutcome(1, 'r2', START, at(30), ended=True), **more)


def test_a_pass_that_leaves_nothing_is_the_success():
    before = begin(GOAL)
    queued = follow(before, None, at(5))
    assert (queued.state, queued.verdict) == ('queued', None)
    done = follow(queued, outcome(), at(10))
    assert (ending(done), done.state, done.percent) == ('succeeded', 'steady', 100)
    assert follow(done, None, at(20)) is done


@pytest.mark.parametrize(
    'unfinished',
    [
        outcome(ended=False),
        outcome(unfinished=frozenset({'web'})),
        outcome(failed=Refusal(None, 'AwsFailed', 'AWS failed.', at(20))),
    ],
)
def test_it_is_open_while_something_is_missing(unfinished: PassOutcome):
    assert follow(begin(GOAL), unfinished, at(5)).open


def test_without_a_pass_it_stalls_and_may_still_succeed():
    rollout = begin(GOAL)
    for minute in range(1, 17):
        rollout = follow(rollout, None, at(60 * minute))
    assert ending(rollout) == 'stalled'
    assert ending(follow(rollout, outcome(), at(60 * 20))) == 'succeeded'
