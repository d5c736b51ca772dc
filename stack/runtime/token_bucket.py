"""A token bucket: so many at once, then so many a second. Pure: the time is an argument."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """`burst` at once, then `rate` a second."""

    burst: float
    rate: float


class TokenBucket:
    """Full at first."""

    def __init__(self, limit: Limit, now: float):
        self._limit = limit
        self._tokens = limit.burst
        self._at = now

    def take(self, now: float) -> float:
        """Take a token if there is one: 0.0, else the seconds until there will be one."""
        wait = self.wait(now)
        if not wait:
            self._tokens -= 1
        return wait

    def reserve(self, now: float) -> float:
        """Take a token in any case, and return the seconds until it may be used: first come, first served."""
        wait = self.wait(now)
        self._tokens -= 1
        return wait

    def wait(self, now: float) -> float:
        """Seconds until a token that is reserved now may be used."""
        self._refill(now)
        return max(0.0, (1 - self._tokens) / self._limit.rate)

    def drain(self, now: float) -> None:
        """Empty the bucket, as the one that it models is empty."""
        self._refill(now)
        self._tokens = min(self._tokens, 0.0)

    def _refill(self, now: float) -> None:
        self._tokens = min(self._limit.burst, self._tokens + max(0.0, now - self._at) * self._limit.rate)
        self._at = max(self._at, now)
