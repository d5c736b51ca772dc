import logging
import threading
import time

import pytest

from stack.sandbox.ecs import ManualClock, RealClock, Ticker


@pytest.mark.parametrize('speed', [0, -1])
def test_speed_must_be_above_zero(speed: float):
    with pytest.raises(ValueError, match='above 0'):
        RealClock(speed)


def test_manual_clock_does_not_go_back():
    with pytest.raises(ValueError, match='does not go back'):
        ManualClock().advance(-1)


def test_manual_clock_moves_by_what_it_is_turned():
    clock = ManualClock(start=100.0)
    clock.advance(2.5)
    assert clock.now() == 102.5


def test_real_clock_tells_the_time_of_day_at_any_speed():
    assert abs(RealClock(50).now() - time.time()) < 5


def test_ticker_survives_a_tick_that_fails_and_stops(caplog: pytest.LogCaptureFixture):
    seen, enough = [], threading.Event()

    def tick() -> None:
        seen.append(1)
        if len(seen) == 1:
            raise RuntimeError('once')
        enough.set()

    ticker = Ticker(tick, interval=0.001)
    with caplog.at_level(logging.ERROR):
        ticker.start()
        assert enough.wait(60)
        ticker.stop()
    after = len(seen)
    assert [record.message for record in caplog.records] == ['a tick of the embedded ECS failed']
    assert len(seen) == after
