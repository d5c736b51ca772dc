"""The arithmetic of rollouts, against AWS's rules for every small case."""

from itertools import product

import pytest

from stack.sandbox.ecs.rollout import Move, Share, bounds, decide, threshold

NONE = Share(0, 0)


def percents(lowest: int, highest: int) -> dict[str, int]:
    return {'minimumHealthyPercent': lowest, 'maximumPercent': highest}


def test_minimum_rounds_up_and_maximum_down():
    assert bounds(3, percents(50, 150)) == (2, 4)
    assert bounds(1, percents(50, 150)) == (1, 1)
    assert bounds(4, {}) == (4, 8)


@pytest.mark.parametrize(
    ('desired', 'percent', 'new', 'old', 'move'),
    [
        (3, (100, 200), NONE, NONE, Move(3, 0, 0, False)),
        (3, (100, 200), NONE, Share(3, 3), Move(3, 0, 0, False)),
        (3, (100, 200), Share(3, 1), Share(3, 3), Move(0, 0, 1, False)),
        (3, (100, 200), Share(3, 3), Share(2, 2), Move(0, 0, 2, False)),
        (4, (50, 100), NONE, Share(4, 4), Move(2, 0, 2, False)),
        (1, (0, 100), NONE, Share(1, 1), Move(1, 0, 1, False)),
        (1, (100, 150), NONE, Share(1, 1), Move(0, 0, 0, True)),
        (2, (100, 200), NONE, Share(2, 0), Move(2, 0, 2, False)),
        (1, (100, 200), Share(3, 3), NONE, Move(0, 2, 0, False)),
        (0, (100, 200), Share(2, 2), Share(1, 1), Move(0, 2, 1, False)),
        (25, (100, 200), NONE, NONE, Move(10, 0, 0, False)),
    ],
)
def test_moves(desired: int, percent: tuple[int, int], new: Share, old: Share, move: Move):
    assert decide(desired, percents(*percent), new, old, may_start=True) == move


def test_failed_deployment_starts_nothing_and_keeps_what_serves():
    assert decide(3, percents(100, 200), Share(1, 0), Share(3, 3), may_start=False) == Move(0, 0, 0, False)
    assert decide(0, percents(100, 200), Share(1, 0), Share(3, 3), may_start=False) == Move(0, 1, 3, False)


@pytest.mark.parametrize('percent', [(100, 200), (50, 100), (50, 150), (0, 100), (75, 125)])
def test_never_beyond_the_bounds_in_any_small_state(percent: tuple[int, int]):
    for desired, new, old in product(range(6), repeat=3):
        for well, old_well in product(range(new + 1), range(old + 1)):
            lowest, highest = bounds(desired, percents(*percent))
            move = decide(desired, percents(*percent), Share(new, well), Share(old, old_well), may_start=True)
            after = new - move.stop_new + old - move.stop_old
            assert after + move.start <= max(highest, after)
            assert 0 <= move.stop_new <= new
            assert 0 <= move.stop_old <= old
            left = well + old_well - max(0, move.stop_old - (old - old_well)) - max(0, move.stop_new - (new - well))
            assert left >= min(lowest, well + old_well, desired)


@pytest.mark.parametrize(
    ('desired', 'breaker', 'expected'),
    [
        (1, {}, 3),
        (6, {}, 3),
        (25, {}, 13),
        (400, {}, 200),
        (800, {}, 200),
        (800, {'thresholdConfiguration': {'type': 'UNBOUNDED_PERCENT', 'value': 50}}, 400),
        (10, {'thresholdConfiguration': {'type': 'BOUNDED_PERCENT', 'value': 100}}, 10),
        (10, {'thresholdConfiguration': {'type': 'COUNT', 'value': 1}}, 1),
    ],
)
def test_threshold_of_the_circuit_breaker(desired: int, breaker: dict, expected: int):
    assert threshold(desired, breaker) == expected
