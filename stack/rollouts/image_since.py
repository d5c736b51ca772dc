"""Since when a service runs the image that it runs now. Pure."""

from datetime import datetime

from stack.rollouts.cluster_state import ClusterState


def image_since(state: ClusterState, name: str) -> datetime | None:
    """When the first of the latest rollouts in a row that brought the running image ended.

    A restart, or a rollout that failed and left the image in place, does not count. An image that no known rollout
    brought is dated by ECS's deployment. None where nothing of it is known.
    """
    image = state.ecs.running_image(name)
    if image is None:
        return None
    since: datetime | None = None
    for rollout in reversed(state.book.of_service(name)):
        verdict = rollout.verdict
        if verdict is None or verdict.ending not in ('succeeded', 'removed'):
            continue
        if verdict.ending == 'removed' or rollout.goal.image != image:
            break
        since = verdict.at
    return since or _deployed_at(state, name, image)


def _deployed_at(state: ClusterState, name: str, image: str) -> datetime | None:
    """When ECS began the newest completed deployment of an image."""
    service = state.ecs.services.get(name)
    for deployment in service.deployments if service else ():
        if (
            deployment.rollout_state in ('COMPLETED', None)
            and state.ecs.image(deployment.task_definition, name) == image
        ):
            return deployment.created_at
    return None
