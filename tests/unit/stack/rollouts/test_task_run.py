"""Tasks that run once: followed until they have ended, and judged by how."""

from typing import Any

import pytest

from stack.rollouts.ecs_state import Task, task
from stack.rollouts.rollout import Rollout, begin
from stack.rollouts.task_run import failed, follow, succeeded
from tests.ecs_looks import at, ending, goal

MARK = 'nysa/0123456789abcdef'


def a_task(status: str = 'RUNNING', number: int = 1, code: int | None = None, **changes: Any) -> Task:
    container = {'name': 'web', 'image': 'web:2', **({'exitCode': code} if code is not None else {})}
    over = {'stopCode': 'EssentialContainerExited', 'stoppedReason': 'Essential container in task exited'}
    given = {'taskArn': f'arn:task/{number}', 'taskDefinitionArn': 'arn:td/web:2', 'startedBy': MARK}
    return task(
        given | {'lastStatus': status, 'containers': [container], **(over if status == 'STOPPED' else {})} | changes
    )


def looks(*seen: tuple[Task, ...], every: float = 5, count: int = 1, **want: Any) -> list[Rollout]:
    found = [begin(goal(kind='run', count=count, **want))]
    for number, each in enumerate(seen):
        found.append(follow(found[-1], each, at(5 + number * every)))
    return found[1:]


def test_queued_running_succeeded():
    rollouts = looks((), (a_task('PENDING'),), (a_task(),), (a_task('DEPROVISIONING'),), (a_task('STOPPED', code=0),))
    assert [each.state for each in rollouts] == ['queued', 'running', 'running', 'running', 'steady']
    assert [(each.pending, each.running) for each in rollouts] == [(0, 0), (1, 0), (0, 1), (0, 1), (0, 0)]
    last = rollouts[-1]
    assert (ending(last), last.percent, last.verdict.reason) == (
        'succeeded',
        100,
        'The task has ended without an error.',
    )
    assert (last.deployment, last.task_definition) == (MARK, 'arn:td/web:2')
    assert follow(last, (), at(7200)) is last, 'ECS forgets, and we do not'


@pytest.mark.parametrize(
    ('stopped', 'reason'),
    [
        pytest.param(a_task('STOPPED', code=3), 'code 3', id='exit code'),
        pytest.param(a_task('STOPPED', code=137, stoppedReason='OutOfMemoryError'), 'memory', id='out of memory'),
        pytest.param(
            a_task('STOPPED', stopCode='TaskFailedToStart', stoppedReason='CannotPullContainerError: not found'),
            'image',
            id='never started',
        ),
        pytest.param(
            a_task('STOPPED', code=0, stopCode='UserInitiated', stoppedReason='Task stopped by user'),
            '',
            id='stopped by hand',
        ),
    ],
)
def test_failed(stopped: Task, reason: str):
    last = looks((a_task(),), (stopped,))[-1]
    assert (ending(last), last.state, last.failed) == ('aborted', 'failed', 1)
    assert reason in last.verdict.reason


def test_several_tasks_have_all_to_succeed():
    first = a_task('STOPPED', 1, 0)
    rollouts = looks((first, a_task(number=2)), (first, a_task('STOPPED', 2, 0)), count=2)
    assert [(each.state, each.percent, ending(each)) for each in rollouts] == [
        ('running', 50, None),
        ('steady', 100, 'succeeded'),
    ]
    assert ending(looks((first, a_task('STOPPED', 2, 1)), count=2)[-1]) == 'aborted'


def test_another_container_may_be_killed_when_the_deciding_one_has_ended():
    sidecar = {'name': 'proxy', 'exitCode': 137}
    own = {'name': 'web', 'exitCode': 0}
    over = a_task('STOPPED', containers=[sidecar, own])
    assert succeeded(over, 'web')
    assert not succeeded(over, 'another')
    assert not succeeded(a_task('STOPPED', containers=[]), 'web')


def test_a_task_may_run_for_long():
    assert looks(*[(a_task(),)] * 40, every=60)[-1].verdict is None


def test_a_task_that_does_not_start_has_stalled():
    last = looks(*[(a_task('PENDING'),)] * 17, every=60)[-1]
    assert (ending(last), 'not started' in last.verdict.reason) == ('stalled', True)


def test_nobody_runs_it():
    last = looks(*[()] * 17, every=60)[-1]
    assert (ending(last), 'scheduler' in last.verdict.reason) == ('stalled', True)
    assert looks(*[()] * 40, every=60, announced_at=None)[-1].state == 'queued'


def test_run_after_it_had_stalled():
    rollouts = looks(*[()] * 17, (a_task('PENDING'),), (a_task(),), (a_task('STOPPED', code=0),), every=60)
    assert [ending(each) for each in rollouts[-4:]] == ['stalled', None, None, 'succeeded']
    assert [each.state for each in rollouts[-3:]] == ['running', 'running', 'steady']


def test_tasks_that_are_not_listed_for_a_moment():
    rollouts = looks((a_task(),), (), (a_task('STOPPED', code=0),))
    assert [ending(each) for each in rollouts] == [None, None, 'succeeded']
    assert ending(looks((a_task(),), *[()] * 17, every=60)[-1]) == 'aborted'


def test_none_is_wanted():
    assert ending(looks((), count=0)[-1]) == 'succeeded'


def test_what_failed_the_last_one_first():
    first, last = a_task('STOPPED', 1, 1, stoppedAt=at(10)), a_task('STOPPED', 2, 1, stoppedAt=at(20))
    assert failed((first, a_task('STOPPED', 3, 0), last, a_task(number=4)), 'web') == (last, first)
