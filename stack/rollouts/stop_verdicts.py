"""The verdicts on rollouts that a revision stops. Pure."""

from stack.rollouts.rollout import Ending, Verdict
from stack.state.revisions import Revision

VERB = 'stop'


def stop_verdicts(revision: Revision) -> dict[str, Verdict]:
    """By service: how the rollout ended that a person stopped with this revision."""
    found = {}
    for change in revision.changes:
        service = change.did.get('service')
        if change.verb == VERB and isinstance(service, str):
            why = f': {change.origin.message}' if change.origin.message else ''
            reason = f'Stopped by {change.origin.by}{why.rstrip(".")}.'
            ending: Ending = 'aborted' if change.did.get('mode') == 'abort' else 'rolled-back'
            found[service] = Verdict(ending, reason, revision.stored_at, revision.id, cause='stopped')
    return found
