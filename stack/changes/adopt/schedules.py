"""Conversion of schedules that run tasks in the cluster to services of `type: task`.

A schedule is read as a service that runs its task definition, so that all fields are found in the same way.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from stack.reconcile.names import described_owner
from stack.reconcile.observed import Service, TaskDefinition
from stack.reconcile.wanted_schedule import MEMBERS, NETWORK, own_place
from stack.stackfile.schedule_fields import LONGEST_RETRY_S, MOST_RETRIES
from stack.stackfile.schedule_times import DEFAULT_ZONE, read_timetable

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class AdoptedSchedule:
    """A schedule as a service, with the settings that only a schedule has.

    `definition` is the task definition with the overrides of the schedule's input; the service names it by its place.
    """

    service: Service
    settings: dict[str, Any]
    definition: TaskDefinition


class NotExpressible(ValueError):
    """A schedule that a stackfile cannot express; the message is a clause."""


def adopted_schedule(
    cluster: str, seen: Answer, definition: TaskDefinition | None, taken: Collection[str]
) -> AdoptedSchedule:
    """The schedule that GetSchedule described; `taken` are names of services. Raises `NotExpressible`."""
    target = seen['Target']
    run = target['EcsParameters']
    name = _name(seen, taken)
    if definition is None:
        raise NotExpressible('its task definition cannot be read')
    try:
        read_timetable(seen['ScheduleExpression'], seen.get('ScheduleExpressionTimezone') or DEFAULT_ZONE)
    except ValueError as error:
        raise NotExpressible(f'its expression {seen["ScheduleExpression"]} cannot be stated: {error}') from None
    if seen.get('ActionAfterCompletion') == 'DELETE':
        raise NotExpressible('it deletes itself after its last run')
    definition = replace(definition, body=_overridden(definition.body, _input(target.get('Input'))))
    members = _members(run)
    service = Service(
        name=name,
        arn=seen.get('Arn', ''),
        status='ACTIVE',
        task_definition=place_of(seen),
        desired_count=run.get('TaskCount', 1),
        launch_type=members.get('launchType'),
        members=members,
    )
    settings = {'type': 'task', 'scheduler_role': target['RoleArn'], 'schedule': _schedule(cluster, name, seen)}
    return AdoptedSchedule(service, settings, definition)


def place_of(seen: Answer) -> str:
    return f'{seen.get("GroupName", "default")}/{seen["Name"]}'


def _name(seen: Answer, taken: Collection[str]) -> str:
    """The name of the service: that of its owner, else of the schedule; another one where a service has it."""
    owner = described_owner(str(seen.get('Description')))
    name = owner.service if owner and owner.service else re.sub(r'[^A-Za-z0-9_-]', '-', seen['Name'])
    while name in taken:
        name = f'{name}-schedule'
    return name


def _members(run: Answer) -> dict[str, Any]:
    """The members of CreateService that the target states."""
    members = {name: run[member] for name, member in MEMBERS.items() if run.get(member) not in (None, [], False)}
    if run.get('PropagateTags'):
        members['propagateTags'] = run['PropagateTags']
    network = (run.get('NetworkConfiguration') or {}).get('awsvpcConfiguration')
    if network:
        own = {name: network[member] for name, member in NETWORK.items() if network.get(member)}
        members['networkConfiguration'] = {'awsvpcConfiguration': {'assignPublicIp': 'DISABLED', **own}}
    return members


def _input(text: str | None) -> Answer:
    """The overrides of one container in an input. Raises `NotExpressible` for anything else."""
    try:
        overrides = json.loads(text or '{}')
        containers = overrides.pop('containerOverrides', [])
        [container] = containers or [{}]
    except (ValueError, AttributeError, TypeError):
        raise NotExpressible('its input has more than overrides of one container') from None
    if overrides or not container.keys() <= {'name', 'command', 'environment'}:
        raise NotExpressible('its input has more than the command and variables of one container')
    return dict(container)


def _overridden(body: Answer, overrides: Answer) -> Answer:
    """A task definition with the command and the variables of overrides."""
    return {**body, 'containerDefinitions': [_container(each, overrides) for each in body['containerDefinitions']]}


def _container(container: Answer, overrides: Answer) -> Answer:
    if container['name'] != overrides.get('name'):
        return container
    variables = {each['name']: each['value'] for each in container.get('environment') or ()}
    variables |= {each['name']: each['value'] for each in overrides.get('environment') or ()}
    command = {'command': overrides['command']} if overrides.get('command') else {}
    environment = [{'name': name, 'value': value} for name, value in variables.items()]
    return {**container, **command, **({'environment': environment} if environment else {})}


def _schedule(cluster: str, name: str, seen: Answer) -> dict[str, Any]:
    kind, _, rest = str(seen['ScheduleExpression']).strip().partition('(')
    policy = seen['Target'].get('RetryPolicy') or {}
    zone = seen.get('ScheduleExpressionTimezone') or DEFAULT_ZONE
    stated = {
        kind: rest.removesuffix(')'),
        'timezone': zone if zone != DEFAULT_ZONE else None,
        'jitter': (seen.get('FlexibleTimeWindow') or {}).get('MaximumWindowInMinutes'),
        'retries': _unless(policy.get('MaximumRetryAttempts'), MOST_RETRIES),
        'retry_for': _unless(policy.get('MaximumEventAgeInSeconds'), LONGEST_RETRY_S),
        'enabled': False if seen.get('State') == 'DISABLED' else None,
        'start': _moment(seen.get('StartDate')),
        'end': _moment(seen.get('EndDate')),
        'dead_letter': (seen['Target'].get('DeadLetterConfig') or {}).get('Arn'),
        'encryption_key': seen.get('KmsKeyArn'),
        'name': _unless(place_of(seen), own_place(cluster, name)),
    }
    return {key: value for key, value in stated.items() if value is not None}


def _unless(value: Any, usual: Any) -> Any:
    return None if value == usual else value


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace('+00:00', 'Z') if at else None
