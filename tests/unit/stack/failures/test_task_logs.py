"""Which tasks' logs are worth reading, and where they lie."""

from datetime import timedelta
from typing import Any

import pytest

from stack.failures.task_logs import failing, log_stream
from stack.reconcile.observed import TaskDefinition
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Task, task
from tests.unit.stack.rollouts.test_cluster_state import START, look, revision, running, state

WEB = {'image': 'web:1', 'desired_count': 2}


def stopped(minutes: float, **changes: Any) -> Task:
    sent = {
        'taskArn': f'arn:task/prod/t{minutes}',
        'lastStatus': 'STOPPED',
        'taskDefinitionArn': 'arn:td/web:1',
        'createdAt': START + timedelta(minutes=minutes),
        'stoppedReason': 'Essential container in task exited',
        'stopCode': 'EssentialContainerExited',
        'containers': [{'name': 'web', 'exitCode': 1}],
    }
    return task(sent | changes)


REPLACED = {'stopCode': 'ServiceSchedulerInitiated', 'stoppedReason': 'Scaling activity', 'containers': []}


def rolling_out() -> ClusterState:
    made = state(revision('r1', web=WEB))
    look(made, running(running=0))
    assert made.rollouts['web'].open
    return made


def at_rest(tasks: int) -> ClusterState:
    made = state(revision('r1', web=WEB))
    look(made, running())
    look(made, running(running=tasks), minutes=3)
    assert not made.rollouts['web'].open
    return made


def test_what_failed_before_the_rollout_is_of_no_interest():
    before, after = stopped(-5), stopped(1)
    assert failing(rolling_out(), 'web', [after, before]) == [after]


def test_what_ecs_replaces_has_not_failed():
    assert failing(rolling_out(), 'web', [stopped(1, **REPLACED)]) == []


def test_a_service_that_is_well_has_no_last_words():
    assert failing(at_rest(tasks=2), 'web', [stopped(1)]) == []


def test_one_that_loses_tasks_with_no_rollout_under_way_has():
    assert len(failing(at_rest(tasks=1), 'web', [stopped(1)])) == 1


def test_a_service_that_nobody_knows_has_none():
    assert failing(state(), 'unknown', [stopped(1)]) == []


def awslogs(**options: str) -> dict[str, Any]:
    return {'name': 'web', 'logConfiguration': {'logDriver': 'awslogs', 'options': options}}


@pytest.mark.parametrize(
    'container',
    [
        {'name': 'web'},
        {'name': 'web', 'logConfiguration': {'logDriver': 'json-file'}},
        awslogs(),
        {'name': 'web', 'logConfiguration': {'logDriver': 'awslogs'}},
        awslogs(**{'awslogs-group': 'g'}),
    ],
)
def test_a_log_that_cannot_be_found(container: dict[str, Any]):
    definition = TaskDefinition('arn:td/web:1', 'web', {'containerDefinitions': [container]})
    assert log_stream(definition, stopped(1)) is None
    assert log_stream(None, stopped(1)) is None


def test_the_stream_of_the_first_container_that_has_one():
    options = {'awslogs-group': '/ecs/prod', 'awslogs-stream-prefix': 'svc', 'awslogs-region': 'eu-west-1'}
    containers = [{'name': 'proxy'}, awslogs(**options)]
    definition = TaskDefinition('arn:td/web:1', 'web', {'containerDefinitions': containers})
    assert log_stream(definition, stopped(1)) == ('/ecs/prod', 'svc/web/t1', 'eu-west-1')
