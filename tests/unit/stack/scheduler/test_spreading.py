"""The regular looks at a large fleet do not come at once."""

import pytest

from stack.scheduler.spreading import LONGEST, TOGETHER, spread


def names(count: int) -> list[str]:
    return [f'cluster-{number}' for number in range(count)]


def test_a_few_clusters_are_looked_at_at_once_in_their_order():
    assert spread(names(TOGETHER), 600) == [(name, 0.0) for name in names(TOGETHER)]
    assert spread([], 600) == []


def test_a_thousand_are_spread_evenly_over_the_interval():
    looks = spread(names(1000), 600)
    times = [after for _, after in looks]
    assert sorted(name for name, _ in looks) == sorted(names(1000))
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] < LONGEST * 600
    # Of ten equal parts of the round, none has twice its share.
    most = LONGEST * 600
    assert max(sum(most * part / 10 <= after < most * (part + 1) / 10 for after in times) for part in range(10)) < 200


def test_each_has_its_place_in_every_round():
    one, other = dict(spread(names(1000), 600)), dict(spread(reversed(names(1000)), 600))
    assert one == other


@pytest.mark.parametrize(('count', 'longest'), [(30, 5.0), (100, 40.0)])
def test_a_round_is_no_longer_than_its_clusters_need(count: int, longest: float):
    assert max(after for _, after in spread(names(count), 600)) <= longest
