"""Where every change is let through or refused: by the freeze and the quarantine of its cluster.

Guards are read when they are not known yet. From then on they are proven by the writes themselves: see
`stack.guards`.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from stack.errors import AwsFailed, Conflict, PreconditionFailed, Quarantined, StateUnreadable
from stack.guards import Guards, Quarantine, read_guards, refuse_frozen
from stack.images import ImageReference
from stack.recent import Recent
from stack.revisions import GUARDS_KEY, WRITE_KEY, Change, Revision
from stack.stackfile.effective import services

KEY = 'nysa/guards/{}'
CLUSTERS_KNOWN = 10_000
ATTEMPTS = 20

# An image's digest in ECR, or None where it is not known there.
DigestOf = Callable[[ImageReference], Awaitable[str | None]]


class Bucket(Protocol):
    """What is asked of the bucket: see `stack.aws.s3.Bucket`."""

    async def get(self, key: str) -> Any: ...
    async def put(self, key: str, body: bytes, *, over: str | None) -> Any: ...


class Gate:
    def __init__(self, bucket: Bucket, digest_of: DigestOf):
        self._bucket = bucket
        self._digest_of = digest_of
        # By cluster: what names its guards in a revision, and the guards.
        self._known: Recent[str, tuple[str, Guards]] = Recent(CLUSTERS_KNOWN)
        # By cluster: the id of the guards that this process stored, and that no revision is known to name yet.
        self._changed: dict[str, str] = {}

    async def guards(self, cluster: str, base: Revision | None) -> Guards:
        """The guards that a change of `base` has to pass; without a call to AWS where they are known."""
        ours = base is not None and WRITE_KEY in base.metadata
        name = base.metadata.get(GUARDS_KEY, '') if ours else f'other {base.id if base else None}'
        if cluster in self._changed:
            if self._changed[cluster] != name:
                return (await self._read(cluster))[0]
            del self._changed[cluster]
        if name == '':
            return Guards()
        known = self._known.get(cluster)
        if known and known[0] == name:
            return known[1]
        guards, _ = await self._read(cluster)
        # Only what cannot come back proves that the guards are still the same: not an ETag, and not nothing.
        if ours or (base and base.version):
            self._known.put(cluster, (name, guards))
        return guards

    async def change(self, cluster: str, edit: Callable[[Guards], Guards]) -> Guards:
        """Change the guards of a cluster. They hold for everybody once a revision is written under them.

        Raises what `edit` raises, and `Conflict` where others were faster again and again.
        """
        for _ in range(ATTEMPTS):
            guards, etag = await self._read(cluster)
            changed = edit(guards)
            if changed == guards:
                return guards
            try:
                await self._bucket.put(KEY.format(cluster), json.dumps(changed.to_json()).encode(), over=etag)
            except PreconditionFailed:
                continue
            self._known.drop(cluster)
            self._changed[cluster] = changed.id
            return changed
        raise Conflict(f'Others changed the guards of {cluster} again and again at the same time; nothing was changed.')

    async def permit(self, guards: Guards, cluster: str, before: Any, after: Any, change: Change) -> Change:
        """The change as it may be made: its override is kept only where it is needed.

        Raises `Frozen` without an override, and `Quarantined` where it brings back an image, unless that is a
        rollback with an override.
        """
        freeze = guards.frozen(datetime.now(UTC))
        if freeze and not change.override:
            raise refuse_frozen(cluster, freeze)
        try:
            if guards.quarantine:
                await self._refuse_quarantined(guards, images(before), images(after))
        except Quarantined:
            if not change.override or change.did.get('verb') != 'rollback':
                raise
            return change
        return change if freeze else replace(change, override=None)

    async def is_shut(self, revision: Revision) -> bool:
        """Whether what a revision wants has to wait: its cluster is frozen, and it was not made in spite of that."""
        guards = await self.guards(revision.cluster, revision)
        return guards.frozen(datetime.now(UTC)) is not None and not any(each.override for each in revision.changes)

    async def _refuse_quarantined(self, guards: Guards, before: dict[str, str], after: dict[str, str]) -> None:
        for quarantine in guards.quarantine:
            image = after.get(quarantine.service)
            if image is None or image == before.get(quarantine.service) or not quarantine.concerns(image):
                continue
            if quarantine.is_of(image, await self.digest(image) if quarantine.digest else None):
                raise refuse_quarantined(quarantine, image)

    async def digest(self, image: str) -> str | None:
        """What an image's name stands for in ECR now; None where that cannot be known."""
        reference = ImageReference.split(image)
        if reference.digest or not reference.ecr:
            return reference.digest
        try:
            return await self._digest_of(reference)
        except AwsFailed:
            return None

    async def _read(self, cluster: str) -> tuple[Guards, str | None]:
        stored = await self._bucket.get(KEY.format(cluster))
        if stored is None:
            return Guards(), None
        try:
            return read_guards(json.loads(stored.body)), stored.etag
        except ValueError as error:
            raise StateUnreadable(f'The guards of {cluster} cannot be read; nothing was changed.') from error


def images(document: Any) -> dict[str, str]:
    """The image of each service that has one."""
    found: dict[str, str] = {}
    for name, settings in services(document):
        image = settings.get('image')
        if isinstance(image, str):
            found.setdefault(name, image)
    return found


def refuse_quarantined(quarantine: Quarantine, image: str) -> Quarantined:
    """The refusal of an image that was rolled away from."""
    return Quarantined(
        f'{image} was rolled away from by {quarantine.by} at {quarantine.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC'
        f'{": " + quarantine.reason if quarantine.reason else ""}. It is in quarantine for {quarantine.service} until '
        'somebody releases it; nothing was changed.',
        quarantine.to_json(),
    )
