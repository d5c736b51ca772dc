"""The path of every change: planned or guarded, stored by a conditional write, announced."""

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from stack.changes.audit import Audit
from stack.changes.change_request import (
    NO_PROPOSER,
    Accepted,
    ChangeRequest,
    Document,
    Edit,
    Outcome,
    Proposer,
    Wanted,
)
from stack.changes.change_scope import check_scope
from stack.changes.conflicts import explained
from stack.changes.gate import Gate
from stack.changes.preview import Preview, refuse_losses
from stack.changes.previews import Edited, Previews
from stack.changes.side_effects import NO_EFFECTS, Effects
from stack.changes.writer import Patch, Writer, stale
from stack.errors import (
    ApprovalRequired,
    AwsFailed,
    Frozen,
    NysaError,
    OutcomeUnknown,
    PlanOutdated,
    Quarantined,
    RevisionConflict,
    Unprocessable,
)
from stack.notify.ledger import Ledger
from stack.notify.notifier import Notifier
from stack.reconcile.side_effects import losses
from stack.runtime.under_way import UnderWay
from stack.stackfile.problems import Problem
from stack.state.ecs_claims import Claims, NoClaims
from stack.state.history import History
from stack.state.revision_store import RevisionStore, serialise
from stack.state.revisions import Change, Revision

log = logging.getLogger(__name__)


class Changes:
    """Makes changes. Raises `AwsFailed`, and the refusals of the edit and of the guards; nothing is changed then."""

    def __init__(
        self,
        store: RevisionStore,
        notifier: Notifier,
        gate: Gate,
        history: History,
        ledger: Ledger,
        audit: Audit,
        previews: Previews,
    ):
        self._store = store
        self._notifier = notifier
        self._gate = gate
        self._history = history
        self._ledger = ledger
        self._audit = audit
        self._previews = previews
        # Replaced where this process looks at ECS.
        self.effects: Effects = NO_EFFECTS
        # Replaced where changes that need approval are proposed.
        self.proposer: Proposer = NO_PROPOSER
        # Replaced where clusters may have another name in ECS.
        self.claims: Claims = NoClaims()
        self._writer = Writer(store, gate, notifier)
        self._under_way = UnderWay()

    async def make(
        self,
        cluster: str,
        edit: Edit,
        change: Change,
        request: ChangeRequest,
        warnings: Sequence[Problem] = (),
        more: Mapping[str, Any] | None = None,
        restart: datetime | None = None,
    ) -> Outcome:
        """Apply an edit to the stored document, or plan that; `more` goes into the answer.

        `restart` is the time that the edit writes, if it writes one: the plan's id contains it.

        What needs approval becomes a proposal. Raises `NotFound`, `RevisionConflict`, `PlanOutdated`, `Frozen`,
        `Quarantined`, `UnconfirmedLoss`, `TooLarge`.
        """
        if request.dry_run:
            preview = await self.preview(await self.current(cluster, request), edit, change, warnings)
            return replace(preview, more=more or {}, restart=restart)
        expected = request.expected
        if request.plan is None:
            base = self._store.known(cluster) or await self._store.read(cluster)
        else:
            base = await self.current(cluster, request)
            now = await self.plan_now(base, edit, change, warnings)
            self.refuse_outdated(request.plan, replace(now, restart=restart))
            expected = base.id
        change = await self.with_side_effects(base, edit, change, request, warnings, restart)
        wanted = Wanted(cluster, edit, change, replace(request, expected=expected), warnings, more or {}, restart)
        if request.only_propose:
            return await self.proposer.propose(wanted, needs_no_approval(cluster))
        try:
            revision = await self.patch(cluster, Patch(edit, change, expected))
        except ApprovalRequired as needed:
            return await self.proposer.propose(wanted, needed)
        return Accepted(revision, await self.announce(revision), warnings, {**(more or {}), **change.effects_json()})

    async def begin(
        self, cluster: str, document: Document, change: Change, request: ChangeRequest, warnings: Sequence[Problem] = ()
    ) -> Outcome:
        """Store the first desired state of a cluster, also after its removal.

        Raises `Unprocessable` where there is one, or where its ECS cluster is that of another cluster,
        `RevisionConflict` where the request expects a revision, `Frozen`, `Quarantined`, `TooLarge`.
        """
        if request.expected is not None:
            raise RevisionConflict(f'{cluster} is not managed here, so it has no revision; nothing was changed.', None)
        if request.dry_run:
            await self.claims.check(cluster, document)
            return await self._previews.rehearsed(Edited(cluster, None, {}, document, change, warnings))
        return await self._under_way.run(self._begin(cluster, document, change, warnings))

    def check_place(self, cluster: str, document: Document) -> None:
        """Refuse an account that a new cluster may not have. Raises `InvalidStackfile`."""
        self._gate.check_place(cluster, None, document)

    async def _begin(self, cluster: str, document: Document, change: Change, warnings: Sequence[Problem]) -> Accepted:
        check_scope(change, {}, document)
        self.check_place(cluster, document)
        guards = await self._gate.guards(cluster, None)
        with self._audited(cluster, change):
            change = await self._gate.permit(guards, cluster, None, document, change)
        body = serialise(document)
        self._notifier.fits(cluster, body, [change])
        claim = await self.claims.claim(cluster, document)
        try:
            revision = await self._store.write(None, cluster, body, [change], guards.id)
        except RevisionConflict as conflict:
            raise exists(cluster) from conflict
        except OutcomeUnknown:
            raise
        except NysaError:
            await self.claims.release(claim)
            raise
        return Accepted(revision, await self.announce(revision), warnings)

    async def end(self, current: Revision, change: Change) -> Revision:
        """Delete the desired state of a cluster; the last revision records the change. Raises `RevisionConflict`."""
        return await self._under_way.run(self._end(current, change))

    async def _end(self, current: Revision, change: Change) -> Revision:
        cluster = current.cluster
        if current.is_removal:
            await self._store.remove(current)
            return current
        check_scope(change, current.document_or_empty, {})
        guards = await self._gate.guards(cluster, current)
        with self._audited(cluster, change):
            change = await self._gate.permit(guards, cluster, current.document_or_empty, {}, change)
        claim = await self.claims.held(cluster, current.document_or_empty)
        await self._store.list_as_removed(cluster)
        last = await self._store.write(current, cluster, current.content, [change], guards.id)
        try:
            await self._store.remove(last)
        except OutcomeUnknown:
            raise
        except AwsFailed as failed:
            await self._keep(current, last, change, guards.id)
            failed.consequence = f'{cluster} stays managed.'
            raise
        await self.claims.release(claim)
        return last

    async def _keep(self, current: Revision, last: Revision, removal: Change, guards: str) -> None:
        """Withdraw the record of a removal that S3 refused. Raises `OutcomeUnknown` where that fails as well."""
        cluster = current.cluster
        origin = replace(removal.origin, message=f'S3 did not delete {cluster}.')
        kept = replace(removal, origin=origin, did={'verb': 'restore', 'revision': current.id})
        try:
            await self._store.write(last, cluster, current.content, [kept], guards)
        except AwsFailed as failed:
            where = 'Its removal is recorded; the next change of it, or the next attempt, completes it.'
            raise OutcomeUnknown(f'{cluster} is removed', where, failed) from failed
        except RevisionConflict as conflict:
            log.info('cluster %s: it changed after its removal was refused: %s', cluster, conflict)

    async def finish_removal(self, revision: Revision) -> None:
        """Delete what a revision records as removed. Raises `Unprocessable` where it has come back."""
        try:
            await self._under_way.run(self._store.remove(revision))
        except RevisionConflict as conflict:
            raise exists(revision.cluster) from conflict

    async def patch(self, cluster: str, patch: Patch) -> Revision:
        """Store one change; a `RevisionConflict` contains the difference to the revision that was expected."""
        try:
            with self._audited(cluster, patch.change):
                return await self._writer.patch(cluster, patch)
        except RevisionConflict as conflict:
            raise await explained(self._history, cluster, conflict, patch.expected) from conflict

    async def current(self, cluster: str, request: ChangeRequest) -> Revision:
        """The current revision. Raises `NotFound`, and `RevisionConflict` where another one was expected."""
        current = await self._store.read(cluster)
        if request.expected is not None and request.expected != current.id:
            conflict = stale(current, request.expected)
            raise await explained(self._history, cluster, conflict, request.expected) from conflict
        return current

    async def permit(self, current: Revision, change: Change) -> Change:
        """The change as it is recorded, where the content stays as it is. Raises `AccessDenied`, `Frozen`."""
        check_scope(change, current.document_or_empty, current.document_or_empty)
        guards = await self._gate.guards(current.cluster, current)
        with self._audited(current.cluster, change):
            return await self._gate.permit(guards, current.cluster, None, None, change)

    async def announce(self, revision: Revision) -> bool | None:
        """Announce a revision: true once that is done, false while it has to wait, None for a silent one."""
        if not revision.wants_announcing:
            return None
        # A write whose answer was lost, with another one over it: that process announces it first, or the next sweep.
        if revision.owed and not self._notifier.is_announcing(revision):
            return False
        return await self._notifier.announce(revision)

    async def announce_again(self, revision: Revision, change: Change) -> bool | None:
        """Announce a revision again; as `announce`."""
        if change.announce is None:
            return None
        self._audit.announced_again(revision, change)
        sent = await self._notifier.announce_again(revision, change)
        if not sent:
            try:
                await self._ledger.owe(revision, change.origin.by)
            except AwsFailed as failed:
                # It is queued here in any case, and lost only if this process ends before SQS answers.
                log.warning('cluster %s: a pending announcement is not recorded: %s', revision.cluster, failed)
        return sent

    async def preview(self, base: Revision, edit: Edit, change: Change, warnings: Sequence[Problem] = ()) -> Preview:
        """The plan of an edit of a revision, with what would fail at start. Raises the edit's refusal."""
        return await self._previews.rehearsed(_edited(base, edit, change, warnings))

    async def plan_now(self, base: Revision, edit: Edit, change: Change, warnings: Sequence[Problem] = ()) -> Preview:
        """The plan of an edit of a revision, to compare it with one that was shown. Raises the edit's refusal."""
        return await self._previews.preview(_edited(base, edit, change, warnings))

    async def with_side_effects(
        self,
        base: Revision,
        edit: Edit,
        change: Change,
        request: ChangeRequest,
        warnings: Sequence[Problem] = (),
        restart: datetime | None = None,
    ) -> Change:
        """The change with its side effects recorded, as far as they are known.

        Raises `UnconfirmedLoss` where something that runs would be lost, unless the request permits that, or carries
        out a plan that lists it. Where the edit refuses, the writer decides: the revision known here may be old.
        """
        if change.announce is None or base.unreadable or request.expected not in (None, base.id):
            return change
        try:
            after = edit(base.document)
        except NysaError:
            return change
        effects = await self.effects.of(base.cluster, base.document, after)
        lost = losses(effects)
        if lost and not request.may_lose and request.plan is None:
            plan = await self.plan_now(base, lambda _: after, change, warnings)
            raise refuse_losses(lost, replace(plan, restart=restart))
        return change.beside([effect.brief() for effect in effects])

    @contextlib.contextmanager
    def _audited(self, cluster: str, change: Change) -> Iterator[None]:
        """Record what a guard refuses within the block."""
        try:
            yield
        except (Frozen, Quarantined) as refusal:
            self._audit.refused(cluster, change, refusal)
            raise

    def refuse_outdated(self, wanted: str | None, now: Preview) -> None:
        """Raise `PlanOutdated` where a wanted plan differs from the one that would be carried out now."""
        if wanted is not None and now.id != wanted:
            raise PlanOutdated(
                f'Something that the plan {wanted[:100]} was made from has moved; nothing was changed. '
                f'The plan is now {now.id}: {now.summary}.',
                now.to_json(),
            )

    async def settled(self) -> None:
        """Wait until everything that this process stored is announced and marked."""
        await self._notifier.idle()
        await self._ledger.close()

    async def close(self) -> None:
        """Finish what was accepted: writes first, then their announcements."""
        await self._under_way.finished()
        await self._writer.drain()
        await self._gate.store.close()
        await self._notifier.close()
        await self._ledger.close()
        await self._audit.close()


def _edited(base: Revision, edit: Edit, change: Change, warnings: Sequence[Problem]) -> Edited:
    before = base.document_or_empty if change.replaces else base.document
    return Edited(base.cluster, base, before, edit(before), change, warnings)


def needs_no_approval(cluster: str) -> Unprocessable:
    return Unprocessable(f'This change of {cluster} needs no approval: make it directly. Nothing was stored.')


def exists(cluster: str) -> Unprocessable:
    return Unprocessable(f'The cluster {cluster!r} is managed here already.')
