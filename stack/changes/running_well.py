"""Health of a service in the source of a promotion: only a service that runs as declared, and well, is promoted."""

from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.cluster_view import service_health

# Drift of this field means that another version runs than the declared one.
_IMAGE = 'image'


def hindrance(state: ClusterState, name: str) -> str | None:
    """Why a service does not run well as declared, for a person; None where it does, or where nothing is known."""
    seen, going = state.ecs.services.get(name), state.rollouts.get(name)
    if state.observed_at is None:
        return None
    if going is not None and going.verdict is not None and going.verdict.failed:
        return f'its last rollout failed: {going.verdict.reason}'
    if seen is None:
        return None
    if going is not None and going.goal.held:
        return 'it is stored, and not deployed yet'
    if going is not None and going.open:
        return f'it is rolling out ({going.percent} %)'
    if service_health(state, name) in ('failing', 'degraded'):
        return f'{seen.running} of {seen.desired} tasks run well' if seen.running < seen.desired else 'its tasks fail'
    drift = state.drift(name)
    if drift is not None and any(change.path == _IMAGE for change in drift.changes):
        return 'it runs another image than its stackfile names'
    return None
