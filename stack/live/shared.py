"""What several subscribers are owed alike, made and encoded once for all of them.

After a restart all clients come back within seconds: to describe a cluster of 100 services for each of them again
would take longer than that.
"""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from stack.live.cluster import Cluster
from stack.live.event import Message
from stack.live.log import Position
from stack.live.owed import Owed, owed

# What does not come with an event, as the time of the last look, may be so old.
SHARED_S = 0.1


@dataclass(frozen=True, slots=True)
class _Made:
    """What was made while the log of a cluster ended at `end`: by position, and the events that several share."""

    end: Position
    owed: dict[Position, tuple[Owed, ...]] = field(default_factory=dict)
    events: dict[Hashable, Message] = field(default_factory=dict)


class Shared:
    """What is owed at a position of a cluster, remembered until the cluster has a newer event, or for a moment."""

    def __init__(self) -> None:
        self._made: dict[Cluster, _Made] = {}
        self._frames: dict[Hashable, bytes] = {}
        self._end: asyncio.TimerHandle | None = None

    def owed(self, cluster: Cluster, position: Position) -> tuple[Owed, ...]:
        made = self._made.get(cluster)
        if made is None or made.end is not cluster.log.end:
            made = self._made[cluster] = _Made(cluster.log.end)
            if self._end is None:
                self._end = asyncio.get_running_loop().call_later(SHARED_S, self._forget)
        if position not in made.owed:
            made.owed[position] = owed(cluster, position, made.events)
        return made.owed[position]

    def frame(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """A frame of events that were owed a moment ago."""
        if key not in self._frames:
            self._frames[key] = make()
        return self._frames[key]

    def close(self) -> None:
        if self._end is not None:
            self._end.cancel()

    def _forget(self) -> None:
        self._end = None
        self._made.clear()
        self._frames.clear()
