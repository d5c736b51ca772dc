"""The order of stages and the weights of traffic steps."""

import pytest

from stack.sandbox.ecs.strategies import stages
from stack.sandbox.ecs.strategies.stages import Step, Weights
from tests.unit.stack.sandbox.ecs.strategies.native import blue_green, canary, linear


def test_steps():
    assert stages.steps(blue_green(), first=False) == [Step(100.0, 0.0)]
    assert stages.steps(canary(5.0, 10), first=False) == [Step(5.0, 600.0), Step(100.0, 0.0)]
    assert [step.percent for step in stages.steps(linear(20, 1), first=False)] == [20, 40, 60, 80, 100]
    assert [step.percent for step in stages.steps(linear(33.3, 1), first=False)] == [33.3, 66.6, 99.9, 100]
    assert [step.bake for step in stages.steps(linear(50, 3), first=False)] == [180.0, 0.0]
    assert stages.steps(linear(100, 3), first=False) == [Step(100.0, 0.0)]
    assert stages.steps(linear(20, 1), first=True) == [Step(100.0, 0.0)]


def test_order_repeats_the_shift_of_each_step():
    seen, stage, left = [], stages.RECONCILE, 2
    while stage != stages.DONE:
        seen.append(stage)
        left -= stage == stages.SHIFT
        stage = stages.following(stage, left)
    once = list(stages.ORDER)
    at = once.index(stages.PRE_SHIFT)
    assert seen == [*once[: at + 2], *once[at:]]


@pytest.mark.parametrize(
    ('weights', 'missing', 'expected'),
    [
        (Weights(0, 0), 0, ['CLEAN_UP']),
        (Weights(0, 100), 0, ['TEST_TRAFFIC_SHIFT', 'CLEAN_UP']),
        (Weights(20, 100), 0, ['PRODUCTION_TRAFFIC_SHIFT', 'TEST_TRAFFIC_SHIFT', 'CLEAN_UP']),
        (Weights(100, 100), 1, ['SCALE_UP', 'PRODUCTION_TRAFFIC_SHIFT', 'TEST_TRAFFIC_SHIFT', 'CLEAN_UP']),
    ],
)
def test_way_back(weights: Weights, missing: int, expected: list[str]):
    seen = [stages.way_back(stages.BAKE, weights, missing)]
    while seen[-1] != stages.DONE:
        seen.append(stages.way_back(seen[-1], weights, missing))
    assert seen[:-1] == expected


def test_counts():
    assert stages.counts('PRE_SCALE_UP', False, 3, 0) == (0, 3)
    assert stages.counts('SCALE_UP', False, 3, 1) == (3, 3)
    assert stages.counts('BAKE_TIME', False, 3, 3) == (3, 3)
    assert stages.counts('CLEAN_UP', False, 3, 3) == (3, 0)
    assert stages.counts('TEST_TRAFFIC_SHIFT', True, 3, 1) == (1, 3)
    assert stages.counts('CLEAN_UP', True, 3, 3) == (0, 3)
