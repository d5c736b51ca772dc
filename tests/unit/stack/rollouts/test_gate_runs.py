"""Runs of gates, followed until they have ended."""

from dataclasses import replace
from typing import Any

import pytest

from stack.reconcile.gates import STARTS_WITHIN_S
from stack.reconcile.ledger import GateRun
from stack.rollouts.ecs_state import Task, task
from stack.rollouts.gate_runs import FORGOTTEN, NOT_STARTED, SHOWN_WITHIN_S, follow

RUN = GateRun(
    service='web',
    gate='migrate',
    stage='pre_deploy',
    definition='d',
    mark='nysa/1',
    family='prod-web-migrate',
    container='web',
    timeout=60,
    at=1000.0,
)


def a_task(status: str = 'RUNNING', code: int | None = None, **changes: Any) -> Task:
    containers = [{'name': 'side', 'exitCode': 0}, {'name': 'web', **({} if code is None else {'exitCode': code})}]
    over = {'stopCode': 'EssentialContainerExited', 'stoppedAt': 1030.0} if status == 'STOPPED' else {}
    given = {'taskArn': 'arn:task/1', 'taskDefinitionArn': 'arn:td:1', 'startedBy': 'nysa/1', 'lastStatus': status}
    return task(given | {'containers': containers} | over | changes)


def test_it_runs_and_succeeds():
    running = follow(RUN, [a_task()], 1010.0)
    assert (running.state, running.task, running.task_definition) == ('running', 'arn:task/1', 'arn:td:1')
    ended = follow(running, [a_task('STOPPED', 0)], 1040.0)
    assert (ended.state, ended.exit_code, ended.ended_at) == ('succeeded', 0, 1030.0)


def test_it_fails_by_the_exit_code_of_its_container():
    ended = follow(RUN, [a_task('STOPPED', 3)], 1040.0)
    assert (ended.state, ended.exit_code) == ('failed', 3)
    assert '3' in ended.reason


def test_a_task_that_is_stopped_after_its_timeout():
    stopped = a_task('STOPPED', 137, stopCode='UserInitiated')
    assert follow(RUN, [stopped], 1061.0).reason == 'It was stopped after its timeout of 60 s.'
    assert 'timeout' not in follow(RUN, [stopped], 1030.0).reason


@pytest.mark.parametrize(
    ('run', 'within', 'reason'),
    [
        (RUN, STARTS_WITHIN_S, NOT_STARTED),
        (replace(RUN, state='running', task='arn:task/1'), SHOWN_WITHIN_S, FORGOTTEN),
    ],
)
def test_a_task_that_ecs_does_not_show_is_given_up_in_time(run: GateRun, within: float, reason: str):
    assert follow(run, [], run.at + within - 1) == run
    lost = follow(run, [], run.at + within)
    assert (lost.state, lost.reason) == ('failed', reason)


def test_several_tasks_of_one_run_must_all_succeed():
    run = replace(RUN, gate='', stage='run', count=2)
    assert follow(run, [a_task('STOPPED', 0)], 1040.0).state == 'running'
    both = [a_task('STOPPED', 0), a_task('STOPPED', 0)]
    assert follow(run, both, 1040.0).state == 'succeeded'
    # Its task definition is that of the service, and stays.
    assert follow(run, both, 1040.0).task_definition is None
    assert follow(run, [a_task(), a_task('STOPPED', 1)], 1040.0).state == 'failed'
