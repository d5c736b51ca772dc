"""Allowances: used up, filled again, and few enough to keep."""

from stack.access.limits import MOST_KEYS, Allowances


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_used_up_comes_back_as_time_goes_by():
    clock = Clock()
    allowances = Allowances(rate=0.5, burst=2, clock=clock)
    assert [allowances.take('a') for _ in range(3)] == [0, 0, 2]
    clock.now = 1
    assert allowances.take('a') == 1
    clock.now = 2
    assert [allowances.take('a'), allowances.take('a')] == [0, 2]


def test_asking_in_vain_costs_nothing():
    clock = Clock()
    allowances = Allowances(rate=1, burst=1, clock=clock)
    allowances.take('a')
    assert {allowances.take('a') for _ in range(1000)} == {1}
    clock.now = 1
    assert allowances.take('a') == 0


def test_no_more_than_the_burst_is_saved_up():
    clock = Clock()
    allowances = Allowances(rate=10, burst=2, clock=clock)
    allowances.take('a')
    clock.now = 1000
    assert [allowances.take('a') for _ in range(3)] == [0, 0, 1]


def test_one_does_not_use_up_what_is_anothers():
    allowances = Allowances(rate=1, burst=1, clock=Clock())
    allowances.take('a')
    assert allowances.take('b') == 0


def test_only_so_many_are_remembered():
    allowances = Allowances(rate=1, burst=1, clock=Clock())
    for number in range(MOST_KEYS + 10):
        allowances.take(str(number))
    assert len(allowances) == MOST_KEYS
