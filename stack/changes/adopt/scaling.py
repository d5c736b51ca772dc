"""Conversion of a service's scalable target to the field `autoscaling`: the inverse of `stack.reconcile.scaling`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.reconcile.scalable_target import Answer, ScalableTarget
from stack.reconcile.scaling import PREDEFINED, normal_action, normal_policy, part_name
from stack.stackfile.autoscaling_fields import DEFAULT_COOLDOWN_S, DEFAULT_ZONE, STATISTICS, SUSPENSIONS, Autoscaling
from stack.stackfile.entries import entries

_WORDS = {metric: field for field, metric in PREDEFINED.items()}
_STATISTIC_WORDS = {name: word for word, name in STATISTICS.items()}
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
    for policy in target.policies:
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
    if not policies and not schedules:
        return Described({}, tuple(left))
    whole = {
        'min': target.minimum,
        'max': target.maximum,
        **policies,
        'schedules': schedules,
        **{name: seconds for name, seconds in cooldowns.items() if seconds != DEFAULT_COOLDOWN_S},
        'suspended': _suspended(target),
    }
    ordered = {
        entry.name: whole[entry.name] for entry in entries(Autoscaling) if whole.get(entry.name) not in (None, [])
    }
    return Described(ordered, tuple(left))


def _suspended(target: ScalableTarget) -> Any:
    if target.suspended == SUSPENSIONS.keys():
        return True
    return [word for word in SUSPENSIONS if word in target.suspended]


def _policy(policy: Answer, label: str | None) -> dict[str, Any]:
    """The field that states a policy; empty for one that no field states."""
    normal = normal_policy(policy)
    if normal.get('PolicyType') != 'TargetTrackingScaling' or 'TargetValue' not in normal or normal['DisableScaleIn']:
        return {}
    value = int(normal['TargetValue']) if normal['TargetValue'].is_integer() else normal['TargetValue']
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
