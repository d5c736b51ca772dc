"""The desired states in the bucket: one object for each cluster, under the cluster's name."""

import asyncio
import json
import logging
import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from stack.aws.ports import (
    ListedObject,
    ListedVersion,
    MetadataWriter,
    NotModified,
    ObjectDeleter,
    ObjectHeads,
    ObjectLister,
    StoredObject,
    VersionLister,
    VersionReader,
)
from stack.errors import NotFound, OutcomeUnknown, PreconditionFailed, RevisionConflict
from stack.runtime.observers import Observers
from stack.runtime.shared_reads import SharedReads
from stack.state import revisions
from stack.state.revisions import UNVERSIONED, Change, Revision

log = logging.getLogger(__name__)

# Everything else that Nysa keeps in the bucket has a key with this character; no cluster's name contains it.
SEPARATOR = '/'

# An empty object names each cluster that was removed here: the bucket lists deletions only among all versions of all.
REMOVED = f'nysa{SEPARATOR}removed{SEPARATOR}'


Expect = Callable[[Revision | None, Revision], asyncio.Task[None] | None]


class Bucket(VersionReader, ObjectHeads, MetadataWriter, ObjectDeleter, ObjectLister, VersionLister, Protocol):
    """The calls that desired states are stored by."""


def serialise(document: dict[str, Any]) -> bytes:
    """The document as it is stored: JSON in UTF-8, its keys in the order in which they came.

    Two characters that JSON may hold and an SQS message may not are escaped.
    """
    text = json.dumps(document, ensure_ascii=False, allow_nan=False)
    return text.replace('\ufffe', '\\ufffe').replace('\uffff', '\\uffff').encode()


class RevisionStore:
    """Reads give what was stored when they were requested, or newer; writes are conditional on what was read.

    `writes` is notified of every write of this process with the revision that it is based on, `removals` of every
    removal, `seen` of every revision that becomes known.
    """

    def __init__(self, bucket: Bucket):
        self._bucket = bucket
        self._known: dict[str, Revision] = {}
        self._reads = SharedReads(self._fetch)
        self._listings = SharedReads(self._list)
        self._objects: list[ListedObject] = []
        self._listed: Sequence[str] = ()
        # Gives what `writes` waits for before it is notified of a revision, which is being stored meanwhile.
        self.expect: Expect = lambda base, revision: None
        self.writes: Observers[[Revision | None, Revision]] = Observers()
        self.removals: Observers[[str]] = Observers()
        self.seen: Observers[[Revision]] = Observers()

    def known(self, cluster: str) -> Revision | None:
        """The newest revision that this process has seen; a newer one may be stored by now."""
        return self._known.get(cluster)

    async def read(self, cluster: str) -> Revision:
        """The current revision. Raises `NotFound`, and `AwsFailed` where S3 does not answer as it should."""
        revision = await self._reads.get(cluster) if is_key(cluster) else None
        if revision is None:
            raise NotFound(f'There is no cluster {cluster!r} here.')
        return revision

    async def names(self) -> Sequence[str]:
        """The clusters that have a desired state, sorted; the same object while they are the same."""
        return await self._listings.get(SEPARATOR)

    async def write(
        self, base: Revision | None, cluster: str, body: bytes, changes: Sequence[Change], guards: str = ''
    ) -> Revision:
        """Store a new revision over `base`, or where that is None over nothing, under the guards of that id.

        Raises `TooLarge` where there are too many changes, `RevisionConflict` where `base` is no longer what is stored,
        `OutcomeUnknown`, and other `AwsFailed` where nothing was stored.
        """
        write_id = uuid.uuid4().hex
        metadata, body = revisions.encode(write_id, changes, guards, base), body + revisions.seal(write_id)
        expected = self.expect(base, Revision(cluster, '', None, body, datetime.now(UTC), metadata))
        try:
            written = await self._bucket.put(cluster, body, over=base.etag if base else None, metadata=metadata)
        except PreconditionFailed as failed:
            current = await self._fetch_other(cluster)
            message = f'{cluster} changed in the meantime; nothing was stored.'
            raise RevisionConflict(message, current.id if current else None) from failed
        except OutcomeUnknown as unknown:
            raise unknown.about(f'the change of {cluster} is stored', _look_at(cluster)) from unknown
        # Another process has stored over it, or deleted it, since: it found no mark, and announces it.
        tags = None if written.is_latest else 0
        revision = Revision(cluster, written.etag, written.version, body, datetime.now(UTC), metadata, tags)
        if written.is_latest:
            if expected is not None:
                # Even where that was cancelled: the revision is stored.
                await asyncio.wait([expected])
            self._see(revision)
            self.writes.notify(base, revision)
        return revision

    async def list_as_removed(self, cluster: str) -> None:
        """List a cluster among those that were removed here; the entry is ignored while the cluster is managed."""
        try:
            await self._bucket.put(REMOVED + cluster, b'', over=None, metadata={})
        except PreconditionFailed:
            log.debug('cluster %s: it was removed before', cluster)
        except OutcomeUnknown as unknown:
            raise unknown.cause from unknown

    async def remove(self, base: Revision) -> None:
        """Delete the object, if it is still `base`; its history stays.

        Raises `RevisionConflict`, `OutcomeUnknown`, and other `AwsFailed` where the cluster stays managed.
        """
        cluster = base.cluster
        try:
            await self._bucket.delete(cluster, over=base.etag)
        except PreconditionFailed as failed:
            current = await self._fetch(cluster)
            if current and current.id == base.id:
                raise
            message = f'{cluster} changed after its removal was recorded as {base.id}, and stays managed.'
            raise RevisionConflict(message, current.id if current else None) from failed
        except OutcomeUnknown as unknown:
            raise unknown.about(f'{cluster} is removed', _look_at(cluster)) from unknown
        self._known.pop(cluster, None)
        self.removals.notify(cluster)

    async def removed(self) -> list[str]:
        """The clusters that were removed and are not back, sorted."""
        noted = [each.key.removeprefix(REMOVED) for each in await self._bucket.objects(prefix=REMOVED)]
        if not noted:
            return []
        there = set(await self.names())
        return [name for name in noted if name not in there]

    async def last_before_removal(self, cluster: str) -> Revision:
        """The newest content in the history of a cluster. Raises `NotFound` where it has none."""
        for listed in await self._bucket.versions(cluster, limit=10) if is_key(cluster) else []:
            if not listed.deleted:
                return await self.read_version(cluster, listed.version)
        raise NotFound(f'There is no history of a cluster {cluster!r} here.')

    async def versions(self, cluster: str, *, limit: int, after: str | None = None) -> list[ListedVersion]:
        """The history as S3 lists it, newest first, deletions among it."""
        return await self._bucket.versions(cluster, limit=limit, after=after) if is_key(cluster) else []

    async def read_revision(self, cluster: str, id: str) -> Revision:
        """A revision by its id, current or not. Raises `NotFound`."""
        known = self._known.get(cluster)
        if known and known.version and known.id == id:
            return known
        if is_key(cluster):
            # What was stored while the bucket kept no versions goes by its ETag.
            for version in (id, UNVERSIONED):
                stored = await self._bucket.get(cluster, version=version)
                if stored and _revision(cluster, stored).id == id:
                    return _revision(cluster, stored)
        raise NotFound(f'The cluster {cluster!r} has no revision {id[:100]!r}.')

    async def objects(self) -> list[ListedObject]:
        """Every cluster's object as the bucket lists it."""
        return await self._bucket.objects(delimiter=SEPARATOR)

    async def read_version(self, cluster: str, version: str | None) -> Revision:
        """One version out of the history, without a call of S3 where it is the newest known one. Raises `NotFound`."""
        known = self._known.get(cluster)
        if known and known.version and known.version == version:
            return known
        stored = await self._bucket.get(cluster, version=version)
        if stored is None:
            raise NotFound(f'The cluster {cluster!r} has no revision {version!r}.')
        return _revision(cluster, stored)

    async def is_newest(self, revision: Revision) -> bool:
        """Whether a revision is what is stored now."""
        found = await self._bucket.head(revision.cluster)
        return found is not None and (found.etag, found.version) == (revision.etag, revision.version)

    def learn(self, revision: Revision, older: Collection[str]) -> None:
        """Learn of a newer revision than one that is known: `older` are the ids that a listing has below it."""
        known = self._known.get(revision.cluster)
        if known is not None and known.id in older:
            self._see(revision)

    async def _fetch(self, cluster: str) -> Revision | None:
        known = self._known.get(cluster)
        stored = await self._bucket.get(cluster, known=known)
        return known if isinstance(stored, NotModified) else self._take(cluster, stored)

    async def _fetch_other(self, cluster: str) -> Revision | None:
        """The current revision where it is known to be another one."""
        return self._take(cluster, await self._bucket.get(cluster))

    def _take(self, cluster: str, stored: StoredObject | None) -> Revision | None:
        if stored is None:
            self._known.pop(cluster, None)
            return None
        revision = _revision(cluster, stored)
        self._see(revision)
        return revision

    def _see(self, revision: Revision) -> None:
        self._known[revision.cluster] = revision
        self.seen.notify(revision)

    async def _list(self, separator: str) -> Sequence[str]:
        objects = await self._bucket.objects(delimiter=separator)
        # Those of an unchanged page are the same, so that comparing them takes less than putting their keys together.
        if objects != self._objects:
            self._objects, names = objects, tuple(sorted(each.key for each in objects))
            if names != self._listed:
                self._listed = names
        return self._listed


def _look_at(cluster: str) -> str:
    return f'Look at /api/v1/clusters/{cluster}/revisions before you try again.'


def _revision(cluster: str, stored: StoredObject) -> Revision:
    return Revision(cluster, stored.etag, stored.version, stored.body, stored.modified, stored.metadata, stored.tags)


def is_key(cluster: str) -> bool:
    """Whether a desired state can have that name at all. S3 accepts keys of up to 1,024 bytes of UTF-8."""
    return bool(cluster) and SEPARATOR not in cluster and cluster.isprintable() and len(cluster.encode()) <= 1024
