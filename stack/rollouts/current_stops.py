"""The stopped tasks that bear on what a service runs now: those of a deployment before it are no trouble of it."""

from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Service, Task


def current_stops(state: ClusterState, name: str) -> list[Task]:
    """The stopped tasks of the deployment that brings what is wanted, and of the one that runs; the newest first.

    A rollout without a deployment of its own yet has only the tasks that were started for it. A task whose definition
    is still to be read is left out: which of its containers are essential decides what its end means.
    """
    unread = state.unread.of(name)
    stopped = [each for each in state.ecs.stopped.get(name, ()) if each.task_definition not in unread]
    if not stopped:
        return []
    seen, going = state.ecs.services.get(name), state.rollouts.get(name)
    primary = seen.primary.id if seen and seen.primary else None
    if going is not None and going.goal.kind in ('run', 'schedule'):
        return stopped
    if going is None:
        return [each for each in stopped if primary is None or each.started_by in ('', primary)]
    if going.deployment is None:
        own = [each for each in stopped if each.started_by not in going.foreign]
    else:
        own = [each for each in stopped if each.started_by in ('', going.deployment, None if going.open else primary)]
    return [each for each in own if each.started_by or each.created_at is None or each.created_at >= going.goal.since]


def is_draining(seen: Service | None) -> bool:
    """Whether tasks of an earlier deployment still run: they keep their host ports until they have stopped."""
    return seen is not None and any(each.status != 'PRIMARY' and each.running for each in seen.deployments)
