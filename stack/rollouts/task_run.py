"""A task that runs once for a revision: from the wish until all of its tasks have ended.

Its tasks are known by what started them, which names the revision: see `stack.reconcile.tasks.run_mark`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from stack.rollouts.ecs_state import EPOCH, Task
from stack.rollouts.rollout import STALLED_AFTER_S, Rollout, Verdict, end, later, minutes, stalled, waiting
from stack.rollouts.stop_reasons import classify, most_telling

# The life of a task: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
STARTING = frozenset({'PROVISIONING', 'PENDING', 'ACTIVATING'})


def follow(before: Rollout, tasks: Sequence[Task], now: datetime, stalled_after: float = STALLED_AFTER_S) -> Rollout:
    """The run one look at ECS later; `tasks` are those that were started for the revision.

    How long they run is their own business: it stalls only while none of them does.
    """
    if not before.unsettled:
        return before
    wanted = before.goal.count or 0
    over = [each for each in tasks if each.status == 'STOPPED']
    starting = sum(each.status in STARTING for each in tasks)
    bad = failed(tasks, before.goal.service)
    looked = later(
        before,
        now,
        desired=wanted,
        running=len(tasks) - len(over) - starting,
        pending=starting,
        failed=len(bad),
        reached=len(over),
        percent=min(99, 100 * len(over) // wanted) if wanted else 99,
    )
    if not tasks:
        return _none(looked, wanted, stalled_after)
    looked = replace(looked, state='running', asked=True, deployment=tasks[0].started_by)
    looked = replace(looked, task_definition=tasks[0].task_definition)
    if bad:
        return end(looked, Verdict('aborted', _why(bad), now))
    if len(over) >= wanted:
        ended = 'The task has ended' if len(over) == 1 else f'All {len(over)} tasks have ended'
        return end(replace(looked, percent=100), Verdict('succeeded', f'{ended} without an error.', now))
    return _going(before, looked, stalled_after)


def failed(tasks: Sequence[Task], name: str) -> tuple[Task, ...]:
    """The tasks that are over and have not done what they were to, the last one first."""
    over = [each for each in tasks if each.status == 'STOPPED' and not succeeded(each, name)]
    return tuple(sorted(over, key=lambda each: each.stopped_at or EPOCH, reverse=True))


def succeeded(task: Task, name: str) -> bool:
    """Whether a task that is over ended by itself, and its container of that name (without one, each) with exit 0."""
    codes = {each.name: each.exit_code for each in task.containers}
    deciding = [codes[name]] if name in codes else list(codes.values())
    return (
        task.stop_code in ('EssentialContainerExited', '')
        and bool(deciding)
        and not any(code is None or code for code in deciding)
    )


def _none(looked: Rollout, wanted: int, stalled_after: float) -> Rollout:
    if wanted == 0:
        return end(replace(looked, percent=100), Verdict('succeeded', 'No task is to be run.', looked.observed_at))
    if not looked.asked:
        return waiting(looked, stalled_after)
    if looked.idle >= stalled_after:
        return end(looked, Verdict('aborted', 'ECS forgot its tasks before they were seen to end.', looked.observed_at))
    return looked


def _going(before: Rollout, looked: Rollout, stalled_after: float) -> Rollout:
    if looked.running or looked.reached > before.reached or looked.pending != before.pending:
        return replace(looked, verdict=None, idle=0.0)
    if not looked.open:
        return replace(looked, state=before.state)
    if looked.idle >= stalled_after:
        return stalled(looked, f'Its tasks have not started within {minutes(looked.idle)}.')
    return looked


def _why(failed: Sequence[Task]) -> str:
    reason = most_telling(classify(each) for each in failed)
    return reason.what if reason else 'A task failed.'
