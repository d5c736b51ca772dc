"""What happens to proposals, for the audit, the live channel and the metrics."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from stack.changes.approvers import Account, Decision
from stack.changes.audit import Audit
from stack.changes.proposal import Proposal
from stack.errors import NysaError
from stack.runtime.observers import Observers
from stack.state.revisions import Change, Origin


class ProposalLog:
    """`moves` is notified of each proposal that changed, `outcomes` of what happened to it, in a word."""

    def __init__(self, audit: Audit, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self.moves: Observers[[Proposal]] = Observers()
        self.outcomes: Observers[[str]] = Observers()
        self._audit = audit
        self._now = now

    def proposed(self, proposal: Proposal) -> None:
        self._note(proposal, 'proposal', 'propose', proposal.origin)
        self._moved(proposal, 'proposed')

    def renewed(self, proposal: Proposal) -> None:
        """Its plan has moved: the approvals of the former one do not count."""
        self._note(proposal, 'proposal', 'renew', proposal.origin)
        self._moved(proposal, 'renewed')

    def outdated(self, proposal: Proposal) -> None:
        self._note(proposal, 'proposal', 'outdate', proposal.origin)
        self._moved(proposal, 'outdated')

    def approved(self, proposal: Proposal, decision: Decision, source: str) -> None:
        self._note(proposal, 'approval', 'approve', origin_of(decision, source))
        self._moved(proposal, 'approved')

    def rejected(self, proposal: Proposal, decision: Decision, source: str) -> None:
        self._note(proposal, 'rejection', 'reject', origin_of(decision, source))
        self._moved(proposal, 'rejected')

    def carried_out(self, proposal: Proposal) -> None:
        """The history has it already."""
        self._moved(proposal, 'carried-out')

    def denied(self, proposal: Proposal, verb: str, origin: Origin, refusal: NysaError) -> None:
        """A decision that does not count: the author's own, of a caller that may not, late, or on a former plan."""
        self._audit.refused(proposal.cluster, self._change(proposal, verb, origin), refusal)
        self.outcomes.notify('denied')

    def refused(self, proposal: Proposal, refusal: NysaError) -> None:
        """It was approved, and a guard refuses it now."""
        self._audit.refused(proposal.cluster, self._change(proposal, 'carry out', proposal.origin), refusal)
        self._moved(proposal, 'refused')

    def _moved(self, proposal: Proposal, outcome: str) -> None:
        self.moves.notify(proposal)
        self.outcomes.notify(outcome)

    def _note(self, proposal: Proposal, kind: str, verb: str, origin: Origin) -> None:
        self._audit.decided(proposal.cluster, kind, self._change(proposal, verb, origin))

    def _change(self, proposal: Proposal, verb: str, origin: Origin) -> Change:
        did: dict[str, Any] = {'verb': verb, 'proposal': proposal.id, 'plan': proposal.plan_id}
        service = proposal.did.get('service')
        return Change(origin, self._now(), did | ({'service': service} if service else {}), None)


def origin_of(decision: Decision, source: str) -> Origin:
    return origin(decision.account, decision.reason, source)


def origin(account: Account, reason: str, source: str) -> Origin:
    """Who decides, as the audit has it."""
    return Origin(account.name, source, reason, account.subject)
