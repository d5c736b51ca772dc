"""Runs of gates as each look at ECS advances them. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from stack.reconcile.gates import STARTS_WITHIN_S
from stack.reconcile.ledger import GateRun
from stack.rollouts.ecs_state import Task
from stack.rollouts.stop_reasons import classify, ended_first
from stack.rollouts.task_run import failed, succeeded

# How long ECS may not show a task that it has shown before, in seconds.
SHOWN_WITHIN_S = 300.0

NOT_STARTED = 'It was not seen to start within 50 minutes: whether it ran is not known.'
FORGOTTEN = 'ECS no longer knows its task: how it ended is not known.'


def follow(run: GateRun, tasks: Sequence[Task], now: float) -> GateRun:
    """The run one look later; `tasks` are those with its mark. `now` is in seconds since the epoch."""
    if not tasks:
        return _without_tasks(run, now)
    over = [task for task in tasks if task.status == 'STOPPED']
    bad = failed(over, run.container)
    newest = bad[0] if bad else tasks[-1]
    shown = replace(run, state='running', task=newest.arn, task_definition=run.task_definition or _own(run, newest))
    if bad:
        return _ended(replace(shown, state='failed', reason=_why(run, bad[0], now)), bad[0], now)
    if len(over) >= run.count and all(succeeded(task, run.container) for task in over):
        return _ended(replace(shown, state='succeeded'), over[-1], now)
    return shown


def _own(run: GateRun, task: Task) -> str | None:
    """The task definition to deregister at the end; the tasks of a `type: task` run that of their service."""
    return task.task_definition if run.gate else None


def _without_tasks(run: GateRun, now: float) -> GateRun:
    if run.state == 'starting':
        return run if now - run.at < STARTS_WITHIN_S else _lost(run, NOT_STARTED, now)
    return run if now - run.at < SHOWN_WITHIN_S else _lost(run, FORGOTTEN, now)


def _lost(run: GateRun, reason: str, now: float) -> GateRun:
    return replace(run, state='failed', reason=reason, ended_at=now)


def _ended(run: GateRun, task: Task, now: float) -> GateRun:
    codes = {each.name: each.exit_code for each in task.containers}
    first = ended_first(task.containers, ())
    code = codes.get(run.container, first.exit_code if first else None)
    at = task.stopped_at.timestamp() if task.stopped_at else now
    return replace(run, exit_code=code, ended_at=at)


def _why(run: GateRun, task: Task, now: float) -> str:
    if task.stop_code == 'UserInitiated' and run.timeout and now - run.at >= run.timeout:
        return f'It was stopped after its timeout of {run.timeout} s.'
    return classify(task).what
