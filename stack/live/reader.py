"""Read the desired state of a cluster from S3, as facts for its owner. Every function raises `AwsFailed`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from stack.errors import AwsFailed, NotFound, NysaError
from stack.live.facts import Current, History
from stack.rollouts.rollout_records import RolloutRecords
from stack.state.history import revision_id
from stack.state.revision_store import RevisionStore
from stack.state.revisions import Revision

log = logging.getLogger(__name__)

# As many revisions are published one by one; beyond it only the newest is.
MOST_REVISIONS = 100

# Who froze a revision's cluster, as the API shows it; None where it accepts changes.
Frozen = Callable[[Revision], Awaitable[Mapping[str, Any] | None]]


class Reader:
    def __init__(self, store: RevisionStore, records: RolloutRecords, frozen: Frozen | None = None):
        self._store = store
        self._records = records
        self._frozen = frozen

    async def current(self, cluster: str, as_of: int) -> Current:
        """The current revision, how far its rollouts were, and its freeze."""
        revision = await self._revision(cluster)
        if revision is None:
            return Current(as_of, None)
        record = await self._records.read(cluster)
        path: Sequence[Revision] = [revision]
        if record.revision not in (None, revision.id):
            path = await self.path(cluster, record.revision, revision.id) or path
        freeze, known = await self.freeze(revision)
        return Current(as_of, revision, record, path, freeze, known)

    async def history(self, cluster: str, since: str, as_of: int) -> History:
        """What the history has after a revision."""
        listed = await self._store.versions(cluster, limit=MOST_REVISIONS + 2)
        new = []
        for line in listed:
            if not line.deleted and revision_id(line) == since:
                read = await asyncio.gather(*(self._version(cluster, each) for each in reversed(new)))
                return History(as_of, since, [step for step, there in read if there])
            new.append(line)
        revision = None if listed and listed[0].deleted else await self._revision(cluster)
        freeze, known = await self.freeze(revision) if revision else (None, True)
        return History(as_of, since, None, Current(as_of, revision, freeze=freeze, freeze_known=known))

    async def path(self, cluster: str, known: str, last: str) -> list[Revision] | None:
        """The revisions from one to a later one, both with them, as the history has them.

        None where they are too many, or one of them is not there.
        """
        listed = await self._store.versions(cluster, limit=2 * MOST_REVISIONS)
        ids = [None if line.deleted else revision_id(line) for line in listed]
        if known not in ids or last not in ids:
            return None
        between = ids[ids.index(last) : ids.index(known) + 1]
        if not between or None in between or len(between) > MOST_REVISIONS + 1:
            return None
        reads = (self._store.read_revision(cluster, id) for id in reversed(between))
        try:
            return list(await asyncio.gather(*reads))
        except NotFound:
            log.warning('cluster %s: a part of its history is gone', cluster)
            return None

    async def freeze(self, revision: Revision) -> tuple[Mapping[str, Any] | None, bool]:
        """Who froze the cluster by the guards of a revision, and whether that could be read."""
        if self._frozen is None:
            return None, True
        try:
            return await self._frozen(revision), True
        except AwsFailed:
            raise
        except NysaError as error:
            log.warning('cluster %s: whether it is frozen is not known: %s', revision.cluster, error)
            return None, False

    async def _revision(self, cluster: str) -> Revision | None:
        try:
            return await self._store.read(cluster)
        except NotFound:
            return None

    async def _version(self, cluster: str, line: Any) -> tuple[Revision | None, bool]:
        """A step of the history, and whether it is still there."""
        if line.deleted:
            return None, True
        try:
            return await self._store.read_version(cluster, line.version), True
        except NotFound:
            log.warning('cluster %s: revision %s was deleted from the history', cluster, line.version)
            return None, False
