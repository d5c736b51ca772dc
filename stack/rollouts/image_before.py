"""The image that a service ran before the one that is wanted now. Pure."""

from stack.rollouts.cluster_state import ClusterState, image_of


def image_before(state: ClusterState, name: str) -> str | None:
    """The image to go back to: of the newest rollout that succeeded with another image than the wanted one.

    Where no such rollout is known, what runs instead of the wanted image, else what was seen before it. What was seen
    alone can be older: ECS may begin a deployment and roll it back between two looks. None where nothing is known.
    """
    wanted = state.wanted.get(name)
    now = image_of(wanted) if wanted else state.ecs.running_image(name)
    succeeded = [
        rollout.goal.image
        for rollout in state.book.of_service(name)
        if rollout.verdict is not None and rollout.verdict.ending == 'succeeded'
    ]
    seen = [state.ecs.images_before.get(name), state.ecs.running_image(name)]
    return next((image for image in reversed([*seen, *succeeded]) if image and image != now), None)
