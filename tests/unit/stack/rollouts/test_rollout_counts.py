from dataclasses import replace

import pytest
from prometheus_client import generate_latest

from stack.rollouts.rollout import Rollout, Verdict
from stack.rollouts.rollout_counts import count_ending, count_paused
from stack.runtime.metrics import Metrics
from tests.service_deployments import pause
from tests.unit.stack.rollouts.test_cluster_state import START, state
from tests.unit.stack.rollouts.test_stage_view import native, seen


def ended(rollout: Rollout, cause: str | None = None) -> Rollout:
    return replace(rollout, verdict=Verdict('rolled-back', 'x', START, cause=cause))


@pytest.mark.parametrize(
    ('kind', 'cause', 'labels'),
    [
        ('service', 'alarm', 'cause="alarm",ending="rolled-back",strategy="blue_green"'),
        ('service', None, 'cause="none",ending="rolled-back",strategy="blue_green"'),
        ('removal', None, 'cause="none",ending="rolled-back",strategy="none"'),
    ],
)
def test_an_ending_is_counted_by_strategy_and_cause(kind: str, cause: str | None, labels: str):
    metrics, made = Metrics(), seen(native('BAKE_TIME'))
    going = made.rollouts['web']
    count_ending(metrics.rollouts, made, ended(replace(going, goal=replace(going.goal, kind=kind)), cause))
    assert f'nysa_rollouts_total{{{labels}}} 1.0' in generate_latest(metrics.registry).decode()


def test_a_rollout_without_stages_has_the_strategy_that_ecs_shows_or_rolling():
    metrics = Metrics()
    made = seen(native('BAKE_TIME'))
    count_ending(metrics.rollouts, made, ended(replace(made.rollouts['web'], stages=None)))
    plain = state()
    count_ending(metrics.rollouts, plain, ended(plain.rollouts['web']))
    count_ending(metrics.rollouts, plain, plain.rollouts['web'])
    text = generate_latest(metrics.registry).decode()
    assert 'strategy="blue_green"} 1.0' in text
    assert 'strategy="rolling"} 1.0' in text


def test_pauses_are_counted_while_they_last_and_found_when_they_are_over():
    waiting = seen(native('POST_SCALE_UP', hooks=[pause()]))
    assert count_paused([waiting, state()]) == 1
    before = dict(waiting.rollouts)
    assert waiting.book.pauses_ended_since(before) == []
    goes_on = seen(native('BAKE_TIME'))
    assert goes_on.book.pauses_ended_since(before) == [before['web'].stages]
    # A step later another pause waits.
    again = seen(native('POST_SCALE_UP', hooks=[pause('another')]))
    assert again.book.pauses_ended_since(before) == [before['web'].stages]
