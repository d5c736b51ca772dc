# ruff: noqa: RUF009 - the calls make frozen values: that is what a table of fields is made of
"""Autoscaling fields: the limits of a service's task count, what it follows, and when the limits change.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.stackfile.entries import entry, record
from stack.stackfile.schedule_shapes import AT, CRON, TIMEZONE
from stack.stackfile.schedule_times import DEFAULT_ZONE
from stack.stackfile.shapes import Shape, choice, either, list_of, mapping_of, number, refused, text, whole

# https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-quotas.html
MOST_SCHEDULES = 200
MOST_STEPS = 20

# The statistics of a target tracking policy: word → AWS's name.
STATISTICS = {
    'average': 'Average',
    'minimum': 'Minimum',
    'maximum': 'Maximum',
    'sum': 'Sum',
    'sample_count': 'SampleCount',
}

# What can be suspended: word → member of `SuspendedState`.
SUSPENSIONS = {
    'in': 'DynamicScalingInSuspended',
    'out': 'DynamicScalingOutSuspended',
    'schedules': 'ScheduledScalingSuspended',
}

# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html
DEFAULT_COOLDOWN_S = 300
# Beyond what any metric of AWS reaches, and far below the limit of the API.
_HIGHEST_TARGET = 10**15

COUNT = whole(0, 5000)
_COOLDOWN = whole(0, 86_400)
_PERCENT = number(200)
_VALUE = number(_HIGHEST_TARGET)


def _suspensions() -> Shape:
    """True or false for all kinds of scaling, or a list of kinds; read as a tuple of kinds."""
    listed = list_of(choice(*SUSPENSIONS), at_most=len(SUSPENSIONS))
    description = f'true, false, or {listed.description}'

    def check(value: Any) -> tuple[str, ...]:
        if isinstance(value, bool):
            return tuple(SUSPENSIONS) if value else ()
        if not isinstance(value, list):
            raise refused(description, value)
        kinds: tuple[str, ...] = listed.check(value)
        return kinds

    return Shape(description, check, {'anyOf': [{'type': 'boolean'}, listed.json]})


@dataclass(frozen=True, kw_only=True)
class Metric:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Metric.html"""

    name: str = entry(text(at_most=255), 'The name of the metric.', required=True)
    namespace: str = entry(text(at_most=255), 'Its namespace in CloudWatch.', required=True)
    dimensions: Mapping[str, str] = entry(
        mapping_of(text(at_most=255), text(at_most=1024)),
        'Its dimensions, all that it is published with.',
        default={},
    )
    statistic: str = entry(choice(*STATISTICS), 'How its values are aggregated.', default='average')
    unit: str | None = entry(text(at_most=64), 'Its unit, where it is published in several.')


@dataclass(frozen=True, kw_only=True)
class ScalingMetric(Metric):
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_CustomizedMetricSpecification.html"""

    target: float = entry(number(_HIGHEST_TARGET), 'The value to keep it at.', required=True)


@dataclass(frozen=True, kw_only=True)
class StepOut:
    above: float = entry(_VALUE, 'From this value of the metric on.', required=True)
    tasks: int = entry(whole(1, 5000), 'So many tasks are added.', required=True)


@dataclass(frozen=True, kw_only=True)
class StepIn:
    below: float = entry(_VALUE, 'From this value of the metric down.', required=True)
    tasks: int = entry(whole(1, 5000), 'So many tasks are removed.', required=True)


@dataclass(frozen=True, kw_only=True)
class ScalingSteps:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepScalingPolicyConfiguration.html"""

    metric: Metric | str = entry(
        either(choice('cpu', 'memory'), str, record(Metric)),
        'The utilisation of its tasks, or a metric of CloudWatch.',
        required=True,
    )
    periods: int = entry(whole(1, 1440), 'So many minutes in a row are beyond a limit.', default=3)
    add: tuple[StepOut, ...] = entry(
        list_of(record(StepOut), at_most=MOST_STEPS),
        'When tasks are added; the highest limit that is reached counts.',
        default=(),
    )
    remove: tuple[StepIn, ...] = entry(
        list_of(record(StepIn), at_most=MOST_STEPS),
        'When tasks are removed; the lowest limit that is reached counts.',
        default=(),
    )
    cooldown: int = entry(_COOLDOWN, 'Seconds between two changes.', default=DEFAULT_COOLDOWN_S)


@dataclass(frozen=True, kw_only=True)
class ScalingSchedule:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html"""

    at: str | None = entry(AT, 'Once, at this local time.')
    cron: str | None = entry(CRON, 'Again and again: minutes, hours, day-of-month, month, day-of-week, year.')
    timezone: str = entry(TIMEZONE, 'The time zone of `at` or `cron`.', default=DEFAULT_ZONE)
    min: int | None = entry(COUNT, 'The fewest tasks from then on.')
    max: int | None = entry(COUNT, 'The most tasks from then on.')


@dataclass(frozen=True, kw_only=True)
class Autoscaling:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html"""

    min: int = entry(COUNT, 'The fewest tasks.', required=True)
    max: int = entry(COUNT, 'The most tasks.', required=True)
    cpu: float | None = entry(_PERCENT, 'The average CPU utilisation to keep, in percent.')
    memory: float | None = entry(_PERCENT, 'The average memory utilisation to keep, in percent.')
    requests: float | None = entry(
        number(_HIGHEST_TARGET), 'The requests of its load balancer to keep for each task, in a minute.'
    )
    metric: ScalingMetric | None = entry(
        record(ScalingMetric), 'Any other metric of CloudWatch that falls as tasks are added.'
    )
    steps: ScalingSteps | None = entry(
        record(ScalingSteps), 'Fixed numbers of tasks by the value of a metric, in place of a value to keep.'
    )
    schedules: tuple[ScalingSchedule, ...] = entry(
        list_of(record(ScalingSchedule), at_most=MOST_SCHEDULES),
        'Times at which `min` and `max` change, until the next of these times.',
        default=(),
    )
    in_cooldown: int | None = entry(_COOLDOWN, f'Seconds between two removals of tasks; {DEFAULT_COOLDOWN_S}.')
    out_cooldown: int | None = entry(_COOLDOWN, f'Seconds between two additions of tasks; {DEFAULT_COOLDOWN_S}.')
    suspended: tuple[str, ...] = entry(
        _suspensions(), 'Nothing is scaled: true for all, or a list of `in`, `out`, `schedules`.', default=()
    )

    def start(self, count: int) -> int:
        """The number of tasks that the service is created with, for a stated one."""
        return max(self.min, min(count, self.max))
