"""A proposal: a change that waits for the approval of other people, bound to its plan.

Its record is small and changes with each decision. What it would do, its plan and its document, is in an object of its
own, named by the plan, which never changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from stack.changes.approval_policy import Requirement, most_required, read_requirement, who_may_approve
from stack.changes.approvers import Account, Decision, read_account, read_decision
from stack.runtime.moments import stamp
from stack.state.revisions import Change, Origin

# The names of approvers in the record of a revision, in bytes.
NAMES_LIMIT = 300


class State(StrEnum):
    """Values of the API. An `open` one past its time is `expired`, without a write."""

    OPEN = 'open'
    APPROVED = 'approved'
    REJECTED = 'rejected'
    EXPIRED = 'expired'
    OUTDATED = 'outdated'
    CARRIED_OUT = 'carried-out'


@dataclass(frozen=True)
class Proposal:
    """The record of a proposal.

    `base` is the revision that its plan was made from, `first` that of its first plan. `did` and `announce` are those
    of the change that carries it out, `restart` the time that this writes. `approvals` are of the current plan alone;
    `renewals` counts the plans before it. `serial` counts its writes, so that no two have the same content. `because`
    is why it is outdated, `revision` what carried it out, `override` the reason to do so without a quorum.
    """

    id: str
    cluster: str
    plan_id: str
    base: str
    first: str
    author: Account
    origin: Origin
    at: datetime
    expires_at: datetime
    needed: tuple[Requirement, ...]
    did: Mapping[str, Any]
    announce: str | None
    summary: str
    state: State = State.OPEN
    restart: datetime | None = None
    approvals: tuple[Decision, ...] = ()
    rejections: tuple[Decision, ...] = ()
    renewals: int = 0
    override: str | None = None
    because: str | None = None
    revision: str | None = None
    approved_at: datetime | None = None
    serial: int = 0

    def state_at(self, now: datetime) -> State:
        return State.EXPIRED if self.state is State.OPEN and now >= self.expires_at else self.state

    @property
    def decided_by(self) -> str | None:
        """Who approved or rejected it last."""
        decisions = self.rejections or self.approvals
        return decisions[-1].account.name if decisions else None

    def has_approved(self, account: Account) -> bool:
        """Whether a person has approved the current plan."""
        return any(each.account.is_same(account) for each in self.approvals)

    def approved(self, decision: Decision) -> 'Proposal':
        """The proposal with one more approval, which replaces an earlier one of the same person."""
        if any(each.account == decision.account for each in self.approvals):
            return self
        others = tuple(each for each in self.approvals if not each.account.is_same(decision.account))
        return replace(self, approvals=(*others, decision))

    def change(self, at: datetime) -> Change:
        """The change that carries it out: its author is that of the proposal."""
        return Change(self.origin, at, dict(self.did), self.announce, self.override, approved=approved_record(self))

    def short(self, now: datetime) -> dict[str, Any]:
        """The proposal as events have it."""
        return {
            'id': self.id,
            'cluster': self.cluster,
            'state': self.state_at(now).value,
            'plan_id': self.plan_id,
            'summary': self.summary,
            'by': self.origin.by,
            'reason': self.origin.message or None,
            'created_at': stamp(self.at),
            'expires_at': stamp(self.expires_at),
            'required': most_required(self.needed),
            'approvals': len(self.approvals),
            'renewals': self.renewals,
            'serial': self.serial,
            'decided_by': self.decided_by,
            'revision': self.revision,
        }

    def shown(self, now: datetime) -> dict[str, Any]:
        """The proposal as REST has it, without its plan."""
        return {
            **self.short(now),
            'at': stamp(self.at),
            'base': self.base,
            'did': dict(self.did),
            'approvals': [each.shown() for each in self.approvals],
            'rejections': [each.shown() for each in self.rejections],
            'requirements': [each.to_json() for each in self.needed],
            'may_approve': who_may_approve(self.needed),
            'override': self.override,
            'because': self.because,
        }

    def to_json(self) -> dict[str, Any]:
        """The record as it is stored."""
        origin = self.origin
        return {
            'id': self.id,
            'cluster': self.cluster,
            'plan_id': self.plan_id,
            'base': self.base,
            'first': self.first,
            'author': self.author.to_json(),
            'origin': {
                'by': origin.by,
                'source': origin.source,
                'message': origin.message,
                'subject': origin.subject,
            },
            'at': stamp(self.at),
            'expires_at': stamp(self.expires_at),
            'needed': [each.to_json() for each in self.needed],
            'did': dict(self.did),
            'announce': self.announce,
            'summary': self.summary,
            'state': self.state.value,
            'restart': _stamp(self.restart),
            'approvals': [each.to_json() for each in self.approvals],
            'rejections': [each.to_json() for each in self.rejections],
            'renewals': self.renewals,
            'override': self.override,
            'because': self.because,
            'revision': self.revision,
            'approved_at': _stamp(self.approved_at),
            'serial': self.serial,
        }


def read_proposal(stored: Mapping[str, Any]) -> Proposal:
    """A proposal as `to_json` wrote it. Raises KeyError, TypeError, ValueError, voluptuous's `Invalid`."""
    return Proposal(
        **{
            **stored,
            'author': read_account(stored['author']),
            'origin': Origin(**stored['origin']),
            'at': datetime.fromisoformat(stored['at']),
            'expires_at': datetime.fromisoformat(stored['expires_at']),
            'needed': tuple(read_requirement(each) for each in stored['needed']),
            'state': State(stored['state']),
            'restart': _moment(stored['restart']),
            'approvals': _decisions(stored['approvals']),
            'rejections': _decisions(stored['rejections']),
            'approved_at': _moment(stored['approved_at']),
        }
    )


def approved_record(proposal: Proposal) -> dict[str, Any]:
    """What the record of the revision has of a proposal: its id, and as many approvers as there is room for."""
    names: list[str] = []
    for decision in proposal.approvals:
        if sum(map(len, names)) + len(decision.account.name.encode('unicode_escape')) > NAMES_LIMIT:
            break
        names.append(decision.account.name)
    return {'proposal': proposal.id, 'by': names}


def _decisions(stored: Sequence[Mapping[str, Any]]) -> tuple[Decision, ...]:
    return tuple(read_decision(each) for each in stored)


def _stamp(moment: datetime | None) -> str | None:
    return stamp(moment) if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@dataclass(frozen=True)
class Body:
    """What a proposal would do: the document that it stores, its plan as it is shown, and its edit, if it has one."""

    document: Mapping[str, Any]
    plan: Mapping[str, Any]
    edit: Mapping[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        return {'document': dict(self.document), 'plan': dict(self.plan), 'edit': self.edit}


@dataclass(frozen=True)
class Proposed:
    """The outcome of a change that waits for approval; `more` are further keys of the answer."""

    proposal: Proposal
    more: Mapping[str, Any]
