"""Read the desired state of a cluster from S3, as facts for its owner. Every function raises `AwsFailed`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from stack.aws.ports import ListedVersion
from stack.changes.freeze_calendar import Calendar
from stack.errors import AwsFailed, NotFound, NysaError
from stack.live.facts import Current, FreezeReading, Gap, Mark, Steps
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollout_records import MakeState, Record, RolloutRecords, resume
from stack.runtime.off_loop import call_off_loop
from stack.state.history import revision_id
from stack.state.revision_store import RevisionStore
from stack.state.revisions import Revision

log = logging.getLogger(__name__)

# This many revisions are published one by one; of more, only the newest is.
MOST_REVISIONS = 100

# So many versions are listed first: more than are stored between two listings of the bucket. A version takes 0.07 ms.
LISTED_FIRST = 5

# The state of a desired state with fewer bytes is made at once: changing to a thread would take as long.
SMALL = 2048

# Who froze a revision's cluster, as the API shows it; None where no user did.
Frozen = Callable[[Revision], Awaitable[Mapping[str, Any] | None]]
# The freeze windows of all clusters that are not in their desired states.
ReadCalendar = Callable[[], Awaitable[Calendar]]


async def no_calendar() -> Calendar:
    """An empty calendar."""
    return Calendar()


class Reader:
    def __init__(
        self,
        store: RevisionStore,
        records: RolloutRecords,
        make_state: MakeState,
        now: Callable[[], datetime],
        *,
        frozen: Frozen | None = None,
        calendar: ReadCalendar = no_calendar,
    ):
        self.calendar = calendar
        self._make_state = make_state
        self._now = now
        # One state at a time, in the order in which they are wanted: the threads are there for others as well.
        self._turn = asyncio.Lock()
        self._store = store
        self._records = records
        self._frozen = frozen

    async def current(self, cluster: str, as_of: int, known: str | None = None) -> Current:
        """The current revision with its state and its freeze, and the path to it from a revision that is `known`."""
        revision = await self._revision(cluster)
        return await self._resumed(as_of, revision, known) if revision is not None else Current(as_of, None)

    async def as_listed(self, cluster: str, mark: Mark) -> Current:
        """The same as any process reads it: this one has dated its own writes by its own clock."""
        revision = await self._revision(cluster)
        if revision is None or revision.etag != mark.etag:
            return Current(0, None)
        return await self._resumed(0, replace(revision, stored_at=mark.modified), None)

    async def _resumed(self, as_of: int, revision: Revision, known: str | None) -> Current:
        cluster = revision.cluster
        record = await self._records.read(cluster)
        path: Sequence[Revision] = [revision]
        if record.revision is not None and record.revision != revision.id:
            path = [*(await self.path(cluster, record.revision, revision.id))[:-1], revision]
        freeze = await self.freeze(revision)
        since: Sequence[Revision] = ()
        if known is not None and known != revision.id:
            since = await self.path(cluster, known, revision.id)
        return Current(as_of, revision, await self._resume(record, path), record.etag, freeze, since)

    async def _resume(self, record: Record, path: Sequence[Revision]) -> ClusterState:
        """The state at the last revision of a path: a large one takes longer than the event loop may stand still."""
        make = partial(resume, self._make_state, record, path, self._now())
        if len(path[-1].body) < SMALL:
            return make()
        async with self._turn:
            return await call_off_loop(make)

    async def since(self, revision: Revision, as_of: int, listed: Mark | None) -> Steps | Gap:
        """What the history has after a revision; where it has the ETag that was `listed`, most likely nothing."""
        if listed is not None and listed.etag == revision.etag and await self._store.is_newest(revision):
            return Steps(as_of, revision.id, ())
        return await self.history(revision.cluster, revision.id, as_of)

    async def history(self, cluster: str, since: str, as_of: int) -> Steps | Gap:
        """What the history has after a revision."""
        lines: Sequence[ListedVersion] = ()
        for limit in (LISTED_FIRST, MOST_REVISIONS + 2):
            lines = await self._store.versions(cluster, limit=limit)
            for number, line in enumerate(lines):
                if not line.deleted and revision_id(line) == since:
                    return Steps(as_of, since, await self._steps(cluster, lines[:number], since))
            if len(lines) < limit:
                break
        revision = None if lines and lines[0].deleted else await self._revision(cluster)
        freeze = await self.freeze(revision) if revision else FreezeReading()
        return Gap(as_of, since, Current(as_of, revision, freeze=freeze))

    async def _steps(self, cluster: str, newer: Sequence[ListedVersion], since: str) -> Sequence[Revision | None]:
        """The versions of a listing as steps, the oldest first; `since` is the revision below them."""
        read = await asyncio.gather(*(self._step(cluster, line) for line in reversed(newer)))
        steps = [step for found in read for step in found]
        if steps and steps[-1] is not None:
            self._store.learn(steps[-1], [since, *(step.id for step in steps[:-1] if step)])
        return steps

    async def path(self, cluster: str, known: str, last: str) -> Sequence[Revision]:
        """The revisions from one to a later one, both included, in the order of the history.

        Empty if there are too many, or if one of them is missing.
        """
        lines = await self._store.versions(cluster, limit=2 * MOST_REVISIONS)
        ids = ['' if line.deleted else revision_id(line) for line in lines]
        if known not in ids or last not in ids:
            return ()
        between = ids[ids.index(last) : ids.index(known) + 1]
        if not between or not all(between) or len(between) > MOST_REVISIONS + 1:
            return ()
        reads = (self._store.read_revision(cluster, id) for id in reversed(between))
        try:
            return await asyncio.gather(*reads)
        except NotFound:
            log.warning('cluster %s: a part of its history is missing', cluster)
            return ()

    async def freeze(self, revision: Revision) -> FreezeReading:
        """Who froze the cluster, by the guards of a revision."""
        if self._frozen is None:
            return FreezeReading()
        try:
            windows = (await self.calendar()).of(revision.cluster)
            return FreezeReading(await self._frozen(revision), calendar=windows)
        except AwsFailed:
            raise
        except NysaError as error:
            log.warning('cluster %s: whether it is frozen is not known: %s', revision.cluster, error)
            return FreezeReading(is_known=False)

    async def _revision(self, cluster: str) -> Revision | None:
        try:
            return await self._store.read(cluster)
        except NotFound:
            return None

    async def _step(self, cluster: str, line: ListedVersion) -> Sequence[Revision | None]:
        """A step of the history; empty if its revision was deleted from the history."""
        if line.deleted:
            return [None]
        try:
            return [await self._store.read_version(cluster, line.version)]
        except NotFound:
            log.warning('cluster %s: revision %s was deleted from the history', cluster, line.version)
            return []
