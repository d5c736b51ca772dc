"""A rate limiter with a token bucket for each caller, address or other key."""

import math
import time
from collections.abc import Callable

from stack.runtime.lru import LruCache
from stack.runtime.token_bucket import Limit, TokenBucket

# Beyond these the least recently used key is forgotten; it starts with a full bucket again.
MOST_KEYS = 10_000


class RateLimiter:
    """Of each key: `burst` requests at once, and `rate` a second in the long run."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic):
        self._limit = Limit(burst, rate)
        self._clock = clock
        self._buckets: LruCache[str, TokenBucket] = LruCache(MOST_KEYS)

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str) -> int:
        """Count one request: 0 where it is within the limit, else the whole seconds after which one will be."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = TokenBucket(self._limit, self._clock())
            self._buckets.put(key, bucket)
        return math.ceil(bucket.take(self._clock()))
