"""What other replicas announced again, and how rollouts ended there: read in their records while it can be news.

The replica that announces records that with the cluster's rollouts, so that all judge the new attempt, not the former.
One that saw the end of a rollout records it, so that none that missed it keeps the rollout as superseded.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from stack.errors import AwsFailed
from stack.live.cluster import Cluster
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollout_records import Record, RolloutRecords
from stack.runtime.lru import LruCache
from stack.runtime.shared_reads import SharedReads

log = logging.getLogger(__name__)

# How often the records of other replicas are read for what waits to be announced, has failed or is superseded.
HEAR_S = 10.0


# Clusters of which the last record is kept: reading it again takes a HEAD, and merging it again nothing.
RECORDS_KEPT = 20


class Heard(NamedTuple):
    """A record, and the state into which it was merged with the counters of what it had learned by then."""

    record: Record
    state: ClusterState
    learned: tuple[Any, ...]


class Reannouncements:
    """Callers that ask for a cluster at the same time share a read of its record that began after they asked."""

    def __init__(self, records: RolloutRecords, clock: Callable[[], float]):
        self._records = records
        self._clock = clock
        self._heard_at = float('-inf')
        self._reads = SharedReads(self._read)
        self._heard: LruCache[str, Heard] = LruCache(RECORDS_KEPT)

    async def made(self, cluster: Cluster, at: datetime) -> None:
        """Schedulers were notified of a cluster's newest revision (again)."""
        if cluster.announced(at):
            await self._records.keep_now(cluster.name)

    async def hear_of_all(self, clusters: Iterable[Cluster]) -> None:
        """Read what other replicas recorded, unless that was read a moment ago."""
        if self._clock() - self._heard_at < HEAR_S:
            return
        self._heard_at = self._clock()
        for cluster in clusters:
            try:
                await self.hear_of(cluster)
            except AwsFailed as failed:
                log.warning('cluster %s: what other replicas recorded is not known: %s', cluster.name, failed)

    async def hear_of(self, cluster: Cluster) -> None:
        """The same of one cluster, at once. Raises `AwsFailed`."""
        if cluster.state is None or not cluster.state.awaits_records():
            return
        record = await self._reads.get(cluster.name)
        state = cluster.state
        if state is None:
            return
        heard = self._heard.get(cluster.name)
        if heard is not None and heard.record is record and heard[1:] == (state, state.learned()):
            cluster.confirmed()
        else:
            cluster.recorded(record)
            self._heard.put(cluster.name, Heard(record, state, state.learned()))

    async def close(self) -> None:
        """Cancel what is being read."""
        await self._reads.close()

    async def _read(self, cluster: str) -> Record:
        heard = self._heard.get(cluster)
        return await self._records.read(cluster, heard.record if heard is not None else None)
