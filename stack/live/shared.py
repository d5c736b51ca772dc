"""What several subscribers are owed alike, made and encoded once for all of them.

After a restart all clients come back within seconds: to describe a cluster of 100 services for each of them again
would take longer than that.
"""

import asyncio
from collections.abc import Hashable
from typing import Any

from stack.live.cluster import Cluster
from stack.live.log import Position
from stack.live.owed import Owed, owed

# What does not come with an event, as the time of the last look, may be so old.
SHARED_S = 0.1


class Shared:
    """What is owed at a position of a cluster, remembered until the cluster has a newer event, or for a moment."""

    def __init__(self) -> None:
        self._made: dict[Cluster, tuple[Position, dict[Hashable, Any]]] = {}
        self._end: asyncio.TimerHandle | None = None

    def owed(self, cluster: Cluster, position: Position) -> tuple[Owed, ...]:
        end, made = self._made.get(cluster, (None, {}))
        if end is not cluster.log.end:
            made = {}
            self._made[cluster] = cluster.log.end, made
            if self._end is None:
                self._end = asyncio.get_running_loop().call_later(SHARED_S, self._forget)
        if position not in made:
            made[position] = owed(cluster, position, made)
        return made[position]

    def close(self) -> None:
        if self._end is not None:
            self._end.cancel()

    def _forget(self) -> None:
        self._end = None
        self._made.clear()
