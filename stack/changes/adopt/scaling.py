"""Conversion of a service's scalable target to the field `autoscaling`: the inverse of `stack.reconcile.scaling`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.reconcile.scalable_target import Answer, ScalableTarget
from stack.reconcile.scaling import PREDEFINED, normal_action, normal_policy, part_name
from stack.reconcile.scaling_steps import STEPPING, STEPS
from stack.stackfile.autoscaling_fields import DEFAULT_COOLDOWN_S, STATISTICS, SUSPENSIONS, Autoscaling
from stack.stackfile.entries import entries
from stack.stackfile.schedule_times import DEFAULT_ZONE

_WORDS = {metric: field for field, metric in PREDEFINED.items()}
_STATISTIC_WORDS = {name: word for word, name in STATISTICS.items()}
_UTILISATION = {('AWS/ECS', 'CPUUtilization'): 'cpu', ('AWS/ECS', 'MemoryUtilization'): 'memory'}
_STEP_DEFAULTS = {'periods': 3, 'cooldown': DEFAULT_COOLDOWN_S}
_COOLDOWNS = {'in_cooldown': 'ScaleInCooldown', 'out_cooldown': 'ScaleOutCooldown'}


@dataclass(frozen=True)
class Described:
    """The value of `autoscaling`, empty where there is none, and what it does not contain, by name."""

    settings: Mapping[str, Any]
    left: tuple[str, ...] = ()


def autoscaling_settings(target: ScalableTarget, label: str | None) -> Described:
    """The field for a target. `label` names the load balancer and target group that `elb` describes, if any."""
    policies: dict[str, Any] = {}
    cooldowns: dict[str, Any] = {}
    left = []
    steps = _steps(target)
    for policy in target.policies:
        if steps and part_name(policy).startswith(STEPS):
            continue
        field = _policy(policy, label)
        stated = {name: normal_policy(policy).get(member) for name, member in _COOLDOWNS.items()}
        if not field or field.keys() & policies.keys() or (cooldowns and stated != cooldowns):
            left.append(part_name(policy))
            continue
        policies |= field
        cooldowns = stated
    schedules: list[dict[str, Any]] = []
    for action in target.actions:
        schedule = _schedule(action)
        if schedule and all(_when(schedule) != _when(known) for known in schedules):
            schedules.append(schedule)
        else:
            left.append(part_name(action))
    if not policies and not schedules and not steps:
        return Described({}, tuple(left))
    whole = {
        'min': target.minimum,
        'max': target.maximum,
        **policies,
        'steps': steps or None,
        'schedules': schedules,
        **{name: seconds for name, seconds in cooldowns.items() if seconds != DEFAULT_COOLDOWN_S},
        'suspended': _suspended(target),
    }
    ordered = {
        entry.name: whole[entry.name] for entry in entries(Autoscaling) if whole.get(entry.name) not in (None, [])
    }
    return Described(ordered, tuple(left))


def _steps(target: ScalableTarget) -> dict[str, Any]:
    """The value of `steps` for the step policies that Nysa made, with their alarms; empty without them."""
    found: dict[str, Any] = {}
    policies = {part_name(policy): policy for policy in target.policies}
    for alarm in target.alarms.values():
        name = str(alarm['AlarmName']).partition('/')[0]
        stepping = policies.get(name, {}).get(STEPPING)
        if not stepping:
            return {}
        found |= {'metric': _alarm_metric(alarm), 'periods': alarm['EvaluationPeriods']}
        found['cooldown'] = stepping.get('Cooldown', 0)
        field, limit = ('add', 'above') if name == f'{STEPS}add' else ('remove', 'below')
        bound = 'MetricIntervalLowerBound' if field == 'add' else 'MetricIntervalUpperBound'
        found[field] = [
            {limit: _number(alarm['Threshold'] + step.get(bound, 0.0)), 'tasks': abs(step['ScalingAdjustment'])}
            for step in stepping['StepAdjustments']
        ]
    return {name: value for name, value in found.items() if value != _STEP_DEFAULTS.get(name)}


def _alarm_metric(alarm: Answer) -> Any:
    dimensions = {each['Name']: each['Value'] for each in alarm.get('Dimensions') or ()}
    word = _UTILISATION.get((alarm['Namespace'], alarm['MetricName']))
    if word and dimensions.keys() == {'ClusterName', 'ServiceName'}:
        return word
    described = {**alarm, 'Dimensions': sorted(dimensions.items())}
    return {name: value for name, value in _metric(described, 0).items() if name != 'target'}


def _number(value: float) -> float:
    """A number without `.0`, as a person writes it."""
    return int(value) if float(value).is_integer() else value


def _suspended(target: ScalableTarget) -> Any:
    if target.suspended == SUSPENSIONS.keys():
        return True
    return [word for word in SUSPENSIONS if word in target.suspended]


def _policy(policy: Answer, label: str | None) -> dict[str, Any]:
    """The field that states a policy; empty for one that no field states."""
    normal = normal_policy(policy)
    if normal.get('PolicyType') != 'TargetTrackingScaling' or 'TargetValue' not in normal or normal['DisableScaleIn']:
        return {}
    value = _number(normal['TargetValue'])
    predefined, custom = normal['Predefined'], normal['Customized']
    if predefined:
        field = _WORDS.get(predefined['PredefinedMetricType'])
        counted = field != 'requests' or (label is not None and predefined.get('ResourceLabel') == label)
        known = next((entry for entry in entries(Autoscaling) if entry.name == field), None)
        fits = known is not None and 0 < value <= known.shape.json['maximum']
        return {field: value} if field and counted and fits else {}
    return {'metric': metric} if custom and (metric := _metric(custom, value)) else {}


def _metric(custom: Answer, value: float) -> dict[str, Any]:
    if 'Metrics' in custom or not {'MetricName', 'Namespace', 'Statistic'} <= custom.keys():
        return {}
    statistic = _STATISTIC_WORDS[custom['Statistic']]
    return {
        'name': custom['MetricName'],
        'namespace': custom['Namespace'],
        **({'dimensions': dict(custom['Dimensions'])} if custom['Dimensions'] else {}),
        **({'statistic': statistic} if statistic != 'average' else {}),
        **({'unit': custom['Unit']} if custom.get('Unit') else {}),
        'target': value,
    }


def _schedule(action: Answer) -> dict[str, Any]:
    """The item of `schedules` for a scheduled action; empty for one that no item states."""
    expression, zone, low, high, start, end = normal_action(action)
    kind, _, inner = str(expression).removesuffix(')').partition('(')
    if kind not in ('at', 'cron') or start or end:
        return {}
    return {
        kind: inner,
        **({'timezone': zone} if zone != DEFAULT_ZONE else {}),
        **({'min': low} if low is not None else {}),
        **({'max': high} if high is not None else {}),
    }


def _when(schedule: Mapping[str, Any]) -> tuple[Any, ...]:
    return schedule.get('at'), schedule.get('cron'), schedule.get('timezone')
