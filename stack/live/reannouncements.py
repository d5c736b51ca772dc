"""What schedulers were notified of again: known to every replica, so that all judge the new attempt, not the former.

The replica that announces records it with the cluster's rollouts; others read it there while it can be news.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from stack.errors import AwsFailed
from stack.live.cluster import Cluster
from stack.rollout_records import RolloutRecords

log = logging.getLogger(__name__)

# How often the records of other replicas are read for what waits to be announced, or has failed.
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
        """Learn what other replicas announced, unless that was read a moment ago."""
        if self._clock() - self._heard_at < HEAR_S:
            return
        self._heard_at = self._clock()
        for cluster in clusters:
            try:
                await self.hear_of(cluster)
            except AwsFailed as failed:
                log.warning('cluster %s: whether it was announced is not known: %s', cluster.name, failed)

    async def hear_of(self, cluster: Cluster) -> None:
        """The same of one cluster, at once. Raises `AwsFailed`."""
        if cluster.state is not None and cluster.state.book.waits_for_word():
            cluster.recorded(await self._records.read(cluster.name))
