"""A wanted schedule in the terms of EventBridge Scheduler, and the same of one that exists, for comparison.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stack.reconcile.names import Owner, ecs_tags
from stack.stackfile.fields import ServiceSettings
from stack.stackfile.schedule_fields import LONGEST_RETRY_S, MOST_RETRIES, Schedule
from stack.stackfile.schedule_times import DEFAULT_ZONE

Terms = Mapping[str, Any]

# https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html
LONGEST_NAME = 64

# Members of CreateService that the target of a schedule has as well, by their names there.
MEMBERS = {
    'capacityProviderStrategy': 'CapacityProviderStrategy',
    'enableECSManagedTags': 'EnableECSManagedTags',
    'enableExecuteCommand': 'EnableExecuteCommand',
    'launchType': 'LaunchType',
    'placementConstraints': 'PlacementConstraints',
    'placementStrategy': 'PlacementStrategy',
    'platformVersion': 'PlatformVersion',
}
NETWORK = {'subnets': 'Subnets', 'securityGroups': 'SecurityGroups', 'assignPublicIp': 'AssignPublicIp'}


@dataclass(frozen=True)
class WantedSchedule:
    """A schedule at `place` (GROUP/NAME); `is_own`: in the group that Nysa creates for the cluster.

    `terms` are members of CreateSchedule, without the ARNs of cluster and task definition.
    """

    place: str
    is_own: bool
    terms: Terms

    @property
    def group(self) -> str:
        return self.place.partition('/')[0]

    @property
    def name(self) -> str:
        return self.place.partition('/')[2]


def own_group(cluster: str) -> str:
    """The name of the group of a cluster's schedules."""
    return _short(f'nysa-{cluster}')


def own_place(cluster: str, service: str) -> str:
    return f'{own_group(cluster)}/{_short(service)}'


def _short(name: str) -> str:
    """A name within AWS's limit: a longer one ends with a hash."""
    if len(name) <= LONGEST_NAME:
        return name
    return f'{name[: LONGEST_NAME - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}'


def wanted_schedule(cluster: str, settings: ServiceSettings, members: Terms) -> WantedSchedule | None:
    """The schedule of a service; None without one, or with one that lacks its time or its role.

    `members` are those of CreateService.
    """
    schedule = settings.schedule
    if settings.type != 'task' or schedule is None or not schedule.kind or settings.scheduler_role is None:
        return None
    owner = Owner(cluster, settings.name)
    place = schedule.name or own_place(cluster, settings.name)
    retries = MOST_RETRIES if schedule.retries is None else schedule.retries
    policy = {'MaximumRetryAttempts': retries, 'MaximumEventAgeInSeconds': schedule.retry_for or LONGEST_RETRY_S}
    target: dict[str, Any] = {
        'RoleArn': settings.scheduler_role,
        'RetryPolicy': policy,
        'EcsParameters': {
            'TaskCount': settings.desired_count,
            'Tags': ecs_tags(owner.tags),
            **_run_members(members),
        },
    }
    if schedule.dead_letter:
        target['DeadLetterConfig'] = {'Arn': schedule.dead_letter}
    terms = {**_when(schedule), 'Description': owner.description, 'Target': target}
    return WantedSchedule(place, place.startswith(f'{own_group(cluster)}/'), terms)


def _when(schedule: Schedule) -> dict[str, Any]:
    window: dict[str, Any] = {'Mode': 'OFF'}
    if schedule.jitter:
        window = {'Mode': 'FLEXIBLE', 'MaximumWindowInMinutes': schedule.jitter}
    terms: dict[str, Any] = {
        'ScheduleExpression': schedule.expression,
        'ScheduleExpressionTimezone': schedule.timezone,
        'FlexibleTimeWindow': window,
        'State': 'ENABLED' if schedule.enabled else 'DISABLED',
    }
    for member, at in (('StartDate', schedule.starts_at), ('EndDate', schedule.ends_at)):
        if at:
            terms[member] = _moment(at)
    if schedule.encryption_key:
        terms['KmsKeyArn'] = schedule.encryption_key
    return terms


def _run_members(members: Terms) -> dict[str, Any]:
    found = {name: members[member] for member, name in MEMBERS.items() if member in members}
    network = members.get('networkConfiguration', {}).get('awsvpcConfiguration')
    if network:
        own = {name: network[member] for member, name in NETWORK.items() if network.get(member)}
        found['NetworkConfiguration'] = {'awsvpcConfiguration': own}
    # https://docs.aws.amazon.com/scheduler/latest/APIReference/API_EcsParameters.html (no other value)
    if members.get('propagateTags') == 'TASK_DEFINITION':
        found['PropagateTags'] = 'TASK_DEFINITION'
    return found


def _moment(at: datetime) -> str:
    """A time as AWS keeps it: to the second, in UTC."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat()


# What GetSchedule returns beside the members of CreateSchedule, and what names the schedule.
_NOT_TERMS = frozenset({'Arn', 'CreationDate', 'LastModificationDate', 'Name', 'GroupName', 'ResponseMetadata'})


def normalised(terms: Terms) -> dict[str, Any]:
    """Members of CreateSchedule with AWS's defaults, and lists without an order sorted; without the ARNs of ECS."""
    found = {name: value for name, value in terms.items() if name not in _NOT_TERMS and value is not None}
    for member in ('StartDate', 'EndDate'):
        if isinstance(found.get(member), datetime):
            found[member] = _moment(found[member])
    target = {name: value for name, value in (found.get('Target') or {}).items() if value and name != 'Arn'}
    policy = target.get('RetryPolicy') or {}
    target['RetryPolicy'] = {
        'MaximumRetryAttempts': policy.get('MaximumRetryAttempts', MOST_RETRIES),
        'MaximumEventAgeInSeconds': policy.get('MaximumEventAgeInSeconds', LONGEST_RETRY_S),
    }
    target['EcsParameters'] = _normalised_run(target.get('EcsParameters') or {})
    return {
        'ScheduleExpressionTimezone': DEFAULT_ZONE,
        'State': 'ENABLED',
        'ActionAfterCompletion': 'NONE',
        **found,
        'Target': target,
    }


def _normalised_run(run: Terms) -> dict[str, Any]:
    found = {name: value for name, value in run.items() if value not in (None, [], {}, False)}
    found.pop('TaskDefinitionArn', None)
    found['TaskCount'] = found.get('TaskCount', 1)
    if 'Tags' in found:
        found['Tags'] = sorted(found['Tags'], key=lambda tag: str(tag.get('key')))
    network = (found.get('NetworkConfiguration') or {}).get('awsvpcConfiguration')
    if network:
        own = {name: sorted(value) if isinstance(value, list) else value for name, value in network.items() if value}
        found['NetworkConfiguration'] = {'awsvpcConfiguration': {'AssignPublicIp': 'DISABLED', **own}}
    return found


# Members by the field of the stackfile that states them.
_FIELDS = {
    'ScheduleExpressionTimezone': 'schedule.timezone',
    'State': 'schedule.enabled',
    'StartDate': 'schedule.start',
    'EndDate': 'schedule.end',
    'KmsKeyArn': 'schedule.encryption_key',
    'FlexibleTimeWindow': 'schedule.jitter',
    'DeadLetterConfig': 'schedule.dead_letter',
    'RoleArn': 'scheduler_role',
    'TaskCount': 'desired_count',
    'LaunchType': 'launch_type',
    'CapacityProviderStrategy': 'capacity_providers',
    'EnableECSManagedTags': 'ecs_managed_tags',
    'EnableExecuteCommand': 'exec',
    'NetworkConfiguration': 'network',
    'PlacementConstraints': 'placement_constraints',
    'PlacementStrategy': 'placement_strategy',
    'PlatformVersion': 'platform_version',
    'PropagateTags': 'propagate_tags',
    'Tags': 'tags',
    'MaximumRetryAttempts': 'schedule.retries',
    'MaximumEventAgeInSeconds': 'schedule.retry_for',
}


def by_field(terms: Terms) -> dict[str, Any]:
    """Normalised terms by the field that states them, or by AWS's name under `schedule.` where there is none."""
    target = dict(terms['Target'])
    flat = {name: value for name, value in terms.items() if name not in ('Target', 'ScheduleExpression')}
    flat |= target.pop('RetryPolicy') | target.pop('EcsParameters') | target
    kind, _, rest = str(terms.get('ScheduleExpression', '')).partition('(')
    shown = {f'schedule.{kind}': rest.removesuffix(')')}
    for name, value in flat.items():
        shown[_FIELDS.get(name, f'schedule.{name}')] = _readable(name, value)
    return shown


def _readable(name: str, value: Any) -> Any:
    if name == 'State':
        return value == 'ENABLED'
    if name == 'FlexibleTimeWindow':
        return value.get('MaximumWindowInMinutes')
    if name == 'DeadLetterConfig':
        return value.get('Arn')
    return value
