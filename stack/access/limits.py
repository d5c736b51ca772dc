"""How often somebody may do something: allowances that fill up again as time goes by."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

# Of more than these, those who have been silent longest are forgotten; they start with a full allowance again.
MOST_KEYS = 10_000


class Allowances:
    """One for each key: `burst` at once, and `rate` a second in the long run."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic):
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def take(self, key: str) -> int:
        """Use one up: 0 where there was one, else the whole seconds after which there will be."""
        now = self._clock()
        left, since = self._left.get(key, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        wait = 0 if left >= 1 else max(1, math.ceil((1 - left) / self._rate))
        self._left[key] = (left if wait else left - 1, now)
        self._left.move_to_end(key)
        if len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)
        return wait
