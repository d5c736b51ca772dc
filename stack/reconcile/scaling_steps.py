"""Step scaling of a service: two policies, for addition and removal, each with the CloudWatch alarm that starts it.

https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from stack.reconcile.draft import Draft
from stack.reconcile.plan import Change, ResultOf
from stack.reconcile.scalable_target import Answer, ScalableTarget, place
from stack.stackfile.autoscaling_fields import STATISTICS, Metric, ScalingSteps

# The beginning of the names of step policies that Nysa makes, and of their alarms.
STEPS = 'nysa-steps-'
STEPPING = 'StepScalingPolicyConfiguration'

# Another call is changing the same target; the answer to an earlier attempt of a deletion was lost.
# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
BUSY = ('ConcurrentUpdateException',)
ALREADY_GONE = ('ObjectNotFoundException', 'ResourceNotFound', 'ResourceNotFoundException')

_UTILISATION = {'cpu': 'CPUUtilization', 'memory': 'MemoryUtilization'}
_PERIOD_S = 60
_ALARM_MEMBERS = (
    'Namespace',
    'MetricName',
    'Statistic',
    'Period',
    'EvaluationPeriods',
    'Threshold',
    'ComparisonOperator',
    'Unit',
)


@dataclass(frozen=True)
class StepPolicy:
    """A step scaling policy. `alarm` has the members of PutMetricAlarm without the name and the policy."""

    field: str
    configuration: Answer
    alarm: Answer

    @property
    def name(self) -> str:
        return f'{STEPS}{self.field}'


def alarm_name(cluster: str, service: str, policy: str) -> str:
    return f'{policy}/{cluster}/{service}'


def step_policies(ecs_cluster: str, service: str, stated: ScalingSteps) -> tuple[StepPolicy, ...]:
    """The policies of the field. The bounds of a step are relative to the threshold of the alarm.

    `ecs_cluster` is the name of the cluster in ECS, as its metrics have it.
    """
    found = []
    metric = _metric(ecs_cluster, service, stated.metric) | {'Period': _PERIOD_S, 'EvaluationPeriods': stated.periods}
    if stated.add:
        limits = sorted((step.above, step.tasks) for step in stated.add)
        lowest = limits[0][0]
        steps = [_step(low - lowest, high and high - lowest, tasks) for (low, tasks), high in _with_next(limits)]
        alarm = {**metric, 'Threshold': lowest, 'ComparisonOperator': 'GreaterThanOrEqualToThreshold'}
        found.append(StepPolicy('add', _configuration(steps, stated), alarm))
    if stated.remove:
        limits = sorted(((step.below, step.tasks) for step in stated.remove), reverse=True)
        highest = limits[0][0]
        steps = [_step(low and low - highest, high - highest, -tasks) for (high, tasks), low in _with_next(limits)]
        alarm = {**metric, 'Threshold': highest, 'ComparisonOperator': 'LessThanOrEqualToThreshold'}
        found.append(StepPolicy('remove', _configuration(steps, stated), alarm))
    return tuple(found)


def _with_next(limits: list[tuple[float, int]]) -> Iterable[tuple[tuple[float, int], float | None]]:
    """Each limit with the value of the next one; None for the last."""
    yield from ((one, other[0]) for one, other in pairwise(limits))
    yield limits[-1], None


def _step(low: float | None, high: float | None, tasks: int) -> dict[str, Any]:
    return {
        **({'MetricIntervalLowerBound': low} if low is not None else {}),
        **({'MetricIntervalUpperBound': high} if high is not None else {}),
        'ScalingAdjustment': tasks,
    }


def _configuration(steps: list[dict[str, Any]], stated: ScalingSteps) -> dict[str, Any]:
    return {
        'AdjustmentType': 'ChangeInCapacity',
        'StepAdjustments': steps,
        'Cooldown': stated.cooldown,
        'MetricAggregationType': 'Average',
    }


def _metric(ecs_cluster: str, service: str, metric: Metric | str) -> dict[str, Any]:
    if isinstance(metric, str):
        dimensions = {'ClusterName': ecs_cluster, 'ServiceName': service}
        named = {'Namespace': 'AWS/ECS', 'MetricName': _UTILISATION[metric], 'Statistic': 'Average'}
        return {**named, 'Dimensions': _dimensions(dimensions)}
    return {
        'Namespace': metric.namespace,
        'MetricName': metric.name,
        'Statistic': STATISTICS[metric.statistic],
        'Dimensions': _dimensions(metric.dimensions),
        **({'Unit': metric.unit} if metric.unit else {}),
    }


def _dimensions(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{'Name': name, 'Value': value} for name, value in sorted(values.items())]


def plan_steps(
    draft: Draft, stated: Iterable[StepPolicy], target: ScalableTarget | None, after: list[str | None]
) -> None:
    """Add the steps for the policies and their alarms, and for those that are no longer stated."""
    where = place(draft.owner.cluster, draft.service)
    there = {str(policy['PolicyName']): policy for policy in target.policies} if target else {}
    kept = set()
    for policy in stated:
        kept.add(policy.name)
        before = there.get(policy.name)
        arn: str | ResultOf = str(before.get('PolicyARN')) if before else ''
        if before is None or _normal_policy(before) != _normal_policy({STEPPING: policy.configuration}):
            made = draft.add(
                f'autoscaling/policy/{policy.name}',
                'application-autoscaling:PutScalingPolicy',
                f'Scale {draft.service} in steps ({policy.field})',
                {**where, 'PolicyName': policy.name, 'PolicyType': 'StepScaling', STEPPING: policy.configuration},
                after=after,
                why=[_change(policy.field, before, policy.configuration)],
                not_yet=BUSY,
            )
            arn = arn or ResultOf(made, 'PolicyARN')
        _plan_alarm(draft, policy, arn, target)
    for name, before in there.items():
        if name.startswith(STEPS) and name not in kept:
            gone = plan_alarms_removal(draft, target, [alarm_name(draft.owner.cluster, draft.service, name)])
            _delete(draft, where, name, gone, before)


def _plan_alarm(draft: Draft, policy: StepPolicy, arn: str | ResultOf, target: ScalableTarget | None) -> None:
    name = alarm_name(draft.owner.cluster, draft.service, policy.name)
    wanted = {**policy.alarm, 'AlarmName': name, 'AlarmActions': [arn]}
    before = target.alarms.get(name) if target else None
    if before is not None and _normal_alarm(before) == _normal_alarm(wanted):
        return
    changes = [
        Change(f'autoscaling.steps.{policy.field}', before.get(member) if before else None, wanted.get(member))
        for member in ('Threshold', 'EvaluationPeriods', 'MetricName')
        if before is None or before.get(member) != wanted.get(member)
    ]
    draft.add(
        f'autoscaling/alarm/{policy.name}',
        'cloudwatch:PutMetricAlarm',
        f'Watch the metric by which {draft.service} is scaled in steps ({policy.field})',
        {**wanted, 'AlarmDescription': draft.owner.description},
        after=[f'{draft.service}/autoscaling/policy/{policy.name}'] if isinstance(arn, ResultOf) else [],
        why=changes or [Change(f'autoscaling.steps.{policy.field}', 'another alarm', name)],
    )


def plan_alarms_removal(draft: Draft, target: ScalableTarget | None, names: Iterable[str] = ()) -> list[str]:
    """Delete Nysa's alarms of a target, or those of them that are named; the ids of the steps."""
    known = sorted(target.alarms) if target else []
    going = [name for name in known if not names or name in names]
    return [
        draft.add(
            f'autoscaling/alarm/delete/{name.partition("/")[0]}',
            'cloudwatch:DeleteAlarms',
            f'Delete the alarm {name}',
            {'AlarmNames': [name]},
            why=[Change('autoscaling.steps', name, None)],
            already=ALREADY_GONE,
        )
        for name in going
    ]


def _delete(draft: Draft, where: Mapping[str, str], name: str, after: list[str], before: Answer) -> None:
    draft.add(
        f'autoscaling/policy/delete/{name}',
        'application-autoscaling:DeleteScalingPolicy',
        f'Delete the scaling policy {name} of {draft.service}',
        {**where, 'PolicyName': name},
        after=after,
        why=[Change(f'autoscaling.steps.{name.removeprefix(STEPS)}', _shown(before.get(STEPPING) or {}), None)],
        not_yet=BUSY,
        already=ALREADY_GONE,
    )


def _change(field: str, before: Answer | None, configuration: Answer) -> Change:
    shown = _shown(before.get(STEPPING) or {}) if before else None
    return Change(f'autoscaling.steps.{field}', shown, _shown(configuration))


def _shown(configuration: Answer) -> list[int]:
    """The numbers of tasks of a policy, for a person."""
    return [step['ScalingAdjustment'] for step in configuration.get('StepAdjustments') or ()]


def _normal_policy(policy: Answer) -> Any:
    stepping = policy.get(STEPPING) or {}
    steps = [
        (step.get('MetricIntervalLowerBound'), step.get('MetricIntervalUpperBound'), step['ScalingAdjustment'])
        for step in stepping.get('StepAdjustments') or ()
    ]
    return (
        stepping.get('AdjustmentType'),
        sorted(steps, key=str),
        stepping.get('Cooldown', 0),
        stepping.get('MetricAggregationType', 'Average'),
    )


def _normal_alarm(alarm: Answer) -> Any:
    dimensions = sorted((each['Name'], each['Value']) for each in alarm.get('Dimensions') or ())
    return [alarm.get(name) for name in _ALARM_MEMBERS], dimensions, alarm.get('AlarmActions')
