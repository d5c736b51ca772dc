"""Carries approved proposals out: exactly the plan that was approved, and at most once.

The intent is stored before the change: the state `approved`. The change is stored over the very revision that the plan
was made from, by a conditional write that can succeed once, and its record names the proposal. A process that
finds the intent later finds in the history whether it was carried out. See
docs/decisions/approvals.md.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from stack.changes.approval_policy import requirements
from stack.changes.approvers import Approver, missing
from stack.changes.change_request import ChangeRequest
from stack.changes.changes import Changes
from stack.changes.preview import Preview
from stack.changes.proposal import Body, Proposal, State
from stack.changes.proposal_log import ProposalLog
from stack.changes.proposal_store import ProposalStore, Stored
from stack.changes.proposed_edit import edited
from stack.changes.standings import Standings, approvers_now
from stack.changes.writer import Patch
from stack.errors import (
    AwsFailed,
    Conflict,
    NotFound,
    NysaError,
    PlanOutdated,
    PreconditionFailed,
    ProposalEnded,
    RevisionConflict,
)
from stack.runtime.off_loop import call_off_loop
from stack.stackfile.check import check
from stack.stackfile.problems import Report, new_mistakes
from stack.state.history import History
from stack.state.revisions import Revision

log = logging.getLogger(__name__)

# How often a proposal is tried while others decide on it too.
ATTEMPTS = 10
# The pages of a history that are searched for a proposal, and the revisions on each.
PAGES, PAGE = 20, 50
# An intent that was not carried out for longer is dropped: the approvals have to be repeated.
CARRIED_OUT_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class Search:
    """The revision that carried a proposal out, if one did; without `complete` not all that may have was looked at."""

    revision: str | None
    complete: bool


class CarryingOut:
    def __init__(
        self,
        store: ProposalStore,
        changes: Changes,
        history: History,
        standings: Standings,
        recorded: ProposalLog,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self._store = store
        self._changes = changes
        self._history = history
        self._standings = standings
        self._recorded = recorded
        self._now = now

    async def carry_out(self, stored: Stored) -> Proposal:
        """Carry out an approved proposal, or find that it was.

        Raises `PlanOutdated` where its plan has moved: it is open again then, with the new plan and no approvals;
        `ProposalEnded` where there is no such plan any more; and what the guards and the write raise. After an
        `AwsFailed` it stays approved, and is carried out later.
        """
        for _ in range(ATTEMPTS):
            proposal = stored.proposal
            if proposal.state is not State.APPROVED:
                return proposal
            try:
                return await self._attempt(stored)
            except (PreconditionFailed, RevisionConflict):
                stored = await self._store.read(proposal.cluster, proposal.id)
        raise Conflict(f'{stored.proposal.cluster} kept changing at the same time; the proposal is tried again later.')

    async def _attempt(self, stored: Stored) -> Proposal:
        proposal = stored.proposal
        base = await self._base(stored)
        search = await self._search(proposal, base)
        if search.revision:
            return await self.finish(proposal, search.revision)
        if self._is_stale(proposal):
            raise await self._reopened(stored, Conflict('The approvals were not carried out in time; approve again.'))
        if base.id != proposal.base or not search.complete:
            raise await self._renewed(stored, base, search)
        body = await self._store.body(proposal)
        if (await self._plan(base, proposal, body)).id != proposal.plan_id:
            raise await self._renewed(stored, base, search)
        if not proposal.override and missing(await self.approvers(proposal), proposal.author, proposal.needed):
            raise await self._reopened(stored, Conflict('People who approved may not approve any more.'))
        return await self.finish(proposal, (await self._write(stored, base, body)).id)

    async def _write(self, stored: Stored, base: Revision, body: Body) -> Revision:
        proposal = stored.proposal

        def edit(_: object) -> dict[str, object]:
            return dict(body.document)

        request = ChangeRequest(proposal.origin, base.id, plan=proposal.plan_id)
        change = await self._changes.with_side_effects(base, edit, proposal.change(self._now()), request)
        try:
            revision = await self._changes.patch(proposal.cluster, Patch(edit, change, base.id))
        except (AwsFailed, RevisionConflict):
            raise
        except NysaError as refusal:
            raise await self._reopened(stored, refusal) from refusal
        await self._changes.announce(revision)
        return revision

    async def finish(self, proposal: Proposal, revision: str) -> Proposal:
        """Record the revision that carried a proposal out, whatever others have recorded meanwhile.

        It is carried out even where S3 does not store that: the history has it, and the next reader finds it there.
        """
        done = replace(proposal, state=State.CARRIED_OUT, revision=revision)
        try:
            for _ in range(ATTEMPTS):
                current = await self._store.read(proposal.cluster, proposal.id)
                if current.proposal.state is State.CARRIED_OUT:
                    return current.proposal
                try:
                    done = (await self._store.write(current, replace(done, serial=current.proposal.serial))).proposal
                except PreconditionFailed:
                    continue
                self._recorded.carried_out(done)
                break
        except (AwsFailed, NotFound) as failed:
            log.warning('proposal %s of %s: that it is carried out is not recorded: %s', done.id, done.cluster, failed)
        return done

    async def current_plan(self, stored: Stored) -> Preview:
        """The plan of an open proposal, if it is what would happen now. Raises `PlanOutdated`, `ProposalEnded`."""
        proposal = stored.proposal
        base = await self._base(stored)
        if base.id == proposal.base:
            now = await self._plan(base, proposal, await self._store.body(proposal))
            if now.id == proposal.plan_id:
                return now
        raise await self._renewed(stored, base, await self._search(proposal, base))

    async def refuse_frozen(self, proposal: Proposal) -> None:
        """Raise `Frozen` where a freeze would refuse a proposal now, so that its intent is not even stored."""
        base = await self._changes.current(proposal.cluster, ChangeRequest(proposal.origin))
        await self._changes.permit(base, proposal.change(self._now()))

    async def approvers(self, proposal: Proposal) -> list[Approver]:
        """The people who approved, with what they may do now; those who may do nothing any more are left out."""
        return await approvers_now(self._standings, proposal.approvals, proposal.cluster)

    def _is_stale(self, proposal: Proposal) -> bool:
        return proposal.approved_at is None or self._now() - proposal.approved_at > CARRIED_OUT_WITHIN

    async def _base(self, stored: Stored) -> Revision:
        proposal = stored.proposal
        try:
            return await self._changes.current(proposal.cluster, ChangeRequest(proposal.origin))
        except NotFound as gone:
            raise await self._outdated(stored, f'{proposal.cluster} is not managed any more.') from gone

    async def _search(self, proposal: Proposal, base: Revision) -> Search:
        """Look for a proposal in the history, from `base` back to the revision that its first plan was made from.

        Read after `base`: with the conditional write over it, that no revision is overlooked is certain.
        """
        if base.id == proposal.first:
            return Search(None, complete=True)
        found, after = None, None
        for _ in range(PAGES):
            try:
                page = await self._history.page(proposal.cluster, PAGE, after)
            except NotFound:
                break
            for row in page.rows:
                if row['revision'] == proposal.first:
                    return Search(found, complete=True)
                if any(_carries_out(change, proposal) for change in row['changes']):
                    found = row['revision']
            after = page.following
            if after is None:
                break
        return Search(found, complete=False)

    async def _plan(self, base: Revision, proposal: Proposal, body: Body) -> Preview:
        document = dict(body.document)
        now = await self._changes.plan_now(base, lambda _: document, proposal.change(self._now()))
        return replace(now, restart=proposal.restart)

    async def _renewed(self, stored: Stored, base: Revision, search: Search) -> PlanOutdated:
        """Give a proposal the plan that it has now, without approvals; the refusal of what was based on the old one.

        Raises `ProposalEnded` where it has none, or where the history does not prove that it was not carried out.
        """
        proposal = stored.proposal
        if search.revision:
            done = await self.finish(proposal, search.revision)
            raise ended(done, self._now())
        if not search.complete:
            raise await self._outdated(stored, 'The history does not reach back to what it was made from.')
        body = await self._store.body(proposal)
        document = await self._edited(stored, base, body)
        change = replace(proposal.change(self._now()), override=None, approved=None)
        preview = replace(await self._changes.preview(base, lambda _: document, change), restart=proposal.restart)
        renewed = replace(
            proposal,
            plan_id=preview.id,
            base=base.id,
            needed=requirements(base.document, document, change) or proposal.needed,
            summary=preview.summary,
            state=State.OPEN,
            approvals=(),
            override=None,
            approved_at=None,
            renewals=proposal.renewals + 1,
        )
        plan = {**preview.to_json(), **_more(body, preview)}
        await self._store.put_body(renewed, Body(document, plan, body.edit))
        written = await self._store.write(stored, renewed)
        self._recorded.renewed(written.proposal)
        return PlanOutdated(
            f'Something that the plan {proposal.plan_id} was made from has moved; nothing was changed, and no approval '
            f'of it counts. The plan is now {preview.id}: {preview.summary}.',
            plan,
        )

    async def _edited(self, stored: Stored, base: Revision, body: Body) -> dict[str, object]:
        """The document that a proposal would store over a newer revision. Raises `ProposalEnded`."""
        proposal = stored.proposal
        if base.id == proposal.base:
            return dict(body.document)
        if body.edit is None:
            raise await self._outdated(stored, 'It cannot be made of the revision that is stored now.')
        try:
            document = edited(base.document, body.edit)
        except (AttributeError, TypeError, ValueError) as error:
            raise await self._outdated(stored, 'It does not fit what is stored now.') from error
        if document == base.document:
            raise await self._outdated(stored, 'What it proposes is stored already.')
        before, after = await call_off_loop(_reports, base.document, document, proposal.cluster)
        if mistakes := new_mistakes(before, after):
            raise await self._outdated(stored, f'It would be invalid now: {mistakes[0].message}.')
        return document

    async def _outdated(self, stored: Stored, because: str) -> ProposalEnded:
        """End a proposal that cannot be carried out any more."""
        written = await self._store.write(stored, replace(stored.proposal, state=State.OUTDATED, because=because))
        self._recorded.outdated(written.proposal)
        return ended(written.proposal, self._now())

    async def _reopened(self, stored: Stored, refusal: NysaError) -> NysaError:
        """Open a proposal again that is refused now: its approvals stay, and the next one tries again."""
        open_again = replace(stored.proposal, state=State.OPEN, approved_at=None, override=None)
        written = await self._store.write(stored, open_again)
        self._recorded.refused(written.proposal, refusal)
        return refusal


def _carries_out(change: dict[str, object], proposal: Proposal) -> bool:
    approved = change.get('approved')
    return isinstance(approved, dict) and approved.get('proposal') == proposal.id


def _more(body: Body, preview: Preview) -> dict[str, object]:
    """The keys of a former plan that a new one does not make by itself, such as those of a promotion."""
    known = preview.to_json().keys()
    return {key: value for key, value in body.plan.items() if key not in known}


def _reports(before: object, after: object, cluster: str) -> tuple[Report, Report]:
    return check(before, cluster=cluster), check(after, cluster=cluster)


def ended(proposal: Proposal, now: datetime) -> ProposalEnded:
    """The refusal of a decision on a proposal that is no longer open."""
    state = proposal.state_at(now)
    what = {
        State.CARRIED_OUT: f'was carried out as the revision {proposal.revision}',
        State.APPROVED: 'is being carried out',
        State.REJECTED: f'was rejected by {proposal.rejections[-1].account.name}'
        if proposal.rejections
        else 'was rejected',
        State.EXPIRED: f'expired at {proposal.expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC',
        State.OUTDATED: f'is outdated: {proposal.because}',
    }.get(state, state.value)
    return ProposalEnded(f'The proposal {proposal.id} {what.rstrip(".")}.', proposal.short(now))
