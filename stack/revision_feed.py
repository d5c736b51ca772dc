"""New revisions, by whoever made them: told in the order of the history, each once.

A write of this process is told at once. The writes of others show in a listing of the bucket, one for all clusters; it
is a hint to look, and the history of the object says what happened.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from stack.errors import NotFound
from stack.history import revision_id
from stack.revision_store import RevisionStore
from stack.revisions import Revision

log = logging.getLogger(__name__)

# As many revisions are told one by one; beyond it only the newest is.
MOST_REVISIONS = 100
POLL_S = 2.0


class Listener(Protocol):
    """Who is told. `vanished` comes before an `appeared` of the same name."""

    def wants(self, cluster: str) -> bool:
        """Whether a cluster that was not there before is of interest."""
        ...

    async def unfollowed(self, revision: Revision) -> None:
        """This process has changed a cluster that is not followed."""
        ...

    def appeared(self, revision: Revision) -> None: ...

    def changed(self, before: Revision, after: Revision) -> None: ...

    def jumped(self, before: Revision, after: Revision) -> None:
        """So many revisions lie between the two that they are not told."""
        ...

    def vanished(self, cluster: str, last: Revision | None) -> None: ...


class RevisionFeed:
    """Follows the clusters that were `load`ed, and the names of all."""

    def __init__(
        self,
        store: RevisionStore,
        listener: Listener,
        poll_s: float = POLL_S,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._store = store
        self._listener = listener
        self._poll_s = poll_s
        self._clock = clock
        self._newest: dict[str, Revision] = {}
        self._listed: dict[str, tuple[str, datetime]] | None = None
        self._listed_at = float('-inf')
        self._fresh: set[str] = set()
        self._locks: dict[str, asyncio.Lock] = {}
        self._polling: asyncio.Task | None = None
        self._tasks: set[asyncio.Task] = set()

    def newest(self, cluster: str) -> Revision | None:
        """The revision up to which this cluster's were told; None where it is not followed, or not there."""
        return self._newest.get(cluster)

    async def names(self, anew: bool = False) -> list[str]:
        """The clusters that are there, sorted: as of a listing no older than the interval between two, or than now.

        One that is followed already counts, though it was made after that listing: the next tells nobody of it.
        """
        if anew and self._polling is not None:
            await asyncio.shield(self._polling)
        if anew or self._clock() - self._listed_at >= self._poll_s:
            await self.poll()
        return sorted({*(self._listed or ()), *self._newest})

    def lists(self, cluster: str) -> bool:
        """Whether the cluster was there at the last listing."""
        return cluster in (self._listed or ())

    def changed_since(self, moment: datetime) -> list[str]:
        """The clusters whose desired state was stored after a point in time, by the last listing."""
        return [name for name, (_, modified) in (self._listed or {}).items() if modified >= moment]

    async def load(self, cluster: str) -> Revision | None:
        """Follow a cluster from its current revision on; None where there is no such cluster."""
        async with self._lock(cluster):
            if cluster not in self._newest:
                try:
                    self._newest[cluster] = await self._store.read(cluster)
                except NotFound:
                    return None
            return self._newest[cluster]

    async def poll(self) -> None:
        """Look for the changes of others; callers at the same time share one look. Raises `AwsFailed`."""
        if self._polling is None:
            self._polling = self._start(self._poll())
            self._polling.add_done_callback(self._polled)
        await asyncio.shield(self._polling)

    def stored(self, base: Revision | None, revision: Revision) -> None:
        """Told by the store of each write of this process."""
        before = self._newest.get(revision.cluster)
        if before is not None and base is not None and before.id == base.id and not self._busy(revision.cluster):
            self._newest[revision.cluster] = revision
            self._listener.changed(before, revision)
        elif before is not None or self._listener.wants(revision.cluster):
            self._catch_up_later(revision.cluster)
        else:
            self._start(self._listener.unfollowed(revision))

    def removed(self, cluster: str) -> None:
        """Told by the store of each removal by this process."""
        self._catch_up_later(cluster)

    async def catch_up(self, cluster: str) -> None:
        """Tell everything that the history of a cluster has gained. Raises `AwsFailed`."""
        async with self._lock(cluster):
            before = self._newest.get(cluster)
            listed = await self._store.versions(cluster, limit=MOST_REVISIONS + 2)
            if before is None:
                await self._appear(cluster, gone=not listed or listed[0].deleted)
                return
            new = []
            for each in listed:
                if not each.deleted and revision_id(each) == before.id:
                    break
                new.append(each)
            else:
                await self._jump(cluster, before, gone=not listed or listed[0].deleted)
                return
            for each in reversed(new):
                if each.deleted:
                    self._vanish(cluster)
                else:
                    await self._advance(cluster, each.version)

    async def path(self, cluster: str, known: str, last: str) -> list[Revision] | None:
        """The revisions from one to a later one, both with them, as the history has them.

        None where they are too many, or either is not there. Raises `AwsFailed`.
        """
        listed = await self._store.versions(cluster, limit=2 * MOST_REVISIONS)
        ids = [None if each.deleted else revision_id(each) for each in listed]
        if known not in ids or last not in ids:
            return None
        between = ids[ids.index(last) : ids.index(known) + 1]
        if not between or None in between or len(between) > MOST_REVISIONS + 1:
            return None
        return list(await asyncio.gather(*(self._store.read_revision(cluster, each) for each in reversed(between))))

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _poll(self) -> None:
        started = self._clock()
        listed = {each.key: (each.etag, each.modified) for each in await self._store.objects()}
        before, self._listed, self._listed_at = self._listed, listed, started
        # S3 dates to the second: what has just changed may change again without a trace, and is looked at once more.
        moved = {name for name, mark in listed.items() if before is not None and before.get(name) != mark}
        suspects = (moved | self._fresh | (self._newest.keys() - listed.keys())) & self._newest.keys()
        if before is not None:
            suspects |= {name for name in listed.keys() - before.keys() if self._listener.wants(name)}
        else:
            suspects |= {name for name, found in self._newest.items() if listed.get(name, ('',))[0] != found.etag}
        self._fresh = moved
        await asyncio.gather(*(self.catch_up(name) for name in suspects))

    def _polled(self, task: asyncio.Task) -> None:
        self._polling = None
        if not task.cancelled():
            task.exception()  # whoever waited for it has it

    async def _appear(self, cluster: str, gone: bool) -> None:
        if gone:
            return
        try:
            revision = await self._store.read(cluster)
        except NotFound:
            return
        self._newest[cluster] = revision
        self._listener.appeared(revision)

    async def _jump(self, cluster: str, before: Revision, gone: bool) -> None:
        """The revision that was told last is out of reach, or the bucket keeps no versions."""
        if gone:
            self._vanish(cluster)
            return
        try:
            revision = await self._store.read(cluster)
        except NotFound:
            self._vanish(cluster)
            return
        if revision.id == before.id:
            return
        self._newest[cluster] = revision
        if revision.version is None:
            self._listener.changed(before, revision)
        else:
            self._listener.jumped(before, revision)

    async def _advance(self, cluster: str, version: str | None) -> None:
        before = self._newest.get(cluster)
        try:
            revision = await self._store.read_version(cluster, version)
        except NotFound:
            log.warning('cluster %s: revision %s was taken out of the history', cluster, version)
            return
        self._newest[cluster] = revision
        if before is None:
            self._listener.appeared(revision)
        else:
            self._listener.changed(before, revision)

    def _vanish(self, cluster: str) -> None:
        last = self._newest.pop(cluster, None)
        if last is not None:
            self._listener.vanished(cluster, last)

    def _lock(self, cluster: str) -> asyncio.Lock:
        return self._locks.setdefault(cluster, asyncio.Lock())

    def _busy(self, cluster: str) -> bool:
        return cluster in self._locks and self._locks[cluster].locked()

    def _catch_up_later(self, cluster: str) -> None:
        self._start(self._catch_up_or_log(cluster))

    async def _catch_up_or_log(self, cluster: str) -> None:
        try:
            await self.catch_up(cluster)
        except Exception:
            # The next listing finds it again.
            self._fresh.add(cluster)
            log.exception('cluster %s: its history could not be read', cluster)

    def _start(self, work) -> asyncio.Task:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
