"""The times of the regular looks at all clusters: spread over the interval, by a hash of each cluster's name.

The hash gives a cluster the same place in each round of each scheduler, and the calls to AWS an even rate.
"""

import hashlib
from collections.abc import Iterable

# So many clusters are looked at together.
TOGETHER = 20
# Beyond them, a round takes so many seconds for each cluster, and at most this share of the interval.
SPACING_S = 0.5
LONGEST = 0.8


def spread(clusters: Iterable[str], interval: float) -> list[tuple[str, float]]:
    """Each cluster with the seconds from the start of the round until the look at it, in this order."""
    names = list(clusters)
    duration = min(LONGEST * interval, SPACING_S * max(0, len(names) - TOGETHER))
    if not duration:
        return [(name, 0.0) for name in names]
    return sorted(((name, place(name) * duration) for name in names), key=lambda each: each[1])


def place(cluster: str) -> float:
    """The place of a cluster in a round, from 0 to 1."""
    return int.from_bytes(hashlib.sha256(cluster.encode()).digest()[:8]) / 2**64
