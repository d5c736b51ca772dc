"""Corrections of moto's EventBridge Scheduler: refusals that AWS documents, and the time at which a schedule began.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Operations.html
"""

import json
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.scheduler.exceptions import ScheduleGroupNotFound
from moto.scheduler.models import EventBridgeSchedulerBackend, Schedule, ScheduleGroup
from moto.scheduler.responses import EventBridgeSchedulerResponse

from stack.sandbox.patching import replace
from stack.stackfile.schedule_times import DEFAULT_ZONE, read_timetable

_CLOCKS: dict[str, Callable[[], float]] = {}


class _Refused(JsonRESTError):
    code = 400


class _Conflict(JsonRESTError):
    code = 409


def install() -> None:
    replace(EventBridgeSchedulerResponse, 'create_schedule', _created(EventBridgeSchedulerResponse.create_schedule))
    replace(EventBridgeSchedulerResponse, 'list_schedules', _listed(EventBridgeSchedulerResponse.list_schedules))
    for operation in ('create_schedule', 'update_schedule'):
        replace(EventBridgeSchedulerBackend, operation, _checked(getattr(EventBridgeSchedulerBackend, operation)))
    replace(
        EventBridgeSchedulerBackend,
        'create_schedule_group',
        _new_group(EventBridgeSchedulerBackend.create_schedule_group),
    )
    replace(EventBridgeSchedulerBackend, 'delete_schedule_group', _delete_group)


def connect(account: str, now: Callable[[], float]) -> None:
    """Have an account's schedules begin at the times of a clock, until `disconnect`."""
    _CLOCKS[account] = now


def disconnect(account: str) -> None:
    _CLOCKS.pop(account, None)


def _created(create: Callable[..., str]) -> Callable[..., str]:
    def create_schedule(self: EventBridgeSchedulerResponse) -> str:
        """The same call again, by its client token, is answered as before; moto knows no token."""
        token, group = self._get_param('ClientToken'), self._get_param('GroupName') or 'default'
        name = self.uri.split('?')[0].rpartition('/')[2]
        schedules = self.scheduler_backend.get_schedule_group(group).schedules
        if token and name in schedules and vars(schedules[name]).get('token') == token:
            return json.dumps({'ScheduleArn': schedules[name].arn})
        answer = create(self)
        vars(schedules[name])['token'] = token
        return answer

    return create_schedule


def _listed(list_schedules: Callable[..., str]) -> Callable[..., str]:
    def listed(self: EventBridgeSchedulerResponse) -> str:
        """moto answers for a group that does not exist as for an empty one."""
        for group in self.querystring.get('ScheduleGroup') or ():
            self.scheduler_backend.get_schedule_group(group)
        return list_schedules(self)

    return listed


def _checked(operation: Callable[..., Schedule]) -> Callable[..., Schedule]:
    def checked(self: EventBridgeSchedulerBackend, **asked: Any) -> Schedule:
        """moto stores any expression. The time is that of the clock, which tests turn."""
        self.get_schedule_group(asked.get('group_name'))
        try:
            read_timetable(asked['schedule_expression'], asked.get('schedule_expression_timezone') or DEFAULT_ZONE)
        except ValueError as error:
            message = f'Invalid Schedule Expression {asked["schedule_expression"]}: {error}'
            raise _Refused('ValidationException', message) from None
        schedule = operation(self, **asked)
        vars(schedule)['began'] = _CLOCKS[self.account_id]() if self.account_id in _CLOCKS else 0.0
        vars(schedule).pop('invocations', None)
        return schedule

    return checked


def _new_group(create: Callable[..., ScheduleGroup]) -> Callable[..., ScheduleGroup]:
    def create_schedule_group(
        self: EventBridgeSchedulerBackend, name: str, tags: list[dict[str, str]]
    ) -> ScheduleGroup:
        """moto replaces a group of that name, and its schedules are lost."""
        if name in self.schedule_groups:
            raise _Conflict('ConflictException', f'Schedule group {name} already exists.')
        return create(self, name=name, tags=tags or [])

    return create_schedule_group


def _delete_group(self: EventBridgeSchedulerBackend, name: str) -> None:
    """moto fails where there is no such group."""
    if self.schedule_groups.pop(name, None) is None:
        raise ScheduleGroupNotFound(name)
