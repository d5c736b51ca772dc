"""The number of tasks that a rollout starts before any task stops."""

from stack.reconcile.wanted import Wanted
from stack.stackfile.deployment_room import DEFAULT_MAXIMUM


def started_at_once(wanted: Wanted, running: int | None) -> int:
    """How many tasks ECS starts beside `running` ones; None where there is no service yet, which starts all its tasks.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
    """
    if wanted.scheduling_strategy == 'DAEMON' or (running == 0 and wanted.autoscaled):
        return 0
    if running is None:
        return wanted.count
    count = max(wanted.count, running) if wanted.autoscaled else wanted.count
    most = count * int(wanted.deployment.get('maximumPercent') or DEFAULT_MAXIMUM) // 100
    return max(0, min(count, most - running))


def frees_room_first(wanted: Wanted, running: int | None) -> bool:
    """Whether ECS may stop an old task before it starts a new one."""
    if not running:
        return False
    if wanted.scheduling_strategy == 'DAEMON':
        return True
    least = wanted.deployment.get('minimumHealthyPercent')
    return running > -(-wanted.count * (100 if least is None else int(least)) // 100)
