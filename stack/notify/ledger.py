"""The ledger of announcements: which revisions were announced to schedulers, and which ones are still owed.

An announced revision is marked by a tag on its version, in the background. The mark covers everything below it, because
a process that stores a revision first announces the unmarked ones under it. So what is owed lies at the top of a
history, and is found by walking down to the first mark. Any server can do that, for any other.
See docs/decisions/delivery.md.
"""

import asyncio
import logging
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from stack.aws.ports import ObjectHeads, VersionLister, VersionTagger
from stack.errors import AwsFailed
from stack.runtime.lru import LruCache
from stack.state.revisions import Revision

log = logging.getLogger(__name__)

TAG = 'nysa-announced'
# The mark is the id of the write, or states that nothing is owed from there down, or that it is to be announced again.
SETTLED = 'settled'
AGAIN = 'again for '

# How far down a history without a mark is walked.
STEPS_MOST = 1000
PAGE = 50

# How many revisions are remembered in the order in which their marks were asked for.
TURNS_KNOWN = 10_000

# How often it is tried again whether marks may be set.
ASKED_EACH_S = 60.0


class Bucket(ObjectHeads, VersionLister, VersionTagger, Protocol):
    """The calls that announcements are recorded by."""


@dataclass
class Walk:
    """The result of a walk down a history, the newest first; the revisions are without their content.

    `owed` are the unannounced ones, `announced` those that are announced and not marked yet, `again` those that a user
    asked to announce again. `others` is true where a write by another program was passed.
    """

    newest: Revision | None = None
    announced: list[Revision] = field(default_factory=list)
    owed: list[Revision] = field(default_factory=list)
    again: list[tuple[Revision, str]] = field(default_factory=list)
    others: bool = False
    steps: int = 0
    # How many of `owed`, from the newest on, are newer than everything that is announced.
    fresh: int = 0

    def youngest(self, now: datetime) -> float:
        """The age of the youngest owed revision, in seconds."""
        return min(((now - revision.stored_at).total_seconds() for revision in self.owed), default=float('inf'))

    def is_late(self, index: int) -> bool:
        """Whether schedulers know a newer state than that of `owed[index]`, or another program wrote one."""
        return index >= self.fresh or (self.newest is not None and self.newest.write_id is None)


@dataclass
class Above:
    """The revisions over another one, the newest first, without content: those that schedulers are notified of.

    `announced` is true where a mark at or above the revision covers it.
    """

    revisions: list[Revision] = field(default_factory=list)
    announced: bool = False


class Ledger:
    """Marks revisions. Of several revisions of a cluster that wait for their mark, only the newest gets one."""

    def __init__(self, bucket: Bucket):
        self._bucket = bucket
        self._next: dict[str, list[Revision]] = {}
        # The order in which marks were asked for, by cluster and by revision.
        self._turn: Counter[str] = Counter()
        self._turns: LruCache[tuple[str, str], int] = LruCache(TURNS_KNOWN)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        # By cluster, the id of the write that this process marked last: its mark need not be read.
        self._marked: dict[str, str] = {}
        self._asking = asyncio.Lock()
        self._may_mark = False
        self._asked_at = float('-inf')

    async def may_mark(self) -> bool:
        """Whether marks can be set. Where they cannot, their absence means nothing, and nothing is owed."""
        async with self._asking:
            if not self._may_mark and time.monotonic() - self._asked_at > ASKED_EACH_S:
                self._may_mark = await self._bucket.may_tag()
                self._asked_at = time.monotonic()
                if not self._may_mark:
                    log.error(
                        'Versions cannot be tagged, or S3 does not report how many tags one has, so announcements that '
                        'a server leaves behind when it dies are not found: allow s3:PutObjectTagging, '
                        's3:PutObjectVersionTagging and the same of Get.'
                    )
            return self._may_mark

    def mark(self, revision: Revision) -> None:
        """Mark a revision as announced, soon; its mark covers those that were requested before.

        The caller announces in the order of the history: a revision that was requested before another one is older, and
        is ignored when it is requested again.
        """
        cluster, key = revision.cluster, revision.key
        asked = self._turns.get(key)
        if asked is not None and asked < self._turn[cluster]:
            return
        self._turn[cluster] += 1
        self._turns.put(key, self._turn[cluster])
        self._mark_soon(cluster, [revision])

    def mark_walked(self, revision: Revision) -> None:
        """Mark the newest revision of a walk, soon, beside what was announced since the walk began."""
        self._mark_soon(revision.cluster, [*self._next.get(revision.cluster, ()), revision])

    def _mark_soon(self, cluster: str, revisions: list[Revision]) -> None:
        self._next[cluster] = revisions
        if cluster not in self._tasks:
            self._tasks[cluster] = asyncio.get_running_loop().create_task(self._work(cluster))

    async def owe(self, revision: Revision, by: str) -> None:
        """Mark a revision as to be announced again, in case this process ends before it has done so."""
        self._marked.pop(revision.cluster, None)
        await self._add(revision, AGAIN + re.sub(r'[^A-Za-z0-9 ._:/=+@-]', '_', by)[:200])

    async def walk(
        self,
        cluster: str,
        start: str | None,
        is_announced: Callable[[Revision], bool],
        *,
        past_announced: bool = False,
        past_others: bool = True,
    ) -> Walk:
        """Walk down from a version, by default the newest, to the first mark.

        Without `past_announced` it ends at a revision that `is_announced`, without `past_others` at a write by another
        program.
        """
        walk = Walk()
        if not await self.may_mark():
            return walk
        async for revision in self._downwards(cluster, start):
            walk.newest = walk.newest or revision
            walk.steps += 1
            if revision.write_id is not None and revision.write_id == self._marked.get(cluster):
                break
            mark = await self._mark_of(revision)
            if _covers(mark, revision):
                break
            if mark is not None and mark.startswith(AGAIN):
                walk.again.append((revision, mark.removeprefix(AGAIN)))
            elif is_announced(revision):
                walk.announced.append(revision)
                if not past_announced:
                    break
            elif revision.wants_announcing:
                walk.owed.append(revision)
                walk.fresh += not walk.announced
            elif revision.write_id is None:
                walk.others = True
                if not past_others:
                    break
            if walk.steps == STEPS_MOST:
                break
        return walk

    async def above(self, revision: Revision) -> Above:
        """The revisions that any process stored over this one. Raises `AwsFailed`."""
        above = Above()
        async for steps, each in _numbered(self._downwards(revision.cluster, None, past_removal=True)):
            mark = await self._mark_of(each) if each.tags and await self.may_mark() else None
            above.announced = above.announced or _covers(mark, each)
            if each.key == revision.key or steps == STEPS_MOST:
                break
            if each.wants_announcing or each.write_id is None:
                above.revisions.append(each)
        return above

    async def is_marked(self, revision: Revision) -> bool:
        """Whether a revision has the mark of its announcement; without the right to read marks, any tag counts as one.

        Without versions, the mark of an earlier revision may arrive once this one is stored. Raises `AwsFailed`.
        """
        if not revision.tags or not await self.may_mark():
            return bool(revision.tags)
        return _covers(await self._mark_of(revision), revision)

    async def close(self) -> None:
        """Finish the marks under way."""
        while running := [task for task in self._tasks.values() if not task.done()]:
            await asyncio.wait(running)

    async def _downwards(self, cluster: str, start: str | None, past_removal: bool = False) -> AsyncIterator[Revision]:
        first = await self._head(cluster, start)
        if first is not None:
            yield first
        elif not past_removal:
            return
        after = first.version if first else None
        more = first is None or after is not None
        while more:
            listed = await self._bucket.versions(cluster, limit=PAGE, after=after)
            for each in listed:
                revision = None if each.deleted else await self._head(cluster, each.version)
                if revision is not None:
                    yield revision
            after = listed[-1].version if len(listed) == PAGE else None
            more = after is not None

    async def _head(self, cluster: str, version: str | None) -> Revision | None:
        found = await self._bucket.head(cluster, version=version)
        if found is None:
            return None
        return Revision(cluster, found.etag, found.version, b'', found.modified, found.metadata, found.tags)

    async def _mark_of(self, revision: Revision) -> str | None:
        if not revision.tags:
            return None
        return (await self._bucket.version_tags(revision.cluster, revision.version)).get(TAG)

    async def _add(self, revision: Revision, mark: str) -> None:
        # A version that this process wrote has no other tags; the tags of other programs stay.
        tags = {} if revision.tags is None else await self._bucket.version_tags(revision.cluster, revision.version)
        await self._bucket.tag_version(revision.cluster, revision.version, tags | {TAG: mark})

    async def _work(self, cluster: str) -> None:
        try:
            while revisions := self._next.pop(cluster, None):
                for revision in revisions:
                    await self._try_to_mark(revision)
        finally:
            del self._tasks[cluster]

    async def _try_to_mark(self, revision: Revision) -> None:
        try:
            await self._add(revision, revision.write_id or SETTLED)
            if revision.write_id:
                self._marked[revision.cluster] = revision.write_id
        except AwsFailed as failed:
            log.warning('cluster %s: announced, but not marked so: %s', revision.cluster, failed)
        except Exception:
            # The top of a loop: without the mark the next sweep finds the revision.
            log.exception('cluster %s: announced, but not marked so', revision.cluster)


def _covers(mark: str | None, revision: Revision) -> bool:
    """Whether a mark states that a revision is announced: it may be that of an earlier one, or ask for another time."""
    return mark is not None and mark in (SETTLED, revision.write_id)


async def _numbered(revisions: AsyncIterator[Revision]) -> AsyncIterator[tuple[int, Revision]]:
    number = 0
    async for revision in revisions:
        number += 1
        yield number, revision
