"""What other replicas announced again, and how rollouts ended there: read in their records while it can be news.

The replica that announces records that with the cluster's rollouts, so that all judge the new attempt, not the former.
One that saw the end of a rollout records it, so that none that missed it keeps the rollout as superseded.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from stack.errors import AwsFailed
from stack.live.cluster import Cluster
from stack.rollouts.rollout_records import RolloutRecords

log = logging.getLogger(__name__)

# How often the records of other replicas are read for what waits to be announced, has failed or is superseded.
HEAR_S = 10.0


class Reannouncements:
    def __init__(self, records: RolloutRecords, clock: Callable[[], float]):
        self._records = records
        self._clock = clock
        self._heard_at = float('-inf')

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
        if cluster.state is not None and cluster.state.awaits_records():
            cluster.recorded(await self._records.read(cluster.name))
