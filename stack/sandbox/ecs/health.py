"""Health of a task at its load balancers: duration and result of the checks."""

from stack.sandbox.ecs import containers
from stack.sandbox.ecs.model import Task
from stack.sandbox.ecs.network import targets
from stack.sandbox.ecs.world import World


def verdict_after(world: World, task: Task) -> float:
    """The seconds after which the load balancers' checks of a task that has just started have ended.

    Without any check a task counts as healthy after `timings.settle`.
    """
    groups = [group for arn, _, _ in targets(task) if (group := world.ports.targets.group(arn)) is not None]
    if not groups:
        return 0.0 if containers.has_checks(world, task) else world.scaled(world.timings.settle)
    if not _is_ill(task):
        return world.scaled(max(group.interval * group.healthy_threshold for group in groups))
    grace = task.spec.get('healthCheckGracePeriodSeconds', 0)
    return world.scaled(min(max(grace, group.interval * group.unhealthy_threshold) for group in groups))


def report(world: World, task: Task) -> str:
    """Set the state of the task's targets; the reason for which the task has to stop, empty if it passed.

    An `unhealthy` image without any check keeps running.
    """
    ill = _is_ill(task)
    state, cause = ('unhealthy', 'Target.FailedHealthChecks') if ill else ('healthy', '')
    for arn, target, port in targets(task):
        world.ports.targets.health(arn, target, port, state, cause)
    groups = [arn for arn, _, _ in targets(task)]
    return f'Task failed ELB health checks in (target-group {groups[0]})' if ill and groups else ''


def _is_ill(task: Task) -> bool:
    """Whether a container that the load balancers send traffic to is unhealthy."""
    behind = {balancer.get('containerName') for balancer in task.spec.get('loadBalancers', [])}
    return any(containers.is_unhealthy(container) for container in task.containers if container.name in behind)
