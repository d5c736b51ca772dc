"""A warning in the log that a subscriber is not in sync for long, with what it waits for."""

import asyncio
import logging
from collections.abc import Callable

log = logging.getLogger(__name__)

# Seconds until the first warning; the pause before the next one doubles.
FIRST_S = 30.0


class SlowSync:
    """`waits_for` describes what the subscriber waits for now, `failure` is the newest error that it was sent."""

    def __init__(self, waits_for: Callable[[], str], first_s: float = FIRST_S):
        self.failure: Exception | None = None
        self._waits_for = waits_for
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._due_s = first_s
        self._timer = self._loop.call_later(first_s, self._warn)

    def end(self) -> None:
        """The subscriber is in sync, or has gone."""
        self._timer.cancel()

    def _warn(self) -> None:
        log.warning(
            'a subscriber is not in sync after %.0f s: it waits for %s; the last failure: %s',
            self._loop.time() - self._began,
            self._waits_for(),
            self.failure or 'none',
        )
        self._timer = self._loop.call_later(self._due_s, self._warn)
        self._due_s *= 2
