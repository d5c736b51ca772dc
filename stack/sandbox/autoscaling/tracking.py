"""Target tracking: when a policy adds or removes tasks, and how many.

The alarms of a policy are those that AWS makes for ECS services: high when three minutes in a row are above the target,
low when fifteen in a row are more than 10 % below it. Removal is slower than addition, and every minute needs a value:
https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from stack.sandbox.autoscaling.model import Policy, Target, Wire
from stack.sandbox.autoscaling.ports import Metrics

MINUTE = 60
HIGH_MINUTES, LOW_MINUTES = 3, 15
LOW_SHARE = 0.9
_COOLDOWN_S = 300

_UTILISATION = {
    'ECSServiceAverageCPUUtilization': 'CPUUtilization',
    'ECSServiceAverageMemoryUtilization': 'MemoryUtilization',
}


@dataclass(frozen=True)
class Proposal:
    """The count that a policy asks for, and the alarm that is the cause."""

    count: int
    policy: Policy
    alarm: str


@dataclass(frozen=True)
class Moment:
    """When policies are evaluated: `speed` divides AWS's durations."""

    now: float
    speed: float = 1.0

    def lasts(self, seconds: float) -> float:
        return seconds / self.speed


def proposal(target: Target, policy: Policy, current: int, metrics: Metrics, at: Moment) -> Proposal | None:
    """What a target tracking policy asks for; None where it asks for nothing.

    During the cooldown after an addition, the count before it is the basis of the next one.
    """
    tracking = policy.spec['TargetTrackingScalingPolicyConfiguration']
    metric, statistic = metric_of(target, tracking)
    wanted = float(tracking['TargetValue'])
    # The minute that is under way has no value yet; the one before may still be incomplete.
    end = math.floor(at.now / MINUTE) * MINUTE - MINUTE
    high, low = minutes(HIGH_MINUTES, at), minutes(LOW_MINUTES, at)
    values = metrics.values(metric, statistic, end - low * MINUTE, end)
    recent = values[-high:]
    if len(recent) == high and min(recent) > wanted:
        basis = target.scaled_out_from if cools_after_addition(target, policy, at) else current
        return Proposal(max(current, math.ceil(basis * recent[-1] / wanted)), policy, policy.alarms[0])
    if tracking.get('DisableScaleIn') or len(values) < low or max(values) >= LOW_SHARE * wanted:
        return None
    return Proposal(math.ceil(current * max(values) / wanted), policy, policy.alarms[1])


def minutes(number: int, at: Moment) -> int:
    """The number of minutes that an alarm waits, by the speed of the clock."""
    return max(1, math.ceil(number / at.speed))


def metric_of(target: Target, tracking: Wire) -> tuple[Wire, str]:
    """The metric of a policy, as CloudWatch names it, and its statistic."""
    if custom := tracking.get('CustomizedMetricSpecification'):
        named = {name: custom[name] for name in ('Namespace', 'MetricName', 'Dimensions') if name in custom}
        return named, custom['Statistic']
    predefined = tracking['PredefinedMetricSpecification']
    kind = predefined['PredefinedMetricType'].removesuffix('HighResolution')
    if kind in _UTILISATION:
        dimensions = {'ClusterName': target.cluster, 'ServiceName': target.service}
        return {
            'Namespace': 'AWS/ECS',
            'MetricName': _UTILISATION[kind],
            'Dimensions': _dimensions(dimensions),
        }, 'Average'
    balancer, _, group = predefined['ResourceLabel'].partition('/targetgroup/')
    return {
        'Namespace': 'AWS/ApplicationELB',
        'MetricName': 'RequestCountPerTarget',
        'Dimensions': _dimensions({'TargetGroup': f'targetgroup/{group}', 'LoadBalancer': balancer}),
    }, 'Sum'


def _dimensions(values: dict[str, str]) -> list[dict[str, str]]:
    return [{'Name': name, 'Value': value} for name, value in values.items()]


def decided(target: Target, current: int, proposals: Iterable[Proposal | None], at: Moment) -> Proposal | None:
    """The proposal to carry out: the largest; tasks are removed only if every policy asks for that."""
    made = list(proposals)
    asked = [each for each in made if each is not None]
    best = max(asked, key=lambda each: each.count, default=None)
    if best is None or best.count == current:
        return None
    if best.count > current:
        return best
    cooling = at.now - target.scaled_in_at < _cooldown(best.policy, 'ScaleInCooldown', at)
    return None if cooling or len(asked) < len(made) else best


def cools_after_addition(target: Target, policy: Policy, at: Moment) -> bool:
    return at.now - target.scaled_out_at < _cooldown(policy, 'ScaleOutCooldown', at)


def _cooldown(policy: Policy, member: str, at: Moment) -> float:
    """The cooldown of a policy; a step policy has its own, which is over where it asks for something."""
    tracking = policy.spec.get('TargetTrackingScalingPolicyConfiguration')
    return at.lasts(tracking.get(member, _COOLDOWN_S)) if tracking else 0.0
