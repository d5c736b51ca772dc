"""The answer to an accepted change, as JSON."""

from datetime import UTC, datetime
from typing import Any

from stack.changes.approval_policy import approvals_needed
from stack.changes.change_request import Accepted
from stack.changes.proposal import Proposed
from stack.stackfile.problems import details

DEPLOYING = 'deploying...'


def accepted_content(accepted: Accepted, message: str) -> dict[str, Any]:
    """The revision, its warnings, and whether its notification to the schedulers was sent or is pending."""
    content: dict[str, Any] = {'message': message, 'revision': accepted.revision.id}
    if accepted.announced is None and message == DEPLOYING:
        content['message'] = 'stored, not deployed'
    elif accepted.announced is not None:
        content['notification'] = 'sent' if accepted.announced else 'pending'
    if accepted.warnings:
        content['warnings'] = details(accepted.warnings)
    return {**content, **accepted.more}


def proposed_content(proposed: Proposed) -> dict[str, Any]:
    """The proposal of a change that needs approval; the revision is the current one, which stays as it is."""
    proposal = proposed.proposal
    return {
        'message': f'not deployed: the proposal {proposal.id} waits for {approvals_needed(proposal.needed)}',
        'code': 'approval_required',
        'revision': proposal.base,
        'proposal': proposal.short(datetime.now(UTC)),
        **proposed.more,
    }
