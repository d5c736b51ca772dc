"""People who propose and approve: whether two accounts are of one person, and which approvals count.

An account is what a caller acted through, with all that is needed to read again what it may do. Two accounts are of one
person where they share a name, an account at the provider, or the token that spoke for them; and where one of them
created the token of the other, whose secret it has seen.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from stack.access.access import ROLES, Caller
from stack.changes.approval_policy import Requirement, who_may_approve
from stack.runtime.moments import stamp
from stack.stackfile.approval_fields import GROUP, ROLE


@dataclass(frozen=True)
class Account:
    """What a caller acted through. `name` is recorded as its author; `speaker` is the token that spoke for it."""

    name: str
    via: str
    subject: str = ''
    token: str | None = None
    session: str | None = None
    speaker: str | None = None
    created_by: str | None = None
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, caller: Caller) -> 'Account':
        return cls(
            caller.name,
            caller.via,
            caller.subject,
            caller.token,
            caller.session,
            caller.speaker,
            caller.created_by,
            caller.groups,
        )

    @property
    def names(self) -> frozenset[str]:
        """Everything that identifies the person."""
        names = {f'name {alike(self.name)}'}
        names |= {f'name {alike(self.speaker)}'} if self.speaker else set()
        return frozenset(names | ({f'subject {self.subject}'} if self.subject else set()))

    def is_same(self, other: 'Account') -> bool:
        """Whether both are accounts of one person."""
        return bool(self.names & other.names) or self._created(other) or other._created(self)

    def _created(self, other: 'Account') -> bool:
        return other.created_by is not None and f'name {alike(other.created_by)}' in self.names

    def to_json(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value not in (None, '', ())}


def read_account(stored: Mapping[str, Any]) -> Account:
    """An account as `to_json` wrote it. Raises KeyError, TypeError."""
    return Account(**{**stored, 'groups': tuple(stored.get('groups', ()))})


def alike(name: str) -> str:
    """The same for names that a reader takes for one."""
    return unicodedata.normalize('NFKC', name).casefold()


@dataclass(frozen=True)
class Decision:
    """One approval or rejection."""

    account: Account
    at: datetime
    reason: str = ''

    def shown(self) -> dict[str, Any]:
        return {'by': self.account.name, 'at': stamp(self.at), 'reason': self.reason or None}

    def to_json(self) -> dict[str, Any]:
        return {'account': self.account.to_json(), 'at': stamp(self.at), 'reason': self.reason}


def read_decision(stored: Mapping[str, Any]) -> Decision:
    """A decision as `to_json` wrote it. Raises KeyError, TypeError, ValueError."""
    return Decision(read_account(stored['account']), datetime.fromisoformat(stored['at']), stored['reason'])


@dataclass(frozen=True)
class Approver:
    """The account of an approval, with what it may do now."""

    account: Account
    caller: Caller


def may_approve(approver: Approver, author: Account, requirement: Requirement) -> bool:
    """Whether the approval of a person counts for a policy."""
    policy = requirement.policy
    if not policy.self and approver.account.is_same(author):
        return False
    if not all(approver.caller.scope.includes(service) for service in requirement.services):
        return False
    return any(_fits(approver.caller, rule) for rule in policy.by)


def _fits(caller: Caller, rule: str) -> bool:
    if rule.startswith(GROUP):
        return rule.removeprefix(GROUP) in caller.groups
    return caller.role >= ROLES[rule.removeprefix(ROLE)]


def why_not(approver: Approver, author: Account, needed: Sequence[Requirement]) -> str | None:
    """Why the approval of a person would count for none of the policies; None where it counts for one."""
    if any(may_approve(approver, author, each) for each in needed):
        return None
    if approver.account.is_same(author) and not any(each.policy.self for each in needed):
        return 'The author of a change cannot approve it, nor who created the token that it was proposed with.'
    return f'This proposal is approved by {who_may_approve(needed)}, with access to all services that it changes.'


def missing(approvers: Sequence[Approver], author: Account, needed: Sequence[Requirement]) -> int:
    """How many approvals the policies still need; people count once, whatever accounts they use."""
    return sum(max(0, each.policy.required - len(_people(approvers, author, each))) for each in needed)


def _people(approvers: Iterable[Approver], author: Account, requirement: Requirement) -> list[Account]:
    people: list[Account] = []
    for approver in approvers:
        counts = may_approve(approver, author, requirement)
        if counts and not any(approver.account.is_same(other) for other in people):
            people.append(approver.account)
    return people
