"""The clock of the embedded EventBridge Scheduler: it starts tasks when schedules are due, again after a failure, and
sends what it gives up to the dead-letter queue.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html
"""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from moto.scheduler.models import Schedule, scheduler_backends
from moto.sqs.models import sqs_backends

from stack.sandbox.ecs.dice import Dice
from stack.stackfile.schedule_times import read_timetable

log = logging.getLogger(__name__)

# What EventBridge Scheduler writes to `startedBy`, which has at most so many characters.
STARTED_BY = 'chronos-schedule/'
LONGEST_STARTED_BY = 36
# Seconds before the first retry; each further one waits twice as long, at most so long.
FIRST_RETRY_S, LONGEST_RETRY_S = 30.0, 900.0

_RUN = {
    'CapacityProviderStrategy': 'capacityProviderStrategy',
    'EnableECSManagedTags': 'enableECSManagedTags',
    'EnableExecuteCommand': 'enableExecuteCommand',
    'Group': 'group',
    'LaunchType': 'launchType',
    'PlacementConstraints': 'placementConstraints',
    'PlacementStrategy': 'placementStrategy',
    'PlatformVersion': 'platformVersion',
    'PropagateTags': 'propagateTags',
    'Tags': 'tags',
    'TaskCount': 'count',
    'TaskDefinitionArn': 'taskDefinition',
}
_NETWORK = {'Subnets': 'subnets', 'SecurityGroups': 'securityGroups', 'AssignPublicIp': 'assignPublicIp'}

# One call of ECS: operation, parameters, region → status and answer.
Ask = Callable[[str, dict[str, Any], str], tuple[int, dict[str, Any]]]


class Schedules:
    """The schedules of one account; LOCK is held by the callers of its methods.

    A schedule's `invocations` are kept with it in moto: `next`, when it is due, and `open`, the starts that are under
    way, each with the time of its next attempt. They last as long as the schedule does.
    """

    def __init__(self, account: str, ask: Ask):
        self._account = account
        self._ask = ask
        self._dice = Dice(f'schedules/{account}')

    def next_due(self) -> float | None:
        """When something is to be done next, in seconds since the epoch; None if nothing is."""
        times = [time for schedule, _ in self._all() for time in _times(_invocations(schedule))]
        return min(times, default=None)

    def advance(self, now: float) -> None:
        """Do all that is due by now."""
        for schedule, region in list(self._all()):
            kept = _invocations(schedule)
            while kept['next'] is not None and kept['next'] <= now:
                due = kept['next']
                kept['next'] = _due_after(schedule, due)
                if schedule.state == 'ENABLED':
                    kept['open'].append({'due': due, 'at': due + self._jitter(schedule), 'tries': 0})
            for invocation in [each for each in kept['open'] if each['at'] <= now]:
                self._invoke(schedule, region, invocation, now)
            if kept['next'] is None and not kept['open'] and schedule.action_after_completion == 'DELETE':
                scheduler_backends[self._account][region].delete_schedule(schedule.group_name, schedule.name)

    def _all(self) -> Iterator[tuple[Schedule, str]]:
        for region, backend in scheduler_backends[self._account].items():
            for group in backend.schedule_groups.values():
                for schedule in group.schedules.values():
                    if 'EcsParameters' in schedule.target:
                        yield schedule, region

    def _jitter(self, schedule: Schedule) -> float:
        minutes = schedule.flexible_time_window.get('MaximumWindowInMinutes') or 0
        return self._dice.spread(30.0 * minutes) if minutes else 0.0

    def _invoke(self, schedule: Schedule, region: str, invocation: dict[str, Any], now: float) -> None:
        status, answer = self._ask('RunTask', _run_task(schedule), region)
        opened = _invocations(schedule)['open']
        if status == 200 and answer['tasks']:
            opened.remove(invocation)
            return
        policy = schedule.target['RetryPolicy']
        invocation['tries'] += 1
        wait = min(FIRST_RETRY_S * 2.0 ** (invocation['tries'] - 1), LONGEST_RETRY_S)
        too_late = now + wait - invocation['due'] > policy['MaximumEventAgeInSeconds']
        if invocation['tries'] <= policy['MaximumRetryAttempts'] and not too_late:
            invocation['at'] = now + wait
            return
        opened.remove(invocation)
        failures = ', '.join(sorted({each['reason'] for each in answer.get('failures', ())}))
        self._give_up(schedule, region, answer.get('message') or failures)

    def _give_up(self, schedule: Schedule, region: str, reason: str) -> None:
        """https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html"""
        arn = (schedule.target.get('DeadLetterConfig') or {}).get('Arn')
        queues = sqs_backends[self._account][region].queues
        queue = next((queue for queue in queues.values() if queue.queue_arn == arn), None)
        if queue is None:
            log.info('the schedule %s gave a run up: %s', schedule.arn, reason)
            return
        body = schedule.target.get('Input') or json.dumps({'schedule': schedule.arn, 'error': reason})
        sqs_backends[self._account][region].send_message(queue.name, body)


def _invocations(schedule: Schedule) -> dict[str, Any]:
    kept: dict[str, Any] | None = vars(schedule).get('invocations')
    if kept is None:
        began = vars(schedule).get('began', 0.0)
        # An interval is due at once, so its first time is that of its beginning.
        kept = vars(schedule)['invocations'] = {'next': _due_after(schedule, began - 0.001), 'open': []}
    return kept


def _times(kept: dict[str, Any]) -> Iterator[float]:
    if kept['next'] is not None:
        yield kept['next']
    yield from (each['at'] for each in kept['open'])


def _due_after(schedule: Schedule, start: float) -> float | None:
    """The next time within the window of a schedule; None where there is none."""
    table = read_timetable(schedule.schedule_expression, schedule.schedule_expression_timezone)
    anchor = float(schedule.start_date or vars(schedule).get('began', 0.0))
    since = max(start, float(schedule.start_date or start) - 0.001)
    due = next(table.after(datetime.fromtimestamp(since, UTC), datetime.fromtimestamp(anchor, UTC)), None)
    if due is None or (schedule.end_date and due.timestamp() > float(schedule.end_date)):
        return None
    return due.timestamp()


def _run_task(schedule: Schedule) -> dict[str, Any]:
    run = schedule.target['EcsParameters']
    parameters = {name: run[member] for member, name in _RUN.items() if run.get(member) is not None}
    network = (run.get('NetworkConfiguration') or {}).get('awsvpcConfiguration')
    if network:
        own = {name: network[member] for member, name in _NETWORK.items() if network.get(member)}
        parameters['networkConfiguration'] = {'awsvpcConfiguration': own}
    if schedule.target.get('Input'):
        parameters['overrides'] = json.loads(schedule.target['Input'])
    started_by = f'{STARTED_BY}{schedule.name}'[:LONGEST_STARTED_BY]
    return parameters | {'cluster': schedule.target['Arn'], 'startedBy': started_by}
