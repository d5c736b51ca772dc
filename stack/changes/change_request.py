"""What a caller asks a change with, and what becomes of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from stack.access.scope import EVERY_SERVICE, ServiceScope
from stack.changes.approvers import Account
from stack.changes.preview import Preview, restart_in
from stack.changes.proposal import Proposed
from stack.errors import NysaError
from stack.stackfile.problems import Problem
from stack.state.revisions import Change, Origin, Revision

Document = dict[str, Any]

Edit = Callable[[Document], Document]


@dataclass(frozen=True)
class ChangeRequest:
    """The options of a change.

    Its origin; the revision that its author knew (or None); whether to deploy; whether only to plan it; the id of the
    plan to carry out (or None); the reason to make it even in a freeze (or None); whether it may lose what runs and is
    not declared without a plan that lists it, and interrupt requests; the services that its author may change; the
    account of its author, None where no person asks for it; and whether it is refused where it needs no approval.
    """

    origin: Origin
    expected: str | None = None
    deploy: bool = True
    dry_run: bool = False
    plan: str | None = None
    override: str | None = None
    may_lose: bool = True
    may_interrupt: bool = True
    scope: ServiceScope = EVERY_SERVICE
    author: Account | None = None
    only_propose: bool = False

    @property
    def moment(self) -> datetime:
        """The time that is written into the document: that of the plan that is carried out, or now; in milliseconds."""
        return restart_in(self.plan) or now()

    def because(self, reason: str | None) -> 'ChangeRequest':
        """The request with a reason as its message; as it is without one."""
        return replace(self, origin=replace(self.origin, message=reason)) if reason else self

    def change(self, announce: str | None = 'deploy', **did: Any) -> Change:
        return Change(
            self.origin,
            now(),
            did,
            announce if self.deploy else None,
            self.override,
            scope=self.scope,
            may_interrupt=self.may_interrupt,
        )


@dataclass(frozen=True)
class Accepted:
    """A change that is stored. `announced` is false while the queue does not answer, None without an announcement.

    `more` are further keys of the answer.
    """

    revision: Revision
    announced: bool | None
    warnings: Sequence[Problem] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


Outcome = Accepted | Preview | Proposed


@dataclass(frozen=True)
class Wanted:
    """A change that is asked for and not made: see `stack.changes.changes.Changes.make`."""

    cluster: str
    edit: Edit
    change: Change
    request: ChangeRequest
    warnings: Sequence[Problem] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    restart: datetime | None = None


class Proposer(Protocol):
    async def propose(self, wanted: Wanted, refusal: NysaError) -> Proposed:
        """Store a change as a proposal. Raises the refusal where it cannot be one."""
        ...


class _NoProposer:
    async def propose(self, wanted: Wanted, refusal: NysaError) -> Proposed:
        raise refusal


NO_PROPOSER: Proposer = _NoProposer()


def now() -> datetime:
    """The time in whole milliseconds, as records have it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
