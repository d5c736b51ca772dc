"""Freezing, thawing, and releasing images: changes of what stands before all others.

The new guards are stored first, then a revision under them: from then on every write that was judged by the former ones
fails. Where that revision cannot be stored the guards are put back.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from stack.changes import Accepted, ChangeRequest, Changes, Outcome
from stack.errors import InvalidRequest, NotFound, NysaError
from stack.gate import Gate
from stack.guards import Freeze, Guards, Quarantine
from stack.revisions import Revision
from stack.writer import Patch

log = logging.getLogger(__name__)


class Guarding:
    def __init__(self, changes: Changes, gate: Gate):
        self._changes = changes
        self._gate = gate

    async def freeze(self, cluster: str, request: ChangeRequest, reason: str, until: datetime | None) -> Outcome:
        """Have a cluster take no changes, until somebody thaws it or the time has come.

        Raises `InvalidRequest` without a reason or with a time that is over, `NotFound`, `RevisionConflict`.
        """
        now = datetime.now(UTC)
        if until is not None and until <= now:
            raise InvalidRequest('until is over already.', [{'path': 'until', 'message': 'a time to come'}])
        request = because(request, reason)
        freeze = Freeze(request.origin.by, now, reason, until)
        change = request.change(None, verb='freeze', **({'until': freeze.to_json()['until']} if until else {}))

        def undo(guards: Guards) -> Guards:
            return guards.renewed(freeze=former.freeze) if guards.freeze == freeze else guards

        current = await self._changes.current(cluster, request)
        former = await self._gate.guards(cluster, current)
        if request.dry_run:
            return await self._changes.preview(current, _unchanged, change)
        patch = Patch(_unchanged, change, request.expected, of_guards=True)
        revision = await self.write(cluster, lambda guards: guards.renewed(freeze=freeze), undo, patch)
        return Accepted(revision, None, more={'frozen': freeze.to_json()})

    async def thaw(self, cluster: str, request: ChangeRequest) -> Outcome:
        """Have a cluster take changes again. Raises `NotFound` where it is not frozen, `RevisionConflict`."""
        current = await self._changes.current(cluster, request)
        freeze = await self.frozen(current)
        if freeze is None:
            raise NotFound(f'{cluster} is not frozen.')
        change = request.change(None, verb='thaw')
        if request.dry_run:
            return await self._changes.preview(current, _unchanged, change)

        def undo(guards: Guards) -> Guards:
            return guards if guards.freeze else guards.renewed(freeze=freeze)

        patch = Patch(_unchanged, change, request.expected, of_guards=True)
        return Accepted(await self.write(cluster, lambda guards: guards.renewed(freeze=None), undo, patch), None)

    async def release(self, cluster: str, service: str, request: ChangeRequest, reason: str) -> Outcome:
        """Let a service have its former images back.

        Raises `InvalidRequest` without a reason, `NotFound` where none of its images is in quarantine.
        """
        request = because(request, reason)
        current = await self._changes.current(cluster, request)
        held = await self.quarantined(current, service)
        if not held:
            raise NotFound(f'No image of {service} is in quarantine in {cluster}.')
        change = request.change(None, verb='release', service=service)
        if request.dry_run:
            return await self._changes.preview(current, _unchanged, change)
        patch = Patch(_unchanged, change, request.expected, of_guards=True)
        revision = await self.write(
            cluster,
            lambda guards: guards.without_quarantine(held),
            lambda guards: guards.with_quarantine(held),
            patch,
        )
        return Accepted(revision, None, more={'released': [each.to_json() for each in held]})

    async def frozen(self, revision: Revision) -> Freeze | None:
        """The freeze that holds for a revision's cluster now."""
        return (await self._gate.guards(revision.cluster, revision)).frozen(datetime.now(UTC))

    async def frozen_json(self, revision: Revision) -> dict[str, Any] | None:
        """The same as the API shows it."""
        freeze = await self.frozen(revision)
        return freeze.to_json() if freeze else None

    async def quarantined(self, revision: Revision, service: str | None = None) -> tuple[Quarantine, ...]:
        """The images in quarantine, of one service or of all."""
        guards = await self._gate.guards(revision.cluster, revision)
        return guards.quarantine if service is None else guards.of_service(service)

    async def digest(self, image: str) -> str | None:
        """What an image's name stands for in ECR now; None where that cannot be known."""
        return await self._gate.digest(image)

    async def write(
        self, cluster: str, edit: Callable[[Guards], Guards], undo: Callable[[Guards], Guards], patch: Patch
    ) -> Revision:
        """Change the guards, and store a revision under them; raises what the patch is refused with, all undone."""
        try:
            await self._gate.change(cluster, edit)
            return await self._changes.patch(cluster, patch)
        except NysaError:
            await self._undo(cluster, undo)
            raise

    async def _undo(self, cluster: str, undo: Callable[[Guards], Guards]) -> None:
        try:
            await self._gate.change(cluster, undo)
        except NysaError as failed:
            log.warning('cluster %s: guards that were not to be could not be put back: %s', cluster, failed)


def because(request: ChangeRequest, reason: Any) -> ChangeRequest:
    """The request with a reason as its message. Raises `InvalidRequest` where there is none."""
    if not isinstance(reason, str) or not reason.strip():
        raise InvalidRequest('A reason must be given.', [{'path': 'reason', 'message': 'text'}])
    return replace(request, origin=replace(request.origin, message=reason))


def _unchanged(document: dict[str, Any]) -> dict[str, Any]:
    return document
