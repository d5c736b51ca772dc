"""Estimate of a plan's duration: AWS's rate limits, a typical response time, and typical waits."""

import heapq

from stack.reconcile.plan import Plan, Step
from stack.runtime.pacing import Pace

# Duration of one mutating call, in seconds.
CALL_S = 0.2

# Typical duration of a wait by call, in seconds.
_WAITS_S = {
    'ecs:DescribeServices': 60.0,
    'ecs:DescribeTasks': 30.0,
    'elbv2:DescribeTargetHealth': 60.0,
    'servicediscovery:GetOperation': 45.0,
}


def estimate(plan: Plan, pace: Pace | None = None) -> float:
    """Seconds until the last step is done, if every step starts as soon as its dependencies and the limits allow.

    `pace`: the present token buckets, full by default; it is consumed.
    """
    pace = pace or Pace()
    now = 0.0
    missing = {step.id: len(step.depends_on) for step in plan.steps}
    followers: dict[str, list[Step]] = {}
    for step in plan.steps:
        for earlier in step.depends_on:
            followers.setdefault(earlier, []).append(step)
    order = {step.id: position for position, step in enumerate(plan.steps)}
    ready = [(0.0, order[step.id], step) for step in plan.steps if not step.depends_on]
    heapq.heapify(ready)
    last = 0.0
    while ready:
        now, _, step = heapq.heappop(ready)
        done = now + pace.reserve(step.kind, now) + CALL_S
        if step.until:
            done += _WAITS_S.get(step.kind, 0.0)
        last = max(last, done)
        for follower in followers.get(step.id, ()):
            missing[follower.id] -= 1
            if not missing[follower.id]:
                heapq.heappush(ready, (done, order[follower.id], follower))
    return last
