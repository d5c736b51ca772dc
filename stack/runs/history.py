"""The runs of one service: what a look at its tasks adds to them, and what they mean for its schedule. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from stack.rollouts.ecs_state import EPOCH, Task
from stack.rollouts.stop_reasons import classify
from stack.rollouts.task_run import STARTING, succeeded
from stack.runs.run import Run, State, Trigger, read_run
from stack.runtime.moments import stamp
from stack.stackfile.schedule_fields import Schedule

# How many runs of a service are kept, the newest.
MOST_KEPT = 200
# Of how many the log lines are kept.
LOGS_KEPT = 20

# What EventBridge Scheduler, a caller of the API and Nysa's scheduler write to `startedBy`.
BY_SCHEDULE, BY_REQUEST, BY_REVISION = 'chronos-schedule/', 'nysa-run/', 'nysa/'

# How long a start may be late before it counts as missed.
GRACE = timedelta(minutes=5)
# ECS knows a stopped task for an hour: what was due earlier than the last look but that cannot be judged.
KNOWN_FOR = timedelta(minutes=55)
# How often a look that shows nothing new is recorded.
WRITTEN_EACH = timedelta(minutes=10)
# How many times of a schedule are looked at for a run, and shown.
MOST_DUE, NEXT_SHOWN = 200, 5


@dataclass(frozen=True)
class History:
    """The runs, the newest first; `looked_at` is when ECS was last asked for tasks, and `schedule` what it was then."""

    runs: tuple[Run, ...] = ()
    looked_at: datetime | None = None
    schedule: str = ''

    def find(self, run: str) -> Run | None:
        return next((known for known in self.runs if known.id == run), None)

    @property
    def open(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.is_open)

    def with_run(self, run: Run) -> 'History':
        """The history with a run, in place of the one with its id."""
        others = [known for known in self.runs if known.id != run.id]
        newest = sorted([*others, run], key=lambda known: known.created_at, reverse=True)[:MOST_KEPT]
        return replace(self, runs=tuple(newest))


def started_by(run: str) -> str:
    """The `startedBy` of a run that a caller asked for."""
    return f'{BY_REQUEST}{run}'


def is_run(task: Task) -> bool:
    """Whether a task is no task of a service."""
    return not task.started_by.startswith('ecs-svc/')


def seen(history: History, tasks: Sequence[Task], container: str, schedule: Schedule | None, now: datetime) -> History:
    """The history after a look at the tasks of the service's family, `container` being the main one."""
    tasks = [task for task in tasks if is_run(task)]
    runs = {run.id: run for run in history.runs}
    for task in sorted(tasks, key=lambda known: known.created_at or EPOCH):
        if task.created_at is not None:
            run = _run_of(task, container, schedule)
            known = runs.get(run.id)
            if run.due is not None:
                runs.pop(_missed_id(run.due), None)
            runs[run.id] = _kept(known, run) if known else replace(run, overlaps=_overlaps(runs.values(), run))
    gone = now - timedelta(hours=1)
    for run in list(runs.values()):
        if run.is_open and run.created_at < gone and run.task not in {task.id for task in tasks}:
            runs[run.id] = replace(run, state='failed', reason=FORGOTTEN)
    for due in _missed(history, runs.values(), schedule, now):
        runs[_missed_id(due)] = Run(_missed_id(due), 'schedule', 'missed', due, due, reason=MISSED)
    newest = sorted(runs.values(), key=lambda run: run.created_at, reverse=True)[:MOST_KEPT]
    kept = tuple(run if i < LOGS_KEPT or run.log is None else replace(run, log=None) for i, run in enumerate(newest))
    is_same = kept == history.runs and schedule_key(schedule) == history.schedule
    if is_same and history.looked_at and now - history.looked_at < WRITTEN_EACH:
        return history
    return History(kept, now, schedule_key(schedule))


def schedule_key(schedule: Schedule | None) -> str:
    """What a schedule is judged by: times before a change of it are none of its own."""
    if schedule is None:
        return ''
    return f'{schedule.expression} {schedule.timezone} {schedule.start or ""} {"on" if schedule.enabled else "off"}'


FORGOTTEN = {
    'kind': 'unknown',
    'what': 'ECS forgot its task before it was seen to end.',
    'advice': 'See the log of its containers.',
}
MISSED = {
    'kind': 'missed',
    'what': 'No task started when the schedule was due.',
    'advice': 'See whether scheduler_role may run the task, and whether the cluster has room for it.',
}


def _run_of(task: Task, container: str, schedule: Schedule | None) -> Run:
    trigger = _trigger(task)
    created = task.created_at or EPOCH
    over = task.status == 'STOPPED'
    state: State = 'starting' if task.status in STARTING else 'running'
    reason = None
    if over:
        state = 'succeeded' if succeeded(task, container) else 'failed'
    if state == 'failed':
        found = classify(task)
        reason = {'kind': found.kind, 'what': found.what, 'advice': found.advice}
    codes = {known.name: known.exit_code for known in task.containers}
    return Run(
        id=task.started_by.removeprefix(BY_REQUEST) if trigger == 'request' else task.id,
        trigger=trigger,
        state=state,
        created_at=created,
        due=_due(schedule, created) if trigger == 'schedule' else None,
        task=task.id,
        task_definition=task.task_definition.rpartition('/')[2],
        started_at=task.started_at,
        stopped_at=task.stopped_at if over else None,
        exit_code=codes.get(container, next(iter(codes.values()), None)) if over else None,
        reason=reason,
    )


def _trigger(task: Task) -> Trigger:
    for prefix, trigger in _TRIGGERS.items():
        if task.started_by.startswith(prefix):
            return trigger
    return 'other'


_TRIGGERS: Mapping[str, Trigger] = {BY_SCHEDULE: 'schedule', BY_REQUEST: 'request', BY_REVISION: 'revision'}


def _kept(known: Run, run: Run) -> Run:
    """What the look shows, with what only the record knows. An end is final."""
    if not known.is_open:
        return known
    return replace(
        run,
        created_at=known.created_at,
        due=known.due or run.due,
        overlaps=known.overlaps,
        by=known.by,
        message=known.message,
        overrides=known.overrides,
    )


def _overlaps(runs: Iterable[Run], run: Run) -> bool:
    return any(other.created_at < run.created_at and _ends_after(other, run.created_at) for other in runs)


def _ends_after(run: Run, at: datetime) -> bool:
    return run.state in ('starting', 'running') or (run.stopped_at is not None and run.stopped_at > at)


def _missed_id(due: datetime) -> str:
    return f'missed-{int(due.timestamp())}'


def _latest_start(schedule: Schedule) -> timedelta:
    """How long after it was due a start is on time."""
    return timedelta(minutes=schedule.jitter or 0) + GRACE


def _due(schedule: Schedule | None, created: datetime) -> datetime | None:
    """The last time at which the schedule was due before a start, within the delay that a retry may have."""
    table = schedule.timetable if schedule else None
    if schedule is None or table is None:
        return None
    for delay in (_latest_start(schedule), timedelta(seconds=schedule.retry_for or 86_400)):
        if due := table.between(created - delay, created, MOST_DUE):
            return due[-1] if len(due) < MOST_DUE else None
    return None


def _missed(history: History, runs: Iterable[Run], schedule: Schedule | None, now: datetime) -> list[datetime]:
    """The times at which no task started, of those that can be judged: since the last look, if that is not long ago."""
    table = schedule.timetable if schedule else None
    if schedule is None or table is None or not schedule.enabled or history.looked_at is None:
        return []
    if history.schedule != schedule_key(schedule):
        return []
    late = _latest_start(schedule)
    start = max(history.looked_at - late, now - KNOWN_FOR)
    starts = [bound for bound in (schedule.starts_at,) if bound]
    end = min([now - late, *(bound for bound in (schedule.ends_at,) if bound)])
    known = {run.due for run in runs}
    return [due for due in table.between(max([start, *starts]), end, MOST_DUE) if due not in known]


def schedule_json(history: History, schedule: Schedule, now: datetime) -> dict[str, Any]:
    """The schedule of a service with its next times, its last run, and what its runs come to."""
    by_schedule = [run for run in history.runs if run.trigger == 'schedule']
    failing = failing_since(by_schedule)
    return {
        'expression': schedule.expression,
        'timezone': schedule.timezone,
        'enabled': schedule.enabled,
        'next': [stamp(at) for at in next_times(by_schedule, schedule, now)],
        'last': by_schedule[0].brief() if by_schedule else None,
        'state': _state(by_schedule, schedule),
        'failing_since': stamp(failing) if failing else None,
    }


def schedule_state(history: History, schedule: Schedule, now: datetime) -> dict[str, Any]:
    """How a schedule goes, in short, for the row of its service: since when it fails, its last and its next time."""
    by_schedule = [run for run in history.runs if run.trigger == 'schedule']
    failing = failing_since(by_schedule)
    coming = next_times(by_schedule, schedule, now)
    return {
        'state': _state(by_schedule, schedule),
        'since': stamp(failing) if failing else None,
        'last': stamp(by_schedule[0].created_at) if by_schedule else None,
        'next': stamp(coming[0]) if coming else None,
    }


def next_times(runs: Sequence[Run], schedule: Schedule, now: datetime) -> list[datetime]:
    """The next times; those of an interval are counted from its last run, and unknown before the first."""
    table = schedule.timetable
    if table is None or not schedule.enabled:
        return []
    start = max([now, *(bound for bound in (schedule.starts_at,) if bound)])
    end = schedule.ends_at or now + timedelta(days=3660)
    anchor = next((run.created_at.replace(microsecond=0) for run in runs if run.state != 'missed'), None)
    return table.between(start, end, NEXT_SHOWN, anchor)


def failing_since(runs: Sequence[Run]) -> datetime | None:
    """When the first of the runs that failed in a row, up to now, was created; None where the last one succeeded."""
    since = None
    for run in runs:
        if run.state == 'succeeded':
            break
        if run.failed:
            since = run.created_at
    return since


def _state(runs: Sequence[Run], schedule: Schedule) -> str:
    """`disabled`, `failing`, `missed`, `overlapping`, `running`, `ok`, or `pending` before the first run."""
    over = next((run for run in runs if not run.is_open), None)
    under_way = sum(run.is_open for run in runs)
    if not schedule.enabled:
        return 'disabled'
    if over and over.failed:
        return 'missed' if over.state == 'missed' else 'failing'
    if under_way:
        return 'overlapping' if under_way > 1 else 'running'
    return 'ok' if over else 'pending'


def dump(history: History) -> bytes:
    looked_at = stamp(history.looked_at) if history.looked_at else None
    runs = [run.to_json() for run in history.runs]
    return json.dumps({'looked_at': looked_at, 'schedule': history.schedule, 'runs': runs}).encode()


def load(body: bytes) -> History:
    """What `dump` made. Raises ValueError, KeyError or TypeError for anything else."""
    stored = json.loads(body)
    looked_at = datetime.fromisoformat(stored['looked_at']) if stored['looked_at'] else None
    return History(tuple(map(read_run, stored['runs'])), looked_at, stored['schedule'])
