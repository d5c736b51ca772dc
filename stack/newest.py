"""The newest state of clusters as events, each made and encoded once for all who are brought up to date together.

After a restart everybody comes back within seconds: to describe a cluster of 100 services anew for each of them would
take longer than that.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterable

from stack.event_source import Source
from stack.events import Event

# What does not come with an event, as the time of the last look, may be so old.
SHARED_S = 0.1


class Newest:
    """What a source says of its clusters, remembered until one changes (`forget`), and for a moment at most."""

    def __init__(self, source: Source):
        self._source = source
        self._known: dict[str, dict[Hashable, Event | None]] = {}
        self._end: asyncio.TimerHandle | None = None

    def snapshot(self, cluster: str, covers_since: str | None = None) -> Event | None:
        return self._shared(cluster, ('snapshot', covers_since), lambda: self._source.snapshot(cluster, covers_since))

    def movement(self, cluster: str, services: Iterable[str] | None) -> Event | None:
        names = None if services is None else frozenset(services)
        return self._shared(cluster, ('movement', names), lambda: self._source.movement(cluster, names))

    def forget(self, cluster: str) -> None:
        """The cluster has changed."""
        self._known.pop(cluster, None)

    def close(self) -> None:
        if self._end is not None:
            self._end.cancel()

    def _shared(self, cluster: str, what: Hashable, make: Callable[[], Event | None]) -> Event | None:
        known = self._known.setdefault(cluster, {})
        if what not in known:
            known[what] = make()
            if self._end is None:
                self._end = asyncio.get_running_loop().call_later(SHARED_S, self._forget_all)
        return known[what]

    def _forget_all(self) -> None:
        self._end = None
        self._known.clear()
