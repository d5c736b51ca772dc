"""Clocks of the embedded ECS: the wall clock of `PROFILE=local`, and one that a test advances."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger(__name__)


class Clock(Protocol):
    """Source of time. `speed` divides every duration of AWS; `now` is in seconds since 1970."""

    speed: float

    def now(self) -> float: ...


class RealClock:
    """The wall clock. Durations are divided by `speed`; times of day stay true, as everything else in the sandbox has
    them, and so do rate limits and the hour after which ECS forgets a stopped task."""

    def __init__(self, speed: float = 1.0):
        if speed <= 0:
            raise ValueError(f'speed must be above 0, not {speed}')
        self.speed = speed

    def now(self) -> float:
        return time.time()


class ManualClock:
    """A clock that only `advance` moves."""

    def __init__(self, start: float = 1_767_225_600.0, speed: float = 1.0):
        self.speed = speed
        self._now = start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError(f'a clock does not go back: {seconds}')
        self._now += seconds


class Ticker:
    """A background thread that calls `tick` every `interval` seconds until `stop`; a tick that fails is logged."""

    def __init__(self, tick: Callable[[], None], interval: float = 0.25):
        self._tick = tick
        self._interval = interval
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name='embedded-ecs', daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns once the tick that may be under way has ended."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._interval):
            try:
                self._tick()
            except Exception:
                log.exception('a tick of the embedded ECS failed')
