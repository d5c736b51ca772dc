"""Freezes that no revision announces: those that end by themselves, and guards that could not be read at first."""

import logging
from collections.abc import Callable
from datetime import datetime

from stack.errors import AwsFailed
from stack.live.cluster import Cluster
from stack.live.clusters import Clusters
from stack.live.reader import Reader

log = logging.getLogger(__name__)


class Freezes:
    def __init__(self, clusters: Clusters, reader: Reader, now: Callable[[], datetime]):
        self._clusters = clusters
        self._reader = reader
        self._now = now

    async def check(self) -> None:
        """Have every cluster know whether it is frozen now."""
        for cluster in self._clusters:
            cluster.expire(self._now())
            if cluster.freeze_unknown:
                await self._find_out(cluster)

    async def _find_out(self, cluster: Cluster) -> None:
        revision = cluster.revision
        try:
            freeze, known = await self._reader.freeze(revision)
        except AwsFailed as failed:
            log.warning('cluster %s: whether it is frozen is not known: %s', cluster.name, failed)
            return
        if known:
            cluster.froze(revision.id, freeze)
