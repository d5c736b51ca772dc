"""A circuit breaker: stops asking a service that hangs, and tries it again after a pause.

https://learn.microsoft.com/en-us/azure/architecture/patterns/circuit-breaker
"""

import threading
import time
from collections.abc import Callable

# Timeouts in a row that open the circuit.
TIMEOUTS = 5

# The pause before one call may try again, in seconds; it doubles with each trial that hangs.
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 30.0


class CircuitBreaker:
    """Closed: calls pass. Open: none does, until the pause is over; then one trial passes, whose outcome decides.

    Only timeouts count: a quick refusal holds no thread up. Safe to use from any thread. `changed(is_open)` is called
    when the circuit opens or closes.
    """

    def __init__(self, changed: Callable[[bool], None] = lambda _: None, clock: Callable[[], float] = time.monotonic):
        self._changed = changed
        self._clock = clock
        self._lock = threading.Lock()
        self._timeouts = 0
        self._pause = 0.0
        self._opened_at = 0.0
        self._retry_at = 0.0

    @property
    def is_open(self) -> bool:
        return self._pause > 0

    @property
    def open_for(self) -> float:
        """For how many seconds the circuit has been open."""
        return self._clock() - self._opened_at if self.is_open else 0.0

    def admit(self) -> bool:
        """Whether a call may be made. In an open circuit that takes the trial of this pause."""
        with self._lock:
            if not self._pause:
                return True
            now = self._clock()
            if now < self._retry_at:
                return False
            # A trial whose outcome is never reported costs one more pause.
            self._retry_at = now + self._pause
            return True

    def answered(self) -> None:
        """The service has answered, whatever it was."""
        with self._lock:
            closes, self._pause, self._timeouts = self.is_open, 0.0, 0
        if closes:
            self._changed(False)

    def timed_out(self) -> None:
        """The service has not answered in time."""
        with self._lock:
            self._timeouts += 1
            opens = not self._pause and self._timeouts >= TIMEOUTS
            if opens:
                self._opened_at = self._clock()
            if opens or self._pause:
                self._pause = min(max(FIRST_PAUSE_S, 2 * self._pause), LONGEST_PAUSE_S)
                self._retry_at = self._clock() + self._pause
        if opens:
            self._changed(True)
