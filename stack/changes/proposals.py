"""The use cases of proposals: propose, list, approve, reject."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from stack.access.access import Role
from stack.aws.ports import ListedObject
from stack.changes.approval_policy import expires_after, requirements
from stack.changes.approvers import Account, Approver, Decision, missing, why_not
from stack.changes.carrying_out import CarryingOut, ended
from stack.changes.change_request import Wanted
from stack.changes.change_scope import check_scope
from stack.changes.changes import Changes
from stack.changes.proposal import NAMES_LIMIT, Body, Proposal, Proposed, State
from stack.changes.proposal_log import ProposalLog, origin
from stack.changes.proposal_store import ProposalStore, Stored, Written, cluster_of, may_be_open, new_id
from stack.changes.proposed_edit import edit_between
from stack.changes.standings import Standings, approver_now
from stack.changes.writer import stale
from stack.errors import ApprovalDenied, Conflict, NysaError, PlanOutdated, PreconditionFailed, ProposalEnded
from stack.state import revisions
from stack.state.revisions import ID_LIKE

ATTEMPTS = 20
# Of one cluster; more would bury those that matter.
MOST_OPEN = 100
# The records that one page of a listing looks at.
MOST_SCANNED = 1_000

READ_AT_ONCE = 50


@dataclass(frozen=True)
class ProposalQuery:
    """The proposals of a cluster, or of all (None) that the caller may see, in one state or in any (None)."""

    may_see: Callable[[str], bool]
    cluster: str | None = None
    state: State | None = None

    @property
    def is_young(self) -> bool:
        """Whether old proposals cannot be among them."""
        return self.state in (State.OPEN, State.APPROVED)

    def matches(self, proposal: Proposal, now: datetime) -> bool:
        return self.state in (None, proposal.state_at(now))


@dataclass(frozen=True)
class Vote:
    """The decision of a caller: its account, and what it may do; why; on which plan; from where.

    Without a plan it is on the first one. `override` is the reason to carry it out without further approvals, None to
    wait for them.
    """

    approver: Approver
    reason: str = ''
    plan: str | None = None
    source: str = ''
    override: str | None = None

    @property
    def account(self) -> Account:
        return self.approver.account


class Proposals:
    def __init__(
        self,
        store: ProposalStore,
        changes: Changes,
        carrying_out: CarryingOut,
        standings: Standings,
        recorded: ProposalLog,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self.recorded = recorded
        self._store = store
        self._changes = changes
        self._carrying_out = carrying_out
        self._standings = standings
        self._now = now

    async def propose(self, wanted: Wanted, refusal: NysaError) -> Proposed:
        """Store a change that needs approval as a proposal; the same one of the same author is stored once.

        Raises the refusal where no person asks for the change, or where it needs no approval, and `Conflict` where too
        many are open.
        """
        author = wanted.request.author
        if author is None:
            raise refusal
        cluster = wanted.cluster
        base = await self._changes.current(cluster, wanted.request)
        document = wanted.edit(base.document)
        needed = requirements(base.document, document, wanted.change)
        if not needed:
            raise refusal
        check_scope(wanted.change, base.document, document)
        preview = await self._changes.preview(base, lambda _: document, wanted.change, wanted.warnings)
        preview = replace(preview, more=wanted.more, restart=wanted.restart)
        if wanted.request.plan is not None and preview.revision != wanted.request.expected:
            raise stale(base, str(wanted.request.expected))
        now, plan = self._now(), preview.to_json()
        open_now = await self._young(cluster, State.OPEN)
        same = [each for each in open_now if each.plan_id == preview.id and each.author == author]
        if same:
            return Proposed(same[0], wanted.more)
        if len(open_now) >= MOST_OPEN:
            raise Conflict(f'{cluster} has {len(open_now)} open proposals; approve or reject some first.')
        proposal = Proposal(
            id=new_id(now),
            cluster=cluster,
            plan_id=preview.id,
            base=base.id,
            first=base.id,
            author=author,
            origin=wanted.change.origin,
            at=now,
            expires_at=now + expires_after(needed),
            needed=needed,
            did=wanted.change.did,
            announce=wanted.change.announce,
            summary=preview.summary,
            restart=wanted.restart,
        )
        _refuse_too_long(proposal)
        stored = await self._store.create(proposal, Body(document, plan, edit_between(base.document, document)))
        self.recorded.proposed(stored.proposal)
        return Proposed(stored.proposal, wanted.more)

    async def read(self, cluster: str, id: str) -> tuple[Proposal, dict[str, Any]]:
        """A proposal and its plan. Raises `NotFound`."""
        stored = await self._store.read(cluster, id)
        return stored.proposal, dict((await self._store.body(stored.proposal)).plan)

    async def page(
        self, query: ProposalQuery, limit: int, after: str | None = None
    ) -> tuple[list[Proposal], str | None]:
        """Up to `limit` proposals by cluster, the newest first, and the cursor of the next page.

        A page may be short, and have a next one, where few of many match.
        """
        now = self._now()
        scanned = None if query.is_young else MOST_SCANNED
        listed = await self._store.keys(query.cluster, after, scanned)
        keys = [each for each in listed if query.may_see(cluster_of(each.key))]
        if query.is_young:
            keys = [each for each in keys if may_be_open(each.key, now)]
        found: list[Proposal] = []
        for start in range(0, len(keys), READ_AT_ONCE):
            read = await self._read_listed(keys[start : start + READ_AT_ONCE])
            for each, proposal in read:
                if query.matches(proposal, now):
                    found.append(proposal)
                if len(found) == limit:
                    return found, None if each is keys[-1] and len(listed) != scanned else each.key
        return found, listed[-1].key if listed and len(listed) == scanned else None

    async def young(self, cluster: str | None) -> list[Proposal]:
        """The proposals of a cluster, or of all, that are young enough to be open or under way."""
        return await self._young(cluster, *State)

    async def written_since(self, at: datetime, most: int) -> Written:
        """See `stack.changes.proposal_store.ProposalStore.written_since`."""
        return await self._store.written_since(at, most)

    def why_not(self, approver: Approver, proposal: Proposal) -> str | None:
        """Why a caller cannot approve a proposal; None where it can."""
        now = self._now()
        if proposal.state_at(now) is not State.OPEN:
            return ended(proposal, now).message
        if proposal.has_approved(approver.account):
            return 'You have approved it.'
        return why_not(approver, proposal.author, proposal.needed)

    async def approve(self, cluster: str, id: str, vote: Vote) -> Proposal:
        """Approve a proposal; the approval that completes its quorum carries it out.

        Raises `ApprovalDenied` for a caller whose approval does not count, `ProposalEnded` for a late one,
        `PlanOutdated` where the plan that the caller saw, or any plan, has moved; and what `carry_out` raises.
        """
        await self._standings.refresh()
        for _ in range(ATTEMPTS):
            stored = await self._store.read(cluster, id)
            proposal = stored.proposal
            if proposal.state in (State.APPROVED, State.CARRIED_OUT) and proposal.has_approved(vote.account):
                return await self._carrying_out.carry_out(stored)
            with self._denials(proposal, 'approve', vote):
                await self._check(stored, vote)
            try:
                return await self._approved(stored, vote)
            except PreconditionFailed:
                continue
        raise Conflict(f'Many people decide on the proposal {id} at once; try again.')

    async def reject(self, cluster: str, id: str, vote: Vote) -> Proposal:
        """Reject a proposal: who may approve it may reject it, and its author may withdraw it.

        Raises `ApprovalDenied`, `ProposalEnded`, `PlanOutdated` where it has another plan than the caller saw.
        """
        await self._standings.refresh()
        for _ in range(ATTEMPTS):
            stored = await self._store.read(cluster, id)
            proposal = stored.proposal
            with self._denials(proposal, 'reject', vote):
                if not (await approver_now(self._standings, vote.account)).account.is_same(proposal.author):
                    await self._check(stored, vote)
                elif proposal.state_at(self._now()) is not State.OPEN:
                    raise ended(proposal, self._now())
            decision = Decision(vote.account, self._now(), vote.reason)
            rejected = replace(proposal, state=State.REJECTED, rejections=(*proposal.rejections, decision))
            try:
                written = await self._store.write(stored, rejected)
            except PreconditionFailed:
                continue
            self.recorded.rejected(written.proposal, decision, vote.source)
            return written.proposal
        raise Conflict(f'Many people decide on the proposal {id} at once; try again.')

    async def resume(self, proposal: Proposal) -> None:
        """Carry out what was approved and not carried out, by a process that has ended since."""
        await self._standings.refresh()
        stored = await self._store.read(proposal.cluster, proposal.id)
        await self._carrying_out.carry_out(stored)

    async def _approved(self, stored: Stored, vote: Vote) -> Proposal:
        decision = Decision(vote.account, self._now(), vote.override or vote.reason)
        proposal = stored.proposal.approved(decision)
        approvers = await self._carrying_out.approvers(proposal)
        complete = vote.override or not missing(approvers, proposal.author, proposal.needed)
        if not complete:
            await self._carrying_out.current_plan(stored)
            if proposal is stored.proposal:
                return proposal
            written = await self._store.write(stored, proposal)
            self.recorded.approved(written.proposal, decision, vote.source)
            return written.proposal
        intent = replace(proposal, state=State.APPROVED, approved_at=self._now(), override=vote.override)
        await self._carrying_out.refuse_frozen(intent)
        written = await self._store.write(stored, intent)
        self.recorded.approved(written.proposal, decision, vote.source)
        return await self._carrying_out.carry_out(written)

    async def _check(self, stored: Stored, vote: Vote) -> None:
        """Raise `ProposalEnded`, `PlanOutdated` or `ApprovalDenied` where a vote does not count."""
        proposal = stored.proposal
        if proposal.state_at(self._now()) is not State.OPEN:
            raise ended(proposal, self._now())
        approver = await approver_now(self._standings, vote.account)
        if vote.override and approver.caller.role < Role.ADMIN:
            raise ApprovalDenied('Carrying a proposal out without its approvals requires the role admin.')
        if not approver.caller.may_see(proposal.cluster):
            raise ApprovalDenied(f'{proposal.cluster} is not among your clusters.')
        refusal = why_not(approver, proposal.author, proposal.needed)
        if refusal and not vote.override:
            raise ApprovalDenied(refusal)
        if vote.plan != proposal.plan_id and (vote.plan is not None or proposal.renewals):
            plan = (await self._store.body(proposal)).plan
            raise PlanOutdated(
                f'The proposal {proposal.id} has another plan now, {proposal.plan_id}: {proposal.summary}. '
                'Look at it, and decide on that one.',
                plan,
            )

    async def _young(self, cluster: str | None, *states: State) -> list[Proposal]:
        """The proposals in some states among those that are young enough to be open."""
        now = self._now()
        keys = [each for each in await self._store.keys(cluster) if may_be_open(each.key, now)]
        return [each for _, each in await self._read_listed(keys) if each.state_at(now) in states]

    async def _read_listed(self, keys: Sequence[ListedObject]) -> list[tuple[ListedObject, Proposal]]:
        """The listed proposals that can be read."""
        found = await asyncio.gather(*(self._store.listed(each) for each in keys))
        return [(key, proposal) for key, proposal in zip(keys, found, strict=True) if proposal]

    @contextlib.contextmanager
    def _denials(self, proposal: Proposal, verb: str, vote: Vote) -> Iterator[None]:
        """Record the decision of a caller that does not count."""
        try:
            yield
        except (ApprovalDenied, ProposalEnded, PlanOutdated) as refusal:
            self.recorded.denied(proposal, verb, origin(vote.account, vote.reason, vote.source), refusal)
            raise


def _refuse_too_long(proposal: Proposal) -> None:
    """Raise `TooLarge` where the record of the revision has no room for as many approvers as it names at most."""
    change = replace(proposal.change(proposal.at), approved={'proposal': proposal.id, 'by': ['x' * NAMES_LIMIT]})
    revisions.encode(ID_LIKE, [change], ID_LIKE)
