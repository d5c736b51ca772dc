"""The tasks of the version that a rollout brings, without those of the former one. Pure."""

from typing import Any

from stack.rollouts.cluster_state import ClusterState


def new_tasks_json(state: ClusterState, name: str) -> dict[str, Any]:
    """The member `new_tasks` of a service's row while ECS replaces its tasks; empty otherwise.

    The counts are those of the ECS deployment that the rollout is bound to: `desired` and `running`.
    """
    going, seen = state.rollouts.get(name), state.ecs.services.get(name)
    if going is None or seen is None or going.goal.kind != 'service' or not going.moving:
        return {}
    own = next((each for each in seen.deployments if each.id == going.deployment), None)
    if own is None:
        return {'new_tasks': {'desired': seen.desired, 'running': 0}}
    return {'new_tasks': {'desired': own.desired, 'running': own.running}}
