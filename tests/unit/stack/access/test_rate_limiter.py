"""The rate limiter: limits used up, refilled, kept apart by key, and bounded in number."""

from stack.access.rate_limiter import MOST_KEYS, RateLimiter


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_requests_beyond_the_burst_wait_for_the_refill():
    clock = Clock()
    limiter = RateLimiter(rate=0.5, burst=2, clock=clock)
    assert [limiter.take('a') for _ in range(3)] == [0, 0, 2]
    clock.now = 1
    assert limiter.take('a') == 1
    clock.now = 2
    assert [limiter.take('a'), limiter.take('a')] == [0, 2]


def test_refused_requests_do_not_count():
    clock = Clock()
    limiter = RateLimiter(rate=1, burst=1, clock=clock)
    limiter.take('a')
    assert {limiter.take('a') for _ in range(1000)} == {1}
    clock.now = 1
    assert limiter.take('a') == 0


def test_the_refill_stops_at_the_burst():
    clock = Clock()
    limiter = RateLimiter(rate=10, burst=2, clock=clock)
    limiter.take('a')
    clock.now = 1000
    assert [limiter.take('a') for _ in range(3)] == [0, 0, 1]


def test_each_key_has_a_limit_of_its_own():
    limiter = RateLimiter(rate=1, burst=1, clock=Clock())
    limiter.take('a')
    assert limiter.take('b') == 0


def test_the_number_of_keys_is_bounded():
    limiter = RateLimiter(rate=1, burst=1, clock=Clock())
    for number in range(MOST_KEYS + 10):
        limiter.take(str(number))
    assert len(limiter) == MOST_KEYS
