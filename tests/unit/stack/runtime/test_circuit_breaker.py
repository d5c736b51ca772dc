"""A circuit breaker opens after timeouts in a row, tries again after a pause, and closes with the first answer."""

from stack.runtime.circuit_breaker import FIRST_PAUSE_S, LONGEST_PAUSE_S, TIMEOUTS, CircuitBreaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def opened() -> tuple[CircuitBreaker, Clock, list[bool]]:
    clock, changes = Clock(), []
    breaker = CircuitBreaker(changes.append, clock)
    for _ in range(TIMEOUTS):
        assert breaker.admit()
        breaker.timed_out()
    return breaker, clock, changes


def test_it_opens_after_several_timeouts_in_a_row():
    breaker = CircuitBreaker()
    for _ in range(3):
        for _ in range(TIMEOUTS - 1):
            breaker.timed_out()
        breaker.answered()
    assert breaker.admit()
    assert not breaker.is_open
    breaker, _, changes = opened()
    assert breaker.is_open
    assert not breaker.admit()
    assert changes == [True]


def test_one_trial_passes_after_the_pause_and_an_answer_closes_it():
    breaker, clock, changes = opened()
    clock.now += FIRST_PAUSE_S
    assert [breaker.admit() for _ in range(3)] == [True, False, False]
    breaker.answered()
    assert [breaker.admit() for _ in range(3)] == [True] * 3
    assert changes == [True, False]
    assert breaker.open_for == 0


def test_a_trial_that_hangs_doubles_the_pause_up_to_a_limit():
    breaker, clock, changes = opened()
    pause = FIRST_PAUSE_S
    for _ in range(8):
        clock.now += pause - 0.001
        assert not breaker.admit()
        clock.now += 0.001
        assert breaker.admit()
        breaker.timed_out()
        pause = min(2 * pause, LONGEST_PAUSE_S)
    assert breaker.open_for == clock.now - 100
    assert changes == [True]


def test_a_trial_without_an_outcome_is_followed_by_another():
    breaker, clock, _ = opened()
    clock.now += FIRST_PAUSE_S
    assert breaker.admit()
    clock.now += FIRST_PAUSE_S
    assert breaker.admit()
