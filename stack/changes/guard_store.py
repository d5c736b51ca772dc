"""The guards of clusters in the bucket, each under the id that revisions name them by.

`nysa/guards/<cluster>/<id>` is written once and never changed. The guards of a cluster are those that its current
revision names; what another program writes names none, and leaves those of the revision before it in force. See
docs/decisions/guards.md.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from stack.aws.ports import ObjectHeads, ObjectStore, VersionLister
from stack.changes.guards import Guards, read_guards
from stack.errors import AwsFailed, OutcomeUnknown, PreconditionFailed, StateUnreadable
from stack.runtime.lru import LruCache
from stack.runtime.under_way import UnderWay
from stack.state.revisions import GUARDS_KEY, WRITE_KEY, Revision

log = logging.getLogger(__name__)

KEY = 'nysa/guards/{}/{}'
# The guards that are in force, for where no version of a revision that names them is left.
COPY = 'nysa/guards/{}'

KNOWN = 10_000
# How many versions by other programs are searched for a revision that names guards.
VERSIONS_SEARCHED = 50
# How often a copy is tried while others change the guards too, and how long a change waits for it, in seconds.
ATTEMPTS = 10
COPIED_WITHIN_S = 3.0


class Bucket(ObjectStore, ObjectHeads, VersionLister, Protocol):
    """The calls that guards are stored by."""


@dataclass(frozen=True)
class Name:
    """The id of the guards in force at a version, '' for none; None where no revision is left that names it."""

    id: str | None


class GuardStore:
    def __init__(self, bucket: Bucket):
        self._bucket = bucket
        self._guards: LruCache[tuple[str, str], Guards] = LruCache(KNOWN)
        # By cluster and version: the id that is in force under what another program wrote. What is before a version
        # never changes, so that nothing was found stays true as well.
        self._names: LruCache[tuple[str, str], Name] = LruCache(KNOWN)
        self._copies = UnderWay()

    async def of(self, cluster: str, base: Revision | None) -> Guards:
        """The guards in force at a revision, or where that is None where the cluster is not managed.

        No call to AWS where they are known. Raises `StateUnreadable`, `AwsFailed`.
        """
        id = await self._name(cluster, base.metadata if base else None, base.version if base else None)
        if id is None:
            return await self._copy(cluster) or Guards()
        if id == '':
            return Guards()
        return self._guards.get((cluster, id)) or await self._read(cluster, id)

    async def store(self, cluster: str, guards: Guards) -> None:
        """Store guards that a revision is about to name. They have no effect before that."""
        if not guards.id:
            return
        try:
            await self._bucket.put(KEY.format(cluster, guards.id), _dump(guards), over=None)
        except OutcomeUnknown as unknown:
            raise unknown.cause from unknown
        self._guards.put((cluster, guards.id), guards)

    async def copy(self, cluster: str, guards: Guards) -> None:
        """Copy guards that a revision names now; what S3 does not store is logged."""
        await self._copies.run_within(self._write_copy(cluster, guards), COPIED_WITHIN_S)

    async def close(self) -> None:
        """Finish the copies under way."""
        await self._copies.finished()

    async def _name(self, cluster: str, metadata: Mapping[str, str] | None, version: str | None) -> str | None:
        """The `Name.id` at a version with that metadata."""
        if metadata is not None and WRITE_KEY in metadata:
            return metadata.get(GUARDS_KEY, '')
        if version is None:
            return None if metadata is not None else (await self._search(cluster, None)).id
        known = self._names.get((cluster, version))
        if known is None:
            known = await self._search(cluster, version)
            self._names.put((cluster, version), known)
        return known.id

    async def _search(self, cluster: str, before: str | None) -> Name:
        """The newest name before a version, in the whole history where that is None."""
        for listed in await self._bucket.versions(cluster, limit=VERSIONS_SEARCHED, after=before):
            found = None if listed.deleted else await self._bucket.head(cluster, version=listed.version)
            if found and WRITE_KEY in found.metadata:
                return Name(str(found.metadata.get(GUARDS_KEY, '')))
        return Name(None)

    async def _read(self, cluster: str, id: str) -> Guards:
        stored = await self._bucket.get(KEY.format(cluster, id))
        if stored is None:
            # Guards of a release that kept the copy alone.
            guards = await self._copy(cluster)
            if guards is None:
                raise StateUnreadable(f'The guards of {cluster} are not there; nothing was changed.')
            return guards
        guards = _load(cluster, stored.body)
        self._guards.put((cluster, id), guards)
        return guards

    async def _copy(self, cluster: str) -> Guards | None:
        stored = await self._bucket.get(COPY.format(cluster))
        return _load(cluster, stored.body) if stored else None

    async def _write_copy(self, cluster: str, guards: Guards) -> None:
        try:
            for _ in range(ATTEMPTS):
                stored = await self._bucket.get(COPY.format(cluster))
                current = await self._bucket.head(cluster)
                if current is None or await self._name(cluster, current.metadata, current.version) != guards.id:
                    return  # others have changed the guards since, and copy theirs
                try:
                    over = stored.etag if stored else None
                    await self._bucket.put(COPY.format(cluster), _dump(guards), over=over)
                except PreconditionFailed:
                    continue
                return
        except AwsFailed as failed:
            log.warning('cluster %s: the copy of its guards is not written: %s', cluster, failed)


def _dump(guards: Guards) -> bytes:
    return json.dumps(guards.to_json()).encode()


def _load(cluster: str, body: bytes) -> Guards:
    try:
        return read_guards(json.loads(body))
    except ValueError as error:
        raise StateUnreadable(f'The guards of {cluster} cannot be read; nothing was changed.') from error
