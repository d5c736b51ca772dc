"""The wanted autoscaling of a service, in the terms of Application Auto Scaling."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stack.reconcile.scalable_target import Answer
from stack.reconcile.scaling_steps import StepPolicy, step_policies
from stack.stackfile.autoscaling_fields import (
    DEFAULT_COOLDOWN_S,
    STATISTICS,
    Autoscaling,
    ScalingMetric,
    ScalingSchedule,
)
from stack.stackfile.schedule_times import DEFAULT_ZONE, read_timetable

# The beginning of the names of policies and scheduled actions that Nysa makes: neither has tags.
PREFIX = 'nysa-'

REQUESTS = 'ALBRequestCountPerTarget'
# Field → the predefined metric that it follows.
PREDEFINED = {
    'cpu': 'ECSServiceAverageCPUUtilization',
    'memory': 'ECSServiceAverageMemoryUtilization',
    'requests': REQUESTS,
}

TRACKING = 'TargetTrackingScalingPolicyConfiguration'


@dataclass(frozen=True)
class Policy:
    """A target tracking policy. `configuration` lacks the label of a load balancer, which the planner knows."""

    field: str
    configuration: Answer

    @property
    def name(self) -> str:
        return f'{PREFIX}{self.field}'

    @property
    def needs_label(self) -> bool:
        return self.field == 'requests'


@dataclass(frozen=True)
class Schedule:
    """A scheduled action; `expression` and `action` are its Schedule and ScalableTargetAction."""

    name: str
    expression: str
    zone: str
    action: Mapping[str, int]

    def last_before(self, at: datetime) -> datetime | None:
        """When it ran last; None where it never did, or its expression is wrong."""
        try:
            return read_timetable(self.expression, self.zone).last_before(at)
        except ValueError:
            return None

    def is_over(self, at: datetime) -> bool:
        """Whether it was to run once, and that time has passed: Application Auto Scaling refuses it then."""
        return self.expression.startswith('at(') and self.last_before(at) is not None


@dataclass(frozen=True)
class Limits:
    minimum: int
    maximum: int


@dataclass(frozen=True)
class Scaling:
    """The autoscaling of a service; `limits` are the stated ones, which schedules replace."""

    limits: Limits
    suspended: frozenset[str]
    policies: tuple[Policy, ...]
    schedules: tuple[Schedule, ...]
    steps: tuple[StepPolicy, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The stated limits, and the kinds of scaling that are suspended."""
        return {'min': self.limits.minimum, 'max': self.limits.maximum, 'suspended': sorted(self.suspended)}

    def limits_at(self, at: datetime) -> Limits:
        """The limits that the last scheduled actions set, else the stated ones."""
        minimum, maximum = self.limits.minimum, self.limits.maximum
        runs = [(moment, schedule) for schedule in self.schedules if (moment := schedule.last_before(at))]
        for _, schedule in sorted(runs, key=lambda run: run[0]):
            minimum = schedule.action.get('MinCapacity', minimum)
            maximum = schedule.action.get('MaxCapacity', maximum)
        return Limits(minimum, maximum)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def scaling(ecs_cluster: str, service: str, stated: Autoscaling) -> Scaling:
    """What Application Auto Scaling gets for the field; `ecs_cluster` is the cluster's name in ECS."""
    return Scaling(
        limits=Limits(stated.min, stated.max),
        suspended=frozenset(stated.suspended),
        policies=tuple(_policies(stated)),
        schedules=tuple(_schedule(f'{PREFIX}{n}', schedule) for n, schedule in enumerate(stated.schedules, 1)),
        steps=step_policies(ecs_cluster, service, stated.steps) if stated.steps else (),
    )


def _policies(stated: Autoscaling) -> list[Policy]:
    cooldowns = {
        'ScaleInCooldown': DEFAULT_COOLDOWN_S if stated.in_cooldown is None else stated.in_cooldown,
        'ScaleOutCooldown': DEFAULT_COOLDOWN_S if stated.out_cooldown is None else stated.out_cooldown,
    }
    found = []
    for field, metric in PREDEFINED.items():
        value: float | None = getattr(stated, field)
        if value is not None:
            specification = {'PredefinedMetricSpecification': {'PredefinedMetricType': metric}}
            found.append(Policy(field, {'TargetValue': value, **specification, **cooldowns}))
    if stated.metric:
        specification = {'CustomizedMetricSpecification': _metric(stated.metric)}
        found.append(Policy('metric', {'TargetValue': stated.metric.target, **specification, **cooldowns}))
    return found


def _metric(metric: ScalingMetric) -> dict[str, Any]:
    return {
        'MetricName': metric.name,
        'Namespace': metric.namespace,
        'Dimensions': [{'Name': name, 'Value': value} for name, value in sorted(metric.dimensions.items())],
        'Statistic': STATISTICS[metric.statistic],
        **({'Unit': metric.unit} if metric.unit else {}),
    }


def _schedule(name: str, schedule: ScalingSchedule) -> Schedule:
    limits = {'MinCapacity': schedule.min, 'MaxCapacity': schedule.max}
    expression = f'at({schedule.at})' if schedule.at else f'cron({" ".join((schedule.cron or "").split())})'
    action = {member: limit for member, limit in limits.items() if limit is not None}
    return Schedule(name, expression, schedule.timezone, action)


def normal_policy(policy: Answer) -> dict[str, Any]:
    """A policy as sent or described, for comparison: without its name, alarms and times, with defaults."""
    tracking = policy.get(TRACKING)
    if not tracking:
        return {'PolicyType': policy.get('PolicyType'), 'Name': policy.get('PolicyName')}
    custom = tracking.get('CustomizedMetricSpecification')
    if custom:
        dimensions = sorted((each['Name'], each['Value']) for each in custom.get('Dimensions') or ())
        custom = {**{key: value for key, value in custom.items() if value}, 'Dimensions': dimensions}
    return {
        'PolicyType': 'TargetTrackingScaling',
        'TargetValue': float(tracking['TargetValue']),
        'Predefined': tracking.get('PredefinedMetricSpecification'),
        'Customized': custom,
        'ScaleInCooldown': tracking.get('ScaleInCooldown', DEFAULT_COOLDOWN_S),
        'ScaleOutCooldown': tracking.get('ScaleOutCooldown', DEFAULT_COOLDOWN_S),
        'DisableScaleIn': bool(tracking.get('DisableScaleIn')),
    }


def normal_action(action: Answer) -> tuple[Any, ...]:
    """A scheduled action as sent or described, for comparison: when it runs, and what it sets."""
    limits = action.get('ScalableTargetAction') or {}
    return (
        action.get('Schedule'),
        action.get('Timezone') or DEFAULT_ZONE,
        limits.get('MinCapacity'),
        limits.get('MaxCapacity'),
        action.get('StartTime'),
        action.get('EndTime'),
    )


def part_name(part: Answer) -> str:
    """The name of a described policy or scheduled action."""
    return str(part.get('PolicyName') or part.get('ScheduledActionName') or '')


def is_own(part: Answer) -> bool:
    """Whether Nysa made a described policy or scheduled action."""
    return part_name(part).startswith(PREFIX)
