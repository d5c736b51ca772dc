"""Freezes that no revision announces: those that end by themselves, and guards that could not be read at first."""

import logging
from collections.abc import Callable
from datetime import datetime

from stack.errors import AwsFailed
from stack.live.cluster import Cluster
from stack.live.clusters import Clusters
from stack.live.reader import Reader
from stack.state.revisions import Revision

log = logging.getLogger(__name__)


class Freezes:
    def __init__(self, clusters: Clusters, reader: Reader, now: Callable[[], datetime]):
        self._clusters = clusters
        self._reader = reader
        self._now = now

    async def check(self) -> None:
        """End the freezes whose time is over, and read the guards that could not be read before."""
        for cluster in self._clusters:
            cluster.expire(self._now())
            revision = cluster.revision
            if cluster.freeze_unknown and revision is not None:
                await self._read(cluster, revision)

    async def _read(self, cluster: Cluster, revision: Revision) -> None:
        try:
            reading = await self._reader.freeze(revision)
        except AwsFailed as error:
            log.warning('cluster %s: whether it is frozen is not known: %s', cluster.name, error)
            return
        if reading.is_known:
            cluster.froze(revision.id, reading.freeze)
