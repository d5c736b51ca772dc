"""Changes of the guards: freezing, thawing, and releasing images from quarantine.

The new guards are stored first, under an id of their own that nothing names yet. The revision that names it puts them
in force, in the one write that also fails every change that was judged by the former guards.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from stack.changes.change_request import Accepted, ChangeRequest, Outcome
from stack.changes.changes import Changes
from stack.changes.gate import Gate
from stack.changes.guards import Freeze, Guards, Quarantine, freeze_of
from stack.changes.writer import Patch
from stack.errors import InvalidRequest, NotFound
from stack.stackfile.freeze_windows import past, windows_json
from stack.state.revisions import Change, Revision


class Freezing:
    def __init__(self, changes: Changes, gate: Gate):
        self._changes = changes
        self._gate = gate

    async def freeze(self, cluster: str, request: ChangeRequest, reason: str, until: datetime | None) -> Outcome:
        """Refuse all changes of a cluster, until it is thawed or `until` has passed.

        Raises `InvalidRequest` without a reason or with a time in the past, `NotFound`, `RevisionConflict`.
        """
        if until is not None and until <= datetime.now(UTC):
            raise InvalidRequest('until is in the past.', [{'path': 'until', 'message': 'a time in the future'}])
        request = because(request, reason)
        did = {'until': until.astimezone(UTC).isoformat()} if until else {}
        change = request.change(None, verb='freeze', **did)
        freeze = freeze_of(change)
        outcome = await self._make(cluster, request, change, lambda guards: guards.renewed(freeze=freeze))
        return replace(outcome, more={'frozen': freeze.to_json()}) if isinstance(outcome, Accepted) else outcome

    async def thaw(self, cluster: str, request: ChangeRequest) -> Outcome:
        """Accept changes of a cluster again. Raises `NotFound` where it is not frozen, `RevisionConflict`.

        A freeze window cannot be lifted: it ends by itself, and is in the desired state or in the calendar.
        """

        def lift(guards: Guards) -> Guards:
            if replace(guards, windows=()).frozen(datetime.now(UTC)) is None:
                raise NotFound(f'{cluster} is not frozen by a user. A freeze window ends by itself.')
            return guards.renewed(freeze=None)

        return await self._make(cluster, request, request.change(None, verb='thaw'), lift)

    async def release(self, cluster: str, service: str, request: ChangeRequest, reason: str) -> Outcome:
        """Release the images of a service from quarantine.

        Raises `InvalidRequest` without a reason, `NotFound` where none of its images is in quarantine.
        """
        request = because(request, reason)
        released: tuple[Quarantine, ...] = ()

        def release(guards: Guards) -> Guards:
            nonlocal released
            released = guards.of_service(service)
            if not released:
                raise NotFound(f'No image of {service} is in quarantine in {cluster}.')
            return guards.without_quarantine(released)

        change = request.change(None, verb='release', service=service)
        outcome = await self._make(cluster, request, change, release)
        if not isinstance(outcome, Accepted):
            return outcome
        return replace(outcome, more={'released': [each.to_json() for each in released]})

    async def _make(
        self, cluster: str, request: ChangeRequest, change: Change, edit: Callable[[Guards], Guards]
    ) -> Outcome:
        current = await self._changes.current(cluster, request)
        if request.dry_run:
            edit(await self._gate.guards_to_edit(cluster, current))
            return await self._changes.preview(current, _unchanged, change)
        patch = Patch(_unchanged, change, request.expected, of_guards=True, edit_guards=edit)
        return Accepted(await self._changes.patch(cluster, patch), None)

    async def frozen(self, revision: Revision) -> Freeze | None:
        """The freeze that is active for a revision's cluster now, by a user or by a window."""
        return (await self._gate.guards(revision.cluster, revision)).frozen(datetime.now(UTC))

    async def frozen_json(self, revision: Revision) -> dict[str, Any] | None:
        """The freeze that a user declared, as the API shows it, whatever the windows are."""
        guards = replace(await self._gate.store.of(revision.cluster, revision), windows=())
        freeze = guards.frozen(datetime.now(UTC))
        return freeze.to_json() if freeze else None

    async def state(self, revision: Revision, since: datetime | None = None) -> dict[str, Any]:
        """The freeze of a cluster and its windows, as the API shows them; no windows where it has none.

        With `since`, the windows that ended after it are in `past`.
        """
        guards, now = await self._gate.guards(revision.cluster, revision), datetime.now(UTC)
        freeze = guards.frozen(now)
        windows = {'freeze_windows': windows_json(guards.windows, now)} if guards.windows else {}
        if windows and since is not None:
            windows['freeze_windows']['past'] = [each.to_json() for each in past(guards.windows, since, now)]
        return {'frozen': freeze.to_json() if freeze else None, **windows}

    async def quarantined(self, revision: Revision, service: str | None = None) -> tuple[Quarantine, ...]:
        """The images in quarantine, of one service or of all."""
        guards = await self._gate.guards(revision.cluster, revision)
        return guards.quarantine if service is None else guards.of_service(service)

    async def digest(self, image: str) -> str | None:
        """The digest of an image in ECR now; None where that cannot be known."""
        return await self._gate.digest(image)


def because(request: ChangeRequest, reason: Any) -> ChangeRequest:
    """The request with a reason as its message. Raises `InvalidRequest` where there is none."""
    if not isinstance(reason, str) or not reason.strip():
        raise InvalidRequest('A reason must be given.', [{'path': 'reason', 'message': 'text'}])
    return request.because(reason)


def _unchanged(document: dict[str, Any]) -> dict[str, Any]:
    return document
