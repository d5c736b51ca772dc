"""The answer to an accepted change, as JSON."""

from typing import Any

from stack.changes.change_request import Accepted
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
