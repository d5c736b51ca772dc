"""Past runs of the busy fleet's scheduled tasks, in the format of `stack.runs.records`."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from stack.runs.history import History, dump, schedule_key
from stack.runs.records import PREFIX
from stack.runs.run import Run
from stack.sandbox.fleet.clusters import CLUSTERS, FleetCluster, FleetTask
from stack.sandbox.telemetry.load import between
from stack.stackfile.schedule_fields import Schedule

# Seconds that a run takes, and those after which its task starts.
_TAKES, _STARTS = (40, 260), (3, 9)
_MOST = 60
_LINES = ('Traceback (most recent call last):', "KeyError: 'region'")


def past_runs(now: datetime) -> Iterator[tuple[str, bytes]]:
    """The record of each scheduled task by its key."""
    for cluster in CLUSTERS:
        for task in cluster.tasks:
            schedule = Schedule(cron=task.cron, timezone=task.timezone)
            yield f'{PREFIX}{cluster.name}/{task.name}', dump(_history(cluster, task, schedule, now))


def _history(cluster: FleetCluster, task: FleetTask, schedule: Schedule, now: datetime) -> History:
    table = schedule.timetable
    assert table is not None
    fails = [now - timedelta(days=e.days) for e in cluster.edits if (e.service, e.result) == (task.name, 'fails-later')]
    due = table.between(now - timedelta(days=task.days), now - timedelta(minutes=10), 10 * _MOST)[-_MOST:]
    runs = [_run(cluster, task, at, is_failing=any(at > since for since in fails)) for at in due]
    return History(tuple(reversed(runs)), now, schedule_key(schedule))


def _run(cluster: FleetCluster, task: FleetTask, due: datetime, *, is_failing: bool) -> Run:
    identity = hashlib.sha256(f'{cluster.name} {task.name} {due}'.encode()).hexdigest()[:32]
    started = due + timedelta(seconds=between(*_STARTS, identity))
    what = 'The container exited with code 1.'
    reason = {'kind': 'exit', 'what': what, 'advice': 'See the last lines of its log.'}
    lines = [{'at': started.isoformat(timespec='milliseconds'), 'message': line} for line in _LINES]
    log = {'group': f'/ecs/{cluster.name}', 'stream': f'{task.name}/{identity}', 'task': identity, 'lines': lines}
    return Run(
        identity,
        'schedule',
        'failed' if is_failing else 'succeeded',
        due + timedelta(seconds=1),
        due,
        identity,
        f'{cluster.name}-{task.name}:{2 if is_failing else 1}',
        started,
        started + timedelta(seconds=between(*_TAKES, identity, 'takes')),
        1 if is_failing else 0,
        reason=reason if is_failing else None,
        log=log if is_failing else None,
    )
