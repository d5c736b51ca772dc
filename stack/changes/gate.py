"""The gate of every change: it permits the change or refuses it, by the freeze and the quarantine of its cluster.

The guards are those that the change's base names; a conditional write over that base proves that they are in force. See
`stack.changes.guards`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from stack.changes.approval_policy import RESTORING, refuse_unapproved, requirements
from stack.changes.freeze_calendar import FreezeCalendar
from stack.changes.guard_store import Bucket, GuardStore
from stack.changes.guards import Freeze, Guards, Quarantine, refuse_frozen
from stack.changes.placing import check_place
from stack.configuration.accounts import NO_ACCOUNTS, AccountTable
from stack.errors import AwsFailed, Quarantined, StateUnreadable
from stack.reconcile.stop_order import StopOrder
from stack.stackfile.effective import services
from stack.stackfile.freeze_windows import windows_of
from stack.stackfile.images import ImageReference
from stack.state.revisions import Change, Revision

Document = dict[str, Any]

# An image's digest in ECR, or None where it is not known there.
DigestOf = Callable[[ImageReference], Awaitable[str | None]]


class Gate:
    def __init__(self, bucket: Bucket, digest_of: DigestOf, accounts: AccountTable = NO_ACCOUNTS):
        self._accounts = accounts
        self.store = GuardStore(bucket)
        self.calendar = FreezeCalendar(bucket)
        self._digest_of = digest_of

    async def guards(self, cluster: str, base: Revision | None) -> Guards:
        """The guards that a change of `base` has to pass, with the freeze windows; see `GuardStore.of`."""
        guards = await self.store.of(cluster, base)
        stated = windows_of(base.document_or_empty) if base else ()
        windows = (*stated, *(await self.calendar.read()).of(cluster))
        return replace(guards, windows=windows) if windows != guards.windows else guards

    async def guards_to_edit(self, cluster: str, base: Revision) -> Guards:
        """The same for a change of the guards alone; those that cannot be read are a freeze, which can be lifted."""
        try:
            return await self.store.of(cluster, base)
        except StateUnreadable as error:
            return Guards('unreadable', Freeze('unknown', base.changed_at, error.message))

    async def permit(self, guards: Guards, cluster: str, before: Any, after: Any, change: Change) -> Change:
        """The change as it may be made: its override is kept only where it is needed.

        Raises `Frozen` without an override, and `Quarantined` where it brings back an image, unless that is a
        rollback or a stop with an override; `ApprovalRequired` where `before` demands approvals, unless it was approved
        or has an override.
        """
        freeze = guards.frozen(datetime.now(UTC))
        if freeze and not change.override:
            raise refuse_frozen(cluster, freeze)
        try:
            if guards.quarantine:
                await self._refuse_quarantined(guards, images(before), images(after))
        except Quarantined:
            if not change.override or change.verb not in RESTORING:
                raise
            return change
        needed = () if before is None else requirements(before, after, change)
        if needed and not change.approved and not change.override:
            raise refuse_unapproved(cluster, needed)
        return change if freeze or needed else replace(change, override=None)

    def check_place(self, cluster: str, before: Document | None, after: Document) -> None:
        """Refuse an account, region or ECS cluster that the cluster may not have: see `stack.changes.placing`."""
        check_place(self._accounts, cluster, before, after)

    async def is_shut(self, revision: Revision) -> bool:
        """Whether the deployment of a revision has to wait: its cluster is frozen, and no override made it."""
        guards = await self.guards(revision.cluster, revision)
        return guards.frozen(datetime.now(UTC)) is not None and not any(each.override for each in revision.changes)

    async def stops(self, revision: Revision) -> dict[str, StopOrder]:
        """The deployments of ECS that are to be stopped under the guards of a revision, by service."""
        guards = await self.guards(revision.cluster, revision)
        return {stop.service: stop.order for stop in guards.stops}

    async def _refuse_quarantined(self, guards: Guards, before: dict[str, str], after: dict[str, str]) -> None:
        for quarantine in guards.quarantine:
            image = after.get(quarantine.service)
            if image is None or image == before.get(quarantine.service) or not quarantine.concerns(image):
                continue
            if quarantine.is_of(image, await self.digest(image) if quarantine.digest else None):
                raise refuse_quarantined(quarantine, image)

    async def digest(self, image: str) -> str | None:
        """The digest of an image in ECR now; None where that cannot be known."""
        reference = ImageReference.split(image)
        if reference.digest or not reference.ecr:
            return reference.digest
        try:
            return await self._digest_of(reference)
        except AwsFailed:
            return None


def images(document: Any) -> dict[str, str]:
    """The image of each service that has one."""
    by_service: dict[str, str] = {}
    for name, settings in services(document):
        image = settings.get('image')
        if isinstance(image, str):
            by_service.setdefault(name, image)
    return by_service


def refuse_quarantined(quarantine: Quarantine, image: str) -> Quarantined:
    """The refusal of an image in quarantine."""
    return Quarantined(
        f'{image} was rolled back by {quarantine.by} at {quarantine.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC'
        f'{": " + quarantine.reason if quarantine.reason else ""}. It is in quarantine for {quarantine.service} until '
        'it is released; nothing was changed.',
        quarantine.to_json(),
    )
