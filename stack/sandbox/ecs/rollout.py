"""Arithmetic of a rolling update on numbers of tasks.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
"""

import math
from typing import NamedTuple

from stack.sandbox.ecs.model import Wire

MOST_STARTED_AT_ONCE = 10


class Share(NamedTuple):
    """The tasks of one or more deployments that are wanted: all of them, and those that passed their checks."""

    total: int
    healthy: int


class Move(NamedTuple):
    """What the scheduler does next. `stuck`: nothing, though more is wanted, since the percentages leave no room."""

    start: int
    stop_new: int
    stop_old: int
    stuck: bool


def bounds(desired: int, configuration: Wire) -> tuple[int, int]:
    """How many tasks must stay healthy, and how many there may be: AWS rounds the first up and the second down."""
    lowest = math.ceil(desired * configuration.get('minimumHealthyPercent', 100) / 100)
    highest = desired * configuration.get('maximumPercent', 200) // 100
    return lowest, highest


def enough(desired: int, configuration: Wire) -> int:
    """How many new tasks must be healthy before the old ones may all go: fewer than desired with early success that
    waits for their clean-up."""
    early = configuration.get('earlySuccessCriteria', {})
    if not early.get('enable') or early['sourceServiceRevisionCleanup'] != 'BLOCKING':
        return desired
    return share_of(desired, early['healthyPercent'])


def share_of(desired: int, percent: float) -> int:
    return math.ceil(desired * percent / 100)


def decide(desired: int, configuration: Wire, new: Share, old: Share, may_start: bool) -> Move:
    """The next move of a service whose PRIMARY deployment has `new` tasks and all others together `old` ones.

    Old tasks that are not healthy go at once, healthy ones as far as the minimum allows; new ones come as far as the
    maximum allows. Where nothing may be started (the deployment failed) only what is above `desired` is stopped.
    """
    lowest, highest = bounds(desired, configuration)
    stop_new = max(0, new.total - desired)
    if not may_start:
        return Move(0, stop_new, max(0, old.total - desired), False)
    if new.healthy >= enough(desired, configuration):
        stop_old = old.total
    else:
        stop_old = old.total - old.healthy + max(0, min(old.healthy, new.healthy + old.healthy - lowest))
    missing = max(0, desired - new.total)
    room = max(0, highest - (new.total - stop_new) - (old.total - stop_old))
    start = min(missing, room)
    stuck = missing > 0 and start == 0 and stop_old == 0 and new.total == new.healthy
    return Move(min(start, MOST_STARTED_AT_ONCE), stop_new, stop_old, stuck)


def threshold(desired: int, breaker: Wire) -> int:
    """How many failed tasks trip the circuit breaker: half of the desired ones, at least 3 and at most 200, unless
    the service sets another threshold."""
    chosen = breaker.get('thresholdConfiguration') or {'type': 'BOUNDED_PERCENT', 'value': 50}
    if chosen['type'] == 'COUNT':
        return max(1, int(chosen['value']))
    share = math.ceil(desired * int(chosen['value']) / 100)
    return max(1, share) if chosen['type'] == 'UNBOUNDED_PERCENT' else min(200, max(3, share))
