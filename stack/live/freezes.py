"""Freezes that no revision announces: those that end by themselves, and guards that could not be read at first."""

import logging
from collections.abc import Callable
from datetime import datetime

from stack.errors import AwsFailed, NysaError
from stack.live.cluster import Cluster
from stack.live.clusters import Clusters
from stack.live.reader import Reader
from stack.state.revisions import Revision

log = logging.getLogger(__name__)

# Seconds until the next check at least: a timer may fire a little early.
SOONEST_S = 0.01


class Freezes:
    def __init__(self, clusters: Clusters, reader: Reader, now: Callable[[], datetime]):
        self._clusters = clusters
        self._reader = reader
        self._now = now

    async def check(self) -> None:
        """Begin and end what is due, and read the guards that could not be read before."""
        await self._read_calendar()
        for cluster in self._clusters:
            cluster.expire()
            revision = cluster.revision
            if cluster.freeze_unknown and revision is not None:
                await self._read(cluster, revision)

    def seconds_left(self, most: float) -> float:
        """Until a freeze begins or ends next, at most so many."""
        now = self._now()
        left = (cluster.freeze_clock.seconds_left(now) for cluster in self._clusters)
        return max(SOONEST_S, min([most, *(seconds for seconds in left if seconds is not None)]))

    async def _read_calendar(self) -> None:
        loaded = [cluster for cluster in self._clusters if cluster.state is not None]
        if not loaded:
            return
        try:
            calendar = await self._reader.calendar()
        except NysaError as error:
            log.warning('the freeze calendar is not known: %s', error)
            return
        for cluster in loaded:
            cluster.scheduled(calendar.of(cluster.name))

    async def _read(self, cluster: Cluster, revision: Revision) -> None:
        try:
            reading = await self._reader.freeze(revision)
        except AwsFailed as error:
            log.warning('cluster %s: whether it is frozen is not known: %s', cluster.name, error)
            return
        if reading.is_known:
            cluster.froze(revision.id, reading.freeze)
