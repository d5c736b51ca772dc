"""The sweeper of announcements: a process may die between storing a change and announcing it.

It finds what is owed through `stack.notify.ledger`, at the start and periodically, in any server for any other.
"""

import asyncio
import logging
import random
from collections.abc import Iterable
from datetime import UTC, datetime

from stack.aws.ports import ListedObject
from stack.errors import AwsFailed, NotFound
from stack.notify.ledger import Ledger, Walk
from stack.notify.notifier import WAITING_MOST, Notifier
from stack.state.revision_store import RevisionStore
from stack.state.revisions import Change, Origin, Revision

log = logging.getLogger(__name__)

# A younger revision is left to the process that stored it, which is announcing it now.
GRACE_S = 5.0
PERIOD_S = 10.0

# A longer walk gets a mark at its top, so that it is made once.
STEPS_FEW = 10
AT_ONCE = 2


class Sweeper:
    """Announces everything that is owed. What two servers find at the same time is announced twice."""

    def __init__(
        self,
        store: RevisionStore,
        notifier: Notifier,
        ledger: Ledger,
        grace_s: float = GRACE_S,
        period_s: float = PERIOD_S,
    ):
        self._store = store
        self._notifier = notifier
        self._ledger = ledger
        self.grace_s = grace_s
        self.period_s = period_s
        # By cluster, what the bucket listed when nothing was owed.
        self._settled: dict[str, tuple[str, datetime]] = {}

    async def run(self) -> None:
        """Sweep for as long as the server runs."""
        while True:
            try:
                due = await self.sweep()
            except AwsFailed as failed:
                log.warning('what is not announced yet could not be looked for: %s', failed)
                due = self.period_s
            await asyncio.sleep(due * random.uniform(0.9, 1.1))  # noqa: S311  no secret

    async def sweep(self) -> float:
        """Look at every cluster that has changed; the seconds until the next sweep."""
        listed = await self._store.objects()
        changed = [each for each in listed if self._is_open(each)]
        # What was left behind is most likely what was stored last.
        changed.sort(key=lambda each: each.modified, reverse=True)
        for gone in self._settled.keys() - {each.key for each in listed}:
            del self._settled[gone]
        waiting = iter(changed)
        dues = await asyncio.gather(*(self._look_at_each(waiting) for _ in range(AT_ONCE)))
        return max(0.1, min(dues))

    def _is_open(self, listed: ListedObject) -> bool:
        """Whether a cluster has changed since nothing was owed there, or is in doubt."""
        settled = self._settled.get(listed.key) == (listed.etag, listed.modified)
        return not settled or self._notifier.doubt(listed.key) > 0

    def _is_young(self, listed: ListedObject) -> bool:
        """Whether the process that stored a revision is still announcing it, as far as is known."""
        return _age_s(listed) < self.grace_s and not self._notifier.doubt(listed.key)

    async def _look_at_each(self, waiting: Iterable[ListedObject]) -> float:
        due = self.period_s
        for listed in waiting:
            if self._is_young(listed):
                due = min(due, self.grace_s)
                continue
            try:
                again_in = await self._look(listed.key)
            except (AwsFailed, NotFound) as failed:
                log.warning('cluster %s: could not be looked at for announcements: %s', listed.key, failed)
                continue
            except Exception:
                # The top of a loop: one cluster must not keep the others from being looked at.
                log.exception('cluster %s: could not be looked at for announcements', listed.key)
                continue
            # The listing gives times in seconds: within one, the same content may have been stored again.
            if again_in is None and _age_s(listed) > self.grace_s:
                self._settled[listed.key] = (listed.etag, listed.modified)
            elif again_in is not None:
                due = min(due, again_in)
        return due

    async def _look(self, cluster: str) -> float | None:
        """Announce what a cluster owes; the seconds until the next look, None where nothing is owed."""
        if self._notifier.is_busy(cluster) or not await self._ledger.may_mark():
            return self.period_s
        doubt = self._notifier.doubt(cluster)
        walk = await self._ledger.walk(cluster, None, self._notifier.has_announced, past_announced=doubt > 0)
        age = walk.youngest(datetime.now(UTC))
        if age < self.grace_s:
            return self.grace_s - max(age, 0)
        if not await self._announce_owed(walk):
            return self.period_s
        self._notifier.settle(cluster, doubt)
        if walk.newest and (doubt or walk.announced or walk.again or walk.steps > STEPS_FEW):
            self._ledger.mark_walked(walk.newest)
        return None

    async def _announce_owed(self, walk: Walk) -> bool:
        """Announce what is owed, the oldest first; false where the queue does not answer."""
        # All are queued at once, before the first is sent: the last one is compared with what is stored by then.
        outcomes = [self._announce(*owed) for owed in await self._read_owed(walk)]
        if not all(await asyncio.gather(*outcomes)):
            return False
        again = list(walk.again)
        if walk.owed and walk.newest and walk.newest.write_id is None:
            again.append((walk.newest, walk.owed[0].changes[-1].origin.by))
        for revision, by in again:
            content = await self._store.read_version(revision.cluster, revision.version)
            change = Change(Origin(by, 'announced later'), datetime.now(UTC), {'verb': 'deploy'})
            if not await self._notifier.announce_again(content, change):
                return False
        return True

    async def _read_owed(self, walk: Walk) -> list[tuple[Revision, Revision | None]]:
        """What is owed, the oldest first; each with the current revision where schedulers know a newer state."""
        read: list[tuple[Revision, Revision | None]] = []
        for index, owed in reversed(list(enumerate(walk.owed))):
            log.warning('cluster %s: revision %s was stored, but not announced', owed.cluster, owed.id)
            revision = await self._store.read_version(owed.cluster, owed.version)
            late = walk.is_late(index) or index >= WAITING_MOST
            read.append((revision, await self._store.read(owed.cluster) if late else None))
        return read

    async def _announce(self, revision: Revision, current: Revision | None) -> bool:
        if current is None:
            return await self._notifier.announce_found(revision)
        return await self._notifier.announce_late(revision, current)


def _age_s(listed: ListedObject) -> float:
    return (datetime.now(UTC) - listed.modified).total_seconds()
