"""Summaries of clusters that are not loaded, so that subscribers to a large fleet do not wait for each to be read.

Loading a cluster yields its summary. What has changed since is summarised again behind everything urgent, once it is
calm, from what the bucket has: a summary is what any process would show that loads the cluster now.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from stack.changes.freeze_calendar import Calendar
from stack.errors import AwsFailed, NysaError
from stack.live.cluster import Cluster
from stack.live.clusters import Clusters
from stack.live.facts import Current, Mark
from stack.live.reader import Reader
from stack.live.summary import Proof, summary_of
from stack.live.summary_store import SummaryStore
from stack.rollouts.rollout_records import RolloutRecords
from stack.runtime.shared_reads import SharedReads

log = logging.getLogger(__name__)

# Seconds between two writes, and the age from which a revision is worth one: what changes often is read at a start.
WRITE_S = 120.0
CALM = timedelta(minutes=1)
# Clusters that are summarised again between two writes.
MOST_A_ROUND = 200
# Summaries that are read in one turn of the loop.
A_TURN = 50


class Summaries:
    """`names` lists the clusters that there are; `calm` is the age from which a revision is summarised again."""

    def __init__(
        self,
        store: SummaryStore,
        records: RolloutRecords,
        clusters: Clusters,
        reader: Reader,
        names: Callable[[], Awaitable[Sequence[str]]],
        now: Callable[[], datetime],
        calm: timedelta = CALM,
    ):
        self.calm = calm
        self._store = store
        self._names = names
        self._records = records
        self._clusters = clusters
        self._reader = reader
        self._now = now
        self._proofs: SharedReads[str, None] = SharedReads(self._prove, at_once=1)

    async def prove(self) -> None:
        """Compare the summaries of clusters that are not loaded with what the bucket has now; a failure is logged."""
        try:
            await self._proofs.get('')
        except NysaError as error:
            log.warning('no summaries are known, every cluster is read: %s', error)

    async def run(self) -> None:
        """Write summaries now and then, until cancelled."""
        while True:
            await asyncio.sleep(WRITE_S * random.uniform(0.8, 1.2))  # noqa: S311  no secret
            try:
                await self.write()
            except NysaError as error:
                log.warning('summaries could not be written: %s', error)

    async def close(self) -> None:
        await self._proofs.close()

    def loaded(self, current: Current, mark: Mark | None) -> None:
        """A cluster was read, and is about to be loaded."""
        if current.state is not None and mark is not None:
            proof = Proof(*mark, current.record_etag)
            if self._store.proof(current.state.name) != proof:
                self._take(current, mark)

    async def write(self) -> None:
        """Summarise what changed, and write what is due. Raises `AwsFailed`."""
        loaded = [cluster for cluster in self._clusters if cluster.state is not None]
        if not loaded:
            return
        records = (await asyncio.gather(self._records.etags(), self._store.refresh()))[0]
        calm = self._now() - self.calm
        changed = [
            cluster
            for cluster in loaded
            if cluster.mark is not None
            and cluster.mark.modified <= calm
            and self._store.proof(cluster.name) != Proof(*cluster.mark, records.get(cluster.name))
        ]
        for cluster in changed[:MOST_A_ROUND]:
            await self._summarise(cluster)
        await self._store.write(frozenset(await self._names()))

    async def _summarise(self, cluster: Cluster) -> None:
        mark = cluster.mark
        try:
            if mark is not None:
                self._take(await self._reader.as_listed(cluster.name, mark), mark)
        except AwsFailed as failed:
            log.info('cluster %s: it is not summarised: %s', cluster.name, failed)

    def _take(self, current: Current, mark: Mark) -> None:
        summary = summary_of(current, mark, self._now())
        if summary is not None:
            self._store.put(summary)

    async def _prove(self, _: str) -> None:
        waiting = [each for each in self._clusters if each.state is None and each.mark is not None]
        if not waiting:
            return
        records, calendar, _done = await asyncio.gather(
            self._records.etags(), self._reader.calendar(), self._store.refresh()
        )
        for number, cluster in enumerate(waiting, 1):
            self._compare(cluster, records.get(cluster.name), calendar)
            if number % A_TURN == 0:
                await asyncio.sleep(0)

    def _compare(self, cluster: Cluster, record: str | None, calendar: Calendar) -> None:
        """Have a cluster stood in for by its summary, where that is proven by what was listed."""
        if cluster.state is not None or cluster.mark is None:
            return
        proof, stand_in = Proof(*cluster.mark, record), cluster.stand_in
        if self._store.proof(cluster.name) != proof:
            stand_in.distrust()
        elif stand_in.proof != proof and (summary := self._store.get(cluster.name)) is not None:
            stand_in.prove(summary, calendar.of(cluster.name))
