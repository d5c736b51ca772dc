"""How long the rollouts of a service usually take, and since when its tasks fail. Pure."""

from collections.abc import Iterable
from datetime import datetime
from statistics import median

from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.current_stops import current_stops
from stack.rollouts.stop_reasons import classify

# The newest rollouts that count.
NEWEST = 5


def usual_seconds(state: ClusterState, services: Iterable[str]) -> float | None:
    """The usual duration of a rollout of several services, which is that of the slowest; None if none is known."""
    known = [seconds for name in services if (seconds := _of_service(state, name)) is not None]
    return max(known, default=None)


def _of_service(state: ClusterState, name: str) -> float | None:
    """The median of the newest rollouts that succeeded."""
    seconds = [
        (rollout.verdict.at - rollout.goal.since).total_seconds()
        for rollout in state.book.of_service(name)
        if rollout.verdict is not None and rollout.verdict.ending == 'succeeded'
    ]
    return round(median(seconds[-NEWEST:]), 1) if seconds else None


def failing_since(state: ClusterState, name: str) -> datetime | None:
    """When the first of the known tasks of what runs now failed; None if none did, or all tasks run."""
    service = state.ecs.services.get(name)
    if service is not None and service.running >= service.desired and not state.is_open(name):
        return None
    failed = [task for task in current_stops(state, name) if not classify(task, state.ecs.essential(task)).expected]
    return min((task.stopped_at for task in failed if task.stopped_at is not None), default=None)
