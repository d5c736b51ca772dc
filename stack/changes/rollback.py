"""Rollback to an earlier revision; the images that it removes go into quarantine, so that none returns by accident."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from stack.changes.approval_policy import with_policies
from stack.changes.change_request import Accepted, ChangeRequest, Outcome
from stack.changes.changes import Changes
from stack.changes.desired_state import missing
from stack.changes.freezing import Freezing
from stack.changes.gate import images
from stack.changes.guards import Guards, Quarantine
from stack.changes.rollback_target import Target, Targets
from stack.changes.writer import Patch
from stack.errors import Conflict, RevisionConflict, Unprocessable
from stack.stackfile.check import check
from stack.stackfile.problems import new_mistakes, refusal
from stack.state.history import History
from stack.state.revisions import Change, Revision
from stack.state.service_edits import settings_of, with_service, without_restarts

Document = dict[str, Any]
EditGuards = Callable[[Guards], Guards]

# How often a rollback is tried while the cluster changes in the meantime.
ATTEMPTS = 5


class Rollback:
    def __init__(self, changes: Changes, freezing: Freezing, history: History, targets: Targets):
        self._changes = changes
        self._freezing = freezing
        self._history = history
        self._targets = targets

    async def roll_back(
        self,
        cluster: str,
        request: ChangeRequest,
        *,
        revision: str | None = None,
        service: str | None = None,
        prune: bool = False,
    ) -> Outcome:
        """Store an old content again, of one service or of all; by default the newest that rolled out well.

        The images that it removes go into quarantine. With `prune`, services that the old content lacks are destroyed.
        Raises `NotFound`, `Unprocessable` without an earlier revision, `Conflict` where nothing would change,
        `RevisionConflict`, `InvalidStackfile`, `Frozen`, `Quarantined`.
        """
        for _ in range(ATTEMPTS):
            current = await self._changes.current(cluster, request)
            try:
                return await self._from(current, request, revision, service, prune)
            except RevisionConflict:
                if request.expected is not None or request.plan is not None:
                    raise
        raise Conflict(f'{cluster} kept changing at the same time; nothing was stored.')

    async def _from(
        self, current: Revision, request: ChangeRequest, revision: str | None, service: str | None, prune: bool
    ) -> Outcome:
        chosen = await self._target(current, revision, service)
        target = chosen.revision
        document = _content(current, target, service)
        left_out = missing(current.document_or_empty, document)
        did: dict[str, Any] = {'revision': target.id} | ({'service': service} if service else {})
        change = request.change(verb='rollback', **did | ({'destroyed': left_out} if prune and left_out else {}))
        more: dict[str, Any] = dict(chosen.to_json())
        if left_out and not change.destroyed:
            more['unmanaged'] = left_out
        return await self.store(current, document, change, request, more)

    async def store(
        self,
        current: Revision,
        document: Document,
        change: Change,
        request: ChangeRequest,
        more: Mapping[str, Any],
        edit_guards: EditGuards | None = None,
    ) -> Outcome:
        """Store a document in place of the current one, or plan that; the images that it removes go into quarantine.

        `edit_guards` changes the guards beyond that, in the same write. Raises the refusals of `roll_back`.
        """
        cluster = current.cluster
        _check(current, document)
        removed = await self._removed_images(current, document, change)
        more = {**more, 'quarantined': [each.to_json() for each in removed]}
        if request.dry_run:
            return replace(await self._changes.preview(current, lambda _: document, change), more=more)
        if request.plan is not None:
            now = await self._changes.plan_now(current, lambda _: document, change)
            self._changes.refuse_outdated(request.plan, replace(now, more=more))
        await self._changes.permit(current, change)
        change = await self._changes.with_side_effects(current, lambda _: document, change, request)
        edits = [edit for edit in (_quarantining(removed), edit_guards) if edit is not None]
        edit = (lambda guards: reduce(lambda made, each: each(made), edits, guards)) if edits else None
        made = await self._changes.patch(cluster, Patch(lambda _: document, change, current.id, edit_guards=edit))
        return Accepted(made, await self._changes.announce(made), more=more | change.effects_json())

    async def _target(self, current: Revision, revision: str | None, service: str | None) -> Target:
        if revision is None:
            return await self._targets.choose(current, service)
        return Target(await self._history.revision(current.cluster, revision), 'The caller named it.')

    async def _removed_images(self, current: Revision, document: Document, change: Change) -> list[Quarantine]:
        before, after = images(current.document_or_empty), images(document)
        changed = {name: before[name] for name in before if name in after and after[name] != before[name]}
        at, origin = datetime.now(UTC), change.origin
        removed = []
        for name, image in changed.items():
            digest = await self._freezing.digest(image)
            # Two tags of one image: the image that is restored must not be in quarantine.
            if digest is None or digest != await self._freezing.digest(after[name]):
                removed.append(Quarantine(name, image, digest, origin.by, at, origin.message, current.id))
        return removed


def _quarantining(removed: Sequence[Quarantine]) -> EditGuards | None:
    return (lambda guards: guards.with_quarantine(removed)) if removed else None


def _content(current: Revision, target: Revision, service: str | None) -> Document:
    """The document to store, with the approvals as they are now.

    Raises `Unprocessable` for a service that was not there, `Conflict` without a change.
    """
    if service is None:
        document = target.document
    else:
        settings = settings_of(target.document, service)
        if settings is None:
            raise Unprocessable(f'There was no service {service!r} in the revision {target.id}.')
        document = with_service(current.document, service, settings)
    document = with_policies(document, current.document_or_empty)
    if without_restarts(document) == without_restarts(current.document_or_empty):
        raise Conflict(f'{service or current.cluster} is as it was in the revision {target.id}; nothing was changed.')
    return document


def _check(current: Revision, document: Document) -> None:
    report = check(document, cluster=current.cluster)
    if report.mistakes:
        own = new_mistakes(check(current.document_or_empty, cluster=current.cluster), report)
        if own:
            raise refusal(own)
