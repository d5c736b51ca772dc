"""Hear of new revisions, of this process and of others, and have the owners of the clusters read what they miss.

A write of this process is heard of at once. The writes of others show in a listing of the bucket, one for all clusters.
Both are hints; what a cluster misses is read until nothing more was heard of it, and again at the next listing where
that failed.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from datetime import datetime

from stack.errors import AwsFailed
from stack.live.cluster import Cluster
from stack.live.clusters import Clusters
from stack.live.facts import Mark, Steps
from stack.live.next_revision import prepare
from stack.live.reader import Reader
from stack.runtime.off_loop import LARGE, call_off_loop
from stack.runtime.shared_reads import SharedReads
from stack.state.revision_store import RevisionStore
from stack.state.revisions import Revision

log = logging.getLogger(__name__)

POLL_S = 2.0
# Reads of a cluster that changes again while it is read; the next listing goes on from there.
READS_AT_MOST = 5
# A cluster without subscribers is followed once no change of it has come for so long: a burst costs one read.
CALM_S = 1.0


class Feed:
    """`wanted` is whether a subscriber or a caller wants to know of a cluster."""

    def __init__(
        self,
        store: RevisionStore,
        clusters: Clusters,
        reader: Reader,
        wanted: Callable[[Cluster], bool],
        poll_s: float = POLL_S,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._store = store
        self._clusters = clusters
        self._reader = reader
        self._wanted = wanted
        self._poll_s = poll_s
        self._clock = clock
        self._listed_at = float('-inf')
        self._reads: SharedReads[str, None] = SharedReads(self._read)
        self._polling: asyncio.Task[None] | None = None
        self._calm: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # From so many bytes on, a body takes longer than the event loop may stand still.
        self.large = LARGE

    async def refresh(self, now: bool = False) -> None:
        """Have a listing no older than the interval between two, or with `now` than the call. Raises `AwsFailed`."""
        if now and self._polling is not None:
            await asyncio.shield(self._polling)
        if now or self._clock() - self._listed_at >= self._poll_s:
            await self.poll()

    async def poll(self) -> None:
        """List the bucket, and read what changed; callers at the same time share one listing. Raises `AwsFailed`."""
        if self._polling is None:
            self._polling = self._start(self._poll())
            self._polling.add_done_callback(self._polled)
        await asyncio.shield(self._polling)

    async def catch_up(self, cluster: str) -> None:
        """Read what the bucket has of a cluster now. Raises `AwsFailed`."""
        await self._reads.get(cluster)

    def changed_since(self, moment: datetime) -> list[Cluster]:
        """The clusters whose desired state was stored after a point in time, by the last listing."""
        return [cluster for cluster in self._clusters if cluster.mark and cluster.mark.modified >= moment]

    # What the store notifies of

    def expect(self, base: Revision | None, after: Revision) -> asyncio.Task[None] | None:
        """This process is about to store a revision; what it gives is done once its notification takes no long time."""
        cluster = self._clusters.get(after.cluster)
        if cluster is None or base is None or not self._takes_long(cluster, base, after):
            return None
        return self._start(self._prepare(cluster, base, after))

    def stored(self, base: Revision | None, revision: Revision) -> None:
        """This process stored a revision."""
        cluster = self._clusters.of(revision.cluster)
        if cluster.stored(base, revision):
            return
        if self._is_followed(cluster):
            self._catch_up_later(cluster.name)
        elif not revision.is_silent:
            self._follow_later(cluster.name)

    def stored_elsewhere(self, name: str) -> None:
        """Another process stored a revision, or removed the cluster: read it where it is followed here."""
        cluster = self._clusters.get(name)
        if cluster is not None and self._is_followed(cluster):
            self._catch_up_later(name)

    def removed(self, name: str) -> None:
        """This process removed a cluster."""
        cluster = self._clusters.of(name)
        cluster.removed()
        if self._is_followed(cluster):
            self._catch_up_later(name)

    def _is_followed(self, cluster: Cluster) -> bool:
        return cluster.state is not None or self._wanted(cluster)

    async def close(self) -> None:
        for timer in self._calm.values():
            timer.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._reads.close()

    async def _poll(self) -> None:
        started = self._clock()
        listed = {line.key: Mark(line.etag, line.modified) for line in await self._store.objects()}
        self._listed_at, ended = started, self._clock()
        for name in listed:
            self._clusters.of(name)
        for cluster in self._clusters:
            cluster.listed(listed.get(cluster.name), started, ended)
        behind = [cluster.name for cluster in self._clusters if cluster.behind(wanted=self._wanted(cluster))]
        await asyncio.gather(*map(self._catch_up_or_log, behind))
        self._clusters.prune()

    def _polled(self, task: asyncio.Task[None]) -> None:
        self._polling = None
        if not task.cancelled():
            task.exception()  # the callers that waited have it

    async def _read(self, name: str) -> None:
        """Read until nothing was heard of that the last read does not account for."""
        with self._clusters.awaiting(name) as cluster:
            for _ in range(READS_AT_MOST):
                as_of, revision = cluster.heard, cluster.revision
                if revision is None:
                    cluster.load(await self._reader.current(name, as_of, cluster.stand_in.revision))
                else:
                    history = await self._reader.since(revision, as_of, cluster.mark)
                    first = next(iter(history.after(revision.id)), None) if isinstance(history, Steps) else None
                    if first is not None and self._takes_long(cluster, revision, first):
                        await self._prepare(cluster, revision, first)
                    cluster.catch_up(history)
                if cluster.read >= as_of and not cluster.behind(wanted=True):
                    return

    async def _prepare(self, cluster: Cluster, before: Revision, after: Revision) -> None:
        if cluster.state is None:
            return
        try:
            cluster.expect(await call_off_loop(prepare, cluster.state, before, after))
        except Exception:
            # The owner of the cluster does without.
            log.exception('cluster %s: its next revision could not be prepared', cluster.name)

    def _takes_long(self, cluster: Cluster, before: Revision, after: Revision) -> bool:
        """Whether to go over to a revision takes longer than the event loop may stand still."""
        is_next = cluster.revision is not None and cluster.revision.id == before.id
        return is_next and len(after.body) >= self.large

    def _catch_up_later(self, name: str) -> None:
        self._start(self._catch_up_or_log(name))

    async def _catch_up_or_log(self, name: str) -> None:
        try:
            await self.catch_up(name)
        except AwsFailed as failed:
            log.warning('cluster %s: what changed is not known until the next listing: %s', name, failed)
        except Exception:
            log.exception('cluster %s: what changed could not be read', name)

    def _follow_later(self, name: str) -> None:
        """A rollout began that no subscriber watches: have its end known all the same."""
        if name in self._calm:
            self._calm[name].cancel()
        self._calm[name] = asyncio.get_running_loop().call_later(CALM_S, self._follow, name)

    def _follow(self, name: str) -> None:
        del self._calm[name]
        self._clusters.of(name).followed = True
        self._catch_up_later(name)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
