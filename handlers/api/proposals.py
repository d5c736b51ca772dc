"""Proposals: changes that wait for the approval of other people."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from handlers.api.body import expect, expect_one_of
from handlers.api.operation import Parameter, operation
from handlers.api.parameters import CHANGE
from handlers.api.services import several
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.changes.approvers import Account, Approver
from stack.changes.proposal import Proposal, Proposed, State
from stack.changes.proposals import ProposalQuery, Vote
from stack.errors import AccessDenied, InvalidRequest

STATES = tuple(state.value for state in State)
DECISION = {'reason': 'text', 'plan': 'the id of a plan'}
NEW = {'services': 'changes by service', 'config': 'a desired state'}

LIST = (
    Parameter('state', f'Only proposals in one state: {", ".join(STATES)}.'),
    Parameter('limit', 'The number of proposals, from 1 to 200. Default: 50.', kind='integer'),
    Parameter('after', 'The `next` of the previous page.'),
)
LIST_OPEN = (Parameter('state', f'{LIST[0].help} Default: open.'), *LIST[1:])
OVERRIDE = (Parameter('override', 'The reason to carry it out without its approvals; requires the role admin.'),)
PROPOSE = tuple(each for each in CHANGE if each.name in ('message', 'deploy', 'If-Match'))


class ProposalHandler(ApiHandler):
    """What the verbs share."""

    def approver(self) -> Approver:
        return Approver(Account.of(self.caller), self.caller)

    def shown(self, proposal: Proposal, **more: Any) -> dict[str, Any]:
        """A proposal, with whether the caller can approve it."""
        reason = self.context.proposals.why_not(self.approver(), proposal)
        able = {'can_approve': reason is None} | ({'why_not': reason} if reason else {})
        return {**proposal.shown(datetime.now(UTC)), **able, **more}

    async def reply_page(self, cluster: str | None, default: State | None) -> None:
        query = ProposalQuery(self.caller.may_see, cluster, read_state(self.query.text('state'), default))
        limit, after = self.query.number('limit', 50, 1, 200), self.query.text('after')
        found, following = await self.context.proposals.page(query, limit, after)
        self.reply({'content': [self.shown(each) for each in found], 'next': following})

    def vote(self) -> Vote:
        """The caller's decision. Raises `InvalidRequest`, and `AccessDenied` for an override by no admin."""
        given = self.body.fields(DECISION)
        for name, allowed in DECISION.items():
            expect(name, given.get(name), str, allowed)
        request = self.change_request().because(given.get('reason'))
        origin = request.origin
        return Vote(self.approver(), origin.message, given.get('plan'), origin.source, request.override)


class Proposals(ProposalHandler):
    @operation(Role.VIEWER, answer='ProposalPage', parameters=LIST, refusals=(400, 404))
    async def get(self, cluster: str) -> None:
        """List the proposals of a cluster, newest first."""
        await self.context.states.read(cluster)
        await self.reply_page(cluster, None)

    @operation(
        Role.DEPLOYER,
        status=201,
        body='NewProposal',
        answer='Proposal',
        parameters=PROPOSE,
        refusals=(400, 404, 409, 412, 413, 415, 422),
    )
    async def post(self, cluster: str) -> None:
        """Propose a change: of services, or of the whole desired state, which requires the role admin.

        A change that needs approval becomes a proposal by itself; this refuses one that needs none.
        """
        given = self.body.fields(NEW)
        request = replace(self.change_request(), only_propose=True, dry_run=False, override=None)
        states = self.context.states
        if ('services' in given) == ('config' in given):
            raise InvalidRequest(
                'Give either services or config.', [{'path': 'services', 'message': 'this, or config'}]
            )
        if 'services' in given:
            edits = several(given['services'], request.moment, self.caller.role)
            outcome = await states.change_services(cluster, edits, request)
        else:
            if self.caller.role < Role.ADMIN:
                raise AccessDenied('Proposing a whole desired state requires the role admin.')
            outcome = await states.replace(cluster, given['config'], request)
        if isinstance(outcome, Proposed):
            proposal, plan = await self.context.proposals.read(cluster, outcome.proposal.id)
            self.reply(self.shown(proposal, plan=plan), revision=proposal.base)


class OneProposal(ProposalHandler):
    @operation(Role.VIEWER, answer='Proposal', refusals=(404,))
    async def get(self, cluster: str, proposal: str) -> None:
        """Read a proposal: its plan, who may approve it, and who has.

        Values that look like secrets are masked for viewers.
        """
        found, plan = await self.context.proposals.read(cluster, proposal)
        self.reply(self.shown(found, plan=plan))


class Approve(ProposalHandler):
    @operation(
        Role.DEPLOYER,
        body='Decision',
        answer='DecidedProposal',
        parameters=OVERRIDE,
        refusals=(400, 404, 409, 412, 413, 415, 423),
        seconds=50.0,
    )
    async def post(self, cluster: str, proposal: str) -> None:
        """Approve a proposal. The approval that completes its quorum carries out exactly its plan.

        412 with the new plan where something has moved that the plan was made from: no approval of the old one counts.
        """
        decided = await self.context.proposals.approve(cluster, proposal, self.vote())
        self.reply(self.shown(decided, message=message_of(decided)))


class Reject(ProposalHandler):
    @operation(Role.DEPLOYER, body='Decision', answer='DecidedProposal', refusals=(400, 404, 409, 412, 413, 415))
    async def post(self, cluster: str, proposal: str) -> None:
        """Reject a proposal: callers that may approve it, or its author, who withdraws it so."""
        decided = await self.context.proposals.reject(cluster, proposal, self.vote())
        self.reply(self.shown(decided, message='rejected'))


class AllProposals(ProposalHandler):
    @operation(Role.VIEWER, answer='ProposalPage', parameters=LIST_OPEN, refusals=(400,))
    async def get(self) -> None:
        """List the proposals of all clusters that the caller may see, by cluster and newest first."""
        await self.reply_page(None, State.OPEN)


def message_of(proposal: Proposal) -> str:
    """What an approval did, for a person."""
    if proposal.state is State.CARRIED_OUT:
        return 'deploying...' if proposal.announce else 'stored, not deployed'
    return f'approved; {len(proposal.approvals)} so far, more are needed'


def read_state(text: str | None, default: State | None) -> State | None:
    """Raises `InvalidRequest` for an unknown state."""
    if text is None:
        return default
    expect_one_of('state', text, STATES)
    return State(text)
