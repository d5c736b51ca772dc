"""Success of a rolling update: early by its criteria, and later by the bake time of its alarms.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html and
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
"""

from stack.sandbox.ecs.model import Service, Wire
from stack.sandbox.ecs.rollout import share_of
from stack.sandbox.ecs.strategies.stages import MINUTE
from stack.sandbox.ecs.world import World

# AWS computes it from the alarms where a service sets none: less than five minutes.
_USUAL_BAKE = 3


def is_early(service: Service, healthy: int, old_gone: bool) -> bool:
    """Whether a deployment succeeds before it has all its tasks."""
    early: Wire = service.spec['deploymentConfiguration'].get('earlySuccessCriteria', {})
    if not early.get('enable'):
        return False
    enough = healthy >= share_of(service.desired, early['healthyPercent'])
    return enough and (old_gone or early['sourceServiceRevisionCleanup'] == 'DEFERRED')


def earliest_end(world: World, service: Service) -> float:
    """The time before which a deployment that has its tasks does not end. Its bake begins with the first call."""
    record, primary = service.rollouts[0], service.deployments[0]
    earliest = world.after(world.scaled(world.timings.least_deployment), since=primary.updated_at)
    if not record.alarms or record.rollback is not None:
        return earliest
    if record.baking_since is None:
        record.baking_since = record.updated_at = world.now
    bake = (record.configuration.get('bakeTimeInMinutes') or _USUAL_BAKE) * MINUTE
    return max(earliest, world.after(world.scaled(bake), since=record.baking_since))
