"""The history of a cluster: S3's versions of its desired state, as revisions.

What a version holds never changes, so it is read once: a page of the history then costs the listing alone.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from stack.aws.ports import ListedVersion
from stack.errors import Gone, NotFound
from stack.runtime.lru import LruCache
from stack.runtime.off_loop import call_by_size
from stack.state.diff import Difference, difference
from stack.state.history_rows import deletion_row, is_cut, oldest_row, revision_row
from stack.state.revision_store import RevisionStore
from stack.state.revisions import REMOVAL, UNVERSIONED, Revision

# Rows take about a kilobyte each, revisions as much as a desired state, read and unread.
ROWS_KEPT = 20_000
REVISIONS_KEPT = 50

# How many older versions are looked at beyond a page, for the content that its last row is compared with.
BEYOND = 3
# How long a revision that was read counts as kept in the bucket, in seconds.
KEPT_S = 60.0
# How far down the oldest version of a history is looked for.
VERSIONS_LISTED = 100_000

# The longest time between the record of a removal and the removal itself.
REMOVED_WITHIN = timedelta(seconds=15)

CURRENT = 'current'


@dataclass(frozen=True)
class Page:
    """Rows, the newest first, each with the cursor that names where a page after it begins.

    `following` is the cursor of the next page, None on the last one.

    `keeps_versions` is false where the bucket does not, so that there is nothing but the current revision.
    """

    rows: Sequence[dict[str, Any]]
    cursors: Sequence[str]
    following: str | None
    keeps_versions: bool


class History:
    def __init__(self, store: RevisionStore):
        self._store = store
        self._rows: LruCache[tuple[str, str], dict[str, Any]] = LruCache(ROWS_KEPT)
        self._revisions: LruCache[tuple[str, str], tuple[Revision, float]] = LruCache(REVISIONS_KEPT)

    async def page(self, cluster: str, limit: int, after: str | None = None) -> Page:
        """Up to `limit` revisions, those after the cursor `after`. Raises `NotFound` where there is no history."""
        listed = await self._store.versions(cluster, limit=limit + BEYOND, after=after)
        if not listed and after is None:
            raise NotFound(f'There is no cluster {cluster!r} here, and no history of one.')
        await self._learn(cluster, listed, limit)
        is_whole = len(listed) < limit + BEYOND
        shown = [
            (self._row(cluster, listed, i, is_whole), each.version or UNVERSIONED)
            for i, each in enumerate(listed[:limit])
        ]
        following = shown[-1][1] if len(listed) > limit else None
        alone = after is None and len(listed) == 1 and listed[0].version is None
        rows, cursors = [row for row, _ in shown if row], [cursor for row, cursor in shown if row]
        return Page(rows, cursors, following, not alone)

    async def removals(self, visible: Callable[[str], bool]) -> list[dict[str, Any]]:
        """The removed clusters among those that are visible, by name: when, by whom and why."""
        names = [name for name in await self._store.removed() if visible(name)]
        pages = await asyncio.gather(*(self.page(name, BEYOND) for name in names))
        return [
            {
                'name': name,
                'removed_at': last['changed_at'],
                **{key: last[key] for key in ('by', 'message', 'revision')},
            }
            for name, last in ((name, page.rows[0]) for name, page in zip(names, pages, strict=True) if page.rows)
        ]

    async def revision(self, cluster: str, id: str) -> Revision:
        """One revision by its id, or the `current` one. Raises `NotFound`, and `Gone` where it may have expired."""
        if id == CURRENT:
            return await self._store.read(cluster)
        found, read_at = self._revisions.get((cluster, id)) or (None, 0.0)
        if found is None or time.monotonic() - read_at > KEPT_S:
            try:
                found = await self._store.read_revision(cluster, id)
            except NotFound:
                await self._refuse_expired(cluster, id)
                raise
            # Without a version of its own the same content may come back, and be another revision.
            if found.version is not None:
                self._revisions.put((cluster, id), (found, time.monotonic()))
        return found

    async def _refuse_expired(self, cluster: str, id: str) -> None:
        """Raise `Gone` where older versions than those that are listed have expired: it may have been one of them."""
        listed = [each for each in await self._store.versions(cluster, limit=VERSIONS_LISTED) if not each.deleted]
        if listed and listed[-1].version:
            oldest = await self._store.read_version(cluster, listed[-1].version)
            if is_cut(revision_row(oldest, None)):
                raise Gone(
                    f'The history of {cluster} has no revision {id[:100]!r} any more: old versions expire in the '
                    f'bucket, and the oldest that is left is {revision_id(listed[-1])}.'
                )

    async def before(self, revision: Revision) -> Revision | None:
        """The revision before that one, past deletions; None for the first."""
        after = revision.version or UNVERSIONED
        for listed in await self._store.versions(revision.cluster, limit=BEYOND, after=after):
            if not listed.deleted:
                return await self._read(revision.cluster, listed)
        return None

    async def compare(self, cluster: str, id: str, against: str | None) -> tuple[Revision, Revision | None, Difference]:
        """A revision, another one (by default the one before), and the difference between the two.

        Raises `NotFound`, `Gone`, and `StateUnreadable` where one of them is no desired state.
        """
        revision = await self.revision(cluster, id)
        if against is None:
            other = await self.before(revision)
            if other is None and revision.version and is_cut(revision_row(revision, None)):
                raise Gone(f'What was before the revision {id[:100]} of {cluster} has expired in the bucket.')
        else:
            other = await self.revision(cluster, against)
        before = other.document if other else None
        return revision, other, await call_by_size(len(revision.body), difference, before, revision.document)

    async def row(self, revision: Revision, before: Revision | None) -> dict[str, Any]:
        """The row of a revision that came after `before`, or was the first (None)."""
        return await call_by_size(len(revision.body), revision_row, revision, before)

    async def _read(self, cluster: str, listed: ListedVersion) -> Revision:
        return await self.revision(cluster, revision_id(listed))

    async def _learn(self, cluster: str, listed: Sequence[ListedVersion], limit: int) -> None:
        """Read what is needed for the rows that are not known yet: the versions themselves, and those before them."""
        shown = listed[:limit]
        new = [
            i
            for i, version in enumerate(shown)
            if not version.deleted and (version.version is None or not self._known(cluster, version))
        ]
        before = {i: _content_before(listed, i) for i in new}
        needed = sorted({*new, *(i for i in before.values() if i is not None)})
        read = await asyncio.gather(*(self._read(cluster, listed[i]) for i in needed))
        by_index = dict(zip(needed, read, strict=True))
        for index, older in before.items():
            row = await self.row(by_index[index], None if older is None else by_index[older])
            self._rows.put((cluster, revision_id(listed[index])), row)

    def _known(self, cluster: str, listed: ListedVersion) -> dict[str, Any] | None:
        return self._rows.get((cluster, revision_id(listed)))

    def _row(self, cluster: str, listed: Sequence[ListedVersion], index: int, is_whole: bool) -> dict[str, Any] | None:
        """The row of a version; None for the deletion that goes with a removal on record."""
        version = listed[index]
        row = self._known(cluster, version)
        if row is not None:
            # It may have been read while older versions were still kept.
            if is_whole and version.version and _content_before(listed, index) is None:
                row = oldest_row(row)
            # A removal on record that is still current was recorded and not carried out (yet).
            was_deleted = listed[index - 1].deleted if index else not version.is_latest
            return {**row, 'current': version.is_latest, 'removed': _is_removal(row) and was_deleted}
        # S3 gives times in seconds, and deletions apart from versions: within a second their order is not known.
        for other in listed:
            near = not other.deleted and abs(other.modified - version.modified) < REMOVED_WITHIN
            removal = self._known(cluster, other) if near else None
            if removal and _is_removal(removal):
                return None
        deletion = deletion_row(revision_id(version), version.modified.astimezone(UTC).isoformat())
        return {**deletion, 'current': False, 'removed': True}


def revision_id(listed: ListedVersion) -> str:
    """The id of a version as a revision: see `Revision.id`."""
    return listed.version or (listed.etag or '').strip('"')


def _content_before(listed: Sequence[ListedVersion], index: int) -> int | None:
    return next((i for i in range(index + 1, len(listed)) if not listed[i].deleted), None)


def _is_removal(row: dict[str, Any]) -> bool:
    return any(change['did'].get('verb') == REMOVAL for change in row['changes'])
