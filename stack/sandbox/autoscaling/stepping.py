"""Step scaling: what a policy asks for when an alarm of CloudWatch that leads to it is over or under its threshold.

https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html
"""

import math
from collections.abc import Iterable
from statistics import fmean

from stack.sandbox.autoscaling.model import Policy, Wire
from stack.sandbox.autoscaling.ports import Alarm, Metrics
from stack.sandbox.autoscaling.tracking import MINUTE, Moment, Proposal, minutes

_BEYOND = {
    'GreaterThanOrEqualToThreshold': lambda value, limit: value >= limit,
    'GreaterThanThreshold': lambda value, limit: value > limit,
    'LessThanOrEqualToThreshold': lambda value, limit: value <= limit,
    'LessThanThreshold': lambda value, limit: value < limit,
}


def step_proposal(
    policy: Policy, alarms: Iterable[Alarm], current: int, metrics: Metrics, at: Moment
) -> Proposal | None:
    """The count that a step policy asks for; None where no alarm of it is on, or its cooldown goes on."""
    stepping = policy.spec['StepScalingPolicyConfiguration']
    if at.now - policy.scaled_at < at.lasts(stepping.get('Cooldown', 0)):
        return None
    for alarm in alarms:
        number = minutes(alarm.periods, at)
        end = math.floor(at.now / MINUTE) * MINUTE - MINUTE
        values = metrics.values(alarm.metric, alarm.statistic, end - number * MINUTE, end)
        beyond = _BEYOND.get(alarm.comparison)
        if beyond is None or len(values) < number or not all(beyond(value, alarm.threshold) for value in values):
            continue
        adjustment = _adjustment(stepping['StepAdjustments'], fmean(values) - alarm.threshold)
        return Proposal(max(0, _adjusted(stepping, current, adjustment)), policy, alarm.name)
    return None


def _adjustment(steps: list[Wire], breach: float) -> int:
    """The adjustment of the step that a breach, relative to the threshold, is in; 0 where it is in none."""
    for step in steps:
        low = step.get('MetricIntervalLowerBound', -math.inf)
        high = step.get('MetricIntervalUpperBound', math.inf)
        # Above the threshold the lower bound belongs to a step, below it the upper one.
        if low <= breach < high if low >= 0 else low < breach <= high:
            return int(step['ScalingAdjustment'])
    return 0


def _adjusted(stepping: Wire, current: int, adjustment: int) -> int:
    match stepping.get('AdjustmentType'):
        case 'ExactCapacity':
            return adjustment
        case 'PercentChangeInCapacity':
            change = current * adjustment / 100
            least = stepping.get('MinAdjustmentMagnitude', 1)
            return current + int(math.copysign(max(abs(math.trunc(change)), least), change)) if change else current
    return current + adjustment
