"""The audit log of a cluster: the history, merged with the events that created no revision.

Refusals and repeated announcements are recorded in a chained log for each cluster, whose listing has the newest first.
Earlier releases named its objects by their time, counting down from 10^14 ms, and without a chain. Repeated refusals of
one kind are recorded once, with their number.
"""

import asyncio
import base64
import json
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from stack.changes.chained_log import Bucket
from stack.changes.entry_chain import Entry, shown_entries
from stack.changes.entry_recorder import EntryRecorder, Urgency
from stack.errors import InvalidRequest, NotFound, NysaError
from stack.runtime.lru import LruCache
from stack.state.history import History
from stack.state.revisions import Change, Revision

log = logging.getLogger(__name__)

PREFIX = 'nysa/audit/{}/'
# An object for each cluster that changes with every entry beside the history: see `stack.live.audit_news`.
MARKS = 'nysa/audited/'
OBJECTS_KEPT = 5_000


@dataclass(frozen=True)
class Part:
    """Entries that belong together, and the cursor at which the next part of the same source begins."""

    at: str
    entries: Sequence[Entry]
    cursor: str


class Audit:
    def __init__(self, bucket: Bucket, history: History):
        self.recorder = EntryRecorder(bucket, PREFIX.format, (MARKS + '{}').format)
        self._bucket = bucket
        self._history = history
        self._known: LruCache[str, list[Entry]] = LruCache(OBJECTS_KEPT)

    def refused(self, cluster: str, change: Change, refusal: NysaError) -> None:
        """Record a refusal, within a second."""
        self.recorder.note(
            cluster, {'kind': 'refusal', **_record(change), 'error': refusal.code, 'reason': refusal.message}
        )

    def denied(self, cluster: str, entry: Entry) -> None:
        """Record that a caller lacked a permission for a request on the cluster; in any number, see the recorder."""
        self.recorder.note(cluster, entry, Urgency.AS_FAILURE)

    def decided(self, cluster: str, kind: str, change: Change) -> None:
        """Record within a second what became of a proposal: `proposal`, `approval` or `rejection`."""
        self.recorder.note(cluster, {'kind': kind, **_record(change)})

    def ran(self, cluster: str, change: Change) -> None:
        """Record within a second what a caller did without a revision: a run of a task, an answer to a pause."""
        self.recorder.note(cluster, {'kind': 'change', **_record(change)})

    def announced_again(self, revision: Revision, change: Change) -> None:
        """Record within a second that a caller had a revision announced again."""
        self.recorder.note(revision.cluster, {**_kind(change), **_record(change), 'revision': revision.id})

    def rescheduled(self, cluster: str, change: Change) -> None:
        """Record within a second that a caller changed the freeze windows of a cluster in the calendar."""
        self.recorder.note(cluster, {**_kind(change), **_record(change)})

    async def page(self, cluster: str, limit: int, after: str | None = None) -> tuple[list[Entry], str | None]:
        """About `limit` entries, the newest first, and where the next page begins.

        Raises `NotFound` where there was never such a cluster, and `InvalidRequest` for an `after` that cannot be.
        """
        await self.recorder.flush(cluster)
        revision, key = _read_cursor(after)
        (changes, more_changes), (refusals, more_refusals) = await asyncio.gather(
            self._changes(cluster, limit, revision), self._refusals(cluster, limit, key)
        )
        if after is None and not changes and not refusals:
            raise NotFound(f'There is no cluster {cluster!r} here, and none was.')
        entries: list[Entry] = []
        while (changes or refusals) and len(entries) < limit:
            # Beyond what was read of one source there may be something newer than what is left of the other.
            if (more_changes and not changes) or (more_refusals and not refusals):
                break
            newer = not refusals or (changes and changes[0].at >= refusals[0].at)
            part = changes.popleft() if newer else refusals.popleft()
            entries += part.entries
            revision, key = (part.cursor, key) if newer else (revision, part.cursor)
        done = not (changes or refusals or more_changes or more_refusals)
        return entries, None if done else _cursor(revision, key)

    async def close(self) -> None:
        """Store what waits."""
        await self.recorder.close()

    async def _changes(self, cluster: str, limit: int, after: str | None) -> tuple[deque[Part], bool]:
        """The recorded changes, and whether there are more of them."""
        try:
            page = await self._history.page(cluster, limit, after)
        except NotFound:
            return deque(), False
        rows = zip(page.rows, page.cursors, strict=True)
        return deque(Part(row['changed_at'], _entries(row), cursor) for row, cursor in rows), page.following is not None

    async def _refusals(self, cluster: str, limit: int, after: str | None) -> tuple[deque[Part], bool]:
        """The events recorded beside the history, and whether there are more of them."""
        listed = await self._bucket.objects(prefix=PREFIX.format(cluster), after=after, limit=limit)
        batches = await asyncio.gather(*(self._read(stored.key) for stored in listed))
        parts = zip(listed, batches, strict=True)
        read = deque(Part(entries[0]['at'], entries, stored.key) for stored, entries in parts if entries)
        return read, len(listed) == limit

    async def _read(self, key: str) -> list[Entry]:
        entries = self._known.get(key)
        if entries is None:
            stored = await self._bucket.get(key)
            entries = shown_entries(stored.body) if stored else []
            if not entries:
                log.warning('%s cannot be read', key)
            self._known.put(key, entries)
        return entries


def _kind(change: Change) -> Entry:
    return {'kind': 'override', 'override': change.override} if change.override else {'kind': 'change'}


def _record(change: Change) -> Entry:
    record = {'at': change.at.astimezone(UTC).isoformat(), 'by': change.origin.by, 'source': change.origin.source}
    subject = {'subject': change.origin.subject} if change.origin.subject else {}
    did = {'message': change.origin.message or None, 'did': dict(change.did)}
    return record | subject | did | change.effects_json()


def _entries(row: dict[str, Any]) -> list[Entry]:
    """The entries of a row of the history: one for each change in it, or one for a write by another program."""
    of_row = {'revision': row['revision'], 'summary': row['summary'], 'services': row['services']}
    if not row['changes']:
        kind = 'deletion' if row['deleted'] else 'change'
        return [{'kind': kind, 'at': row['changed_at'], 'by': None, 'source': row['source'], 'message': None, **of_row}]
    entries = []
    for change in reversed(row['changes']):
        kind = 'override' if change['override'] else 'change'
        entries.append({'kind': kind, **{k: v for k, v in change.items() if v is not None or k == 'message'}, **of_row})
    return entries


def _cursor(revision: str | None, key: str | None) -> str:
    return base64.urlsafe_b64encode(json.dumps([revision, key]).encode()).decode()


def _read_cursor(after: str | None) -> tuple[str | None, str | None]:
    if after is None:
        return None, None
    try:
        revision, key = json.loads(base64.urlsafe_b64decode(after))
    except (ValueError, TypeError):
        revision = key = 0
    if not all(part is None or isinstance(part, str) for part in (revision, key)):
        raise InvalidRequest(
            'after must be the `next` of a page.', [{'path': 'after', 'message': 'the `next` of a page'}]
        )
    return revision, key
