"""The token bucket: burst, refill, reservations and drain."""

import pytest

from stack.runtime.token_bucket import Limit, TokenBucket


def test_reservations_get_the_burst_at_once_and_then_the_rate():
    bucket = TokenBucket(Limit(3, 2), now=0)
    assert [bucket.reserve(0) for _ in range(6)] == [0, 0, 0, 0.5, 1.0, 1.5]


def test_the_refill_stops_at_the_burst():
    bucket = TokenBucket(Limit(2, 1), now=0)
    bucket.reserve(0)
    assert [bucket.reserve(100) for _ in range(3)] == [0, 0, 1]


def test_a_clock_that_goes_back_takes_no_tokens():
    bucket = TokenBucket(Limit(1, 1), now=10)
    assert bucket.reserve(5) == 0
    assert bucket.reserve(11) == 0


def test_a_drained_bucket_refills_from_nothing():
    bucket = TokenBucket(Limit(10, 2), now=0)
    bucket.drain(0)
    assert bucket.reserve(0) == 0.5


def test_an_empty_bucket_states_the_wait_and_gives_no_token():
    bucket = TokenBucket(Limit(2, 0.5), now=0)
    assert [bucket.take(0), bucket.take(0)] == [0, 0]
    assert [bucket.take(0), bucket.take(1)] == [2, pytest.approx(1)]
    assert bucket.take(2) == 0
