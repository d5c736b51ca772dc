"""How long rollouts usually take, and since when tasks fail."""

from datetime import timedelta
from typing import Any

import pytest

from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Task, task
from stack.rollouts.rollout import Ending, Goal, Verdict, begin, end
from stack.rollouts.usual_duration import failing_since, usual_seconds
from tests.unit.stack.rollouts.test_cluster_state import START, look, revision, running, state


def deployed(*seconds: float, ending: Ending = 'succeeded') -> ClusterState:
    """A state whose service `web` was rolled out so often before, each time for so long."""
    made = state(revision('newest', web={'image': 'web:9', 'desired_count': 2}, api={'image': 'api:1'}))
    for number, taken in enumerate(seconds):
        since = START - timedelta(days=30 - number)
        goal = Goal('web', f'r{number}', since, f'web:{number}', 2, since)
        verdict = Verdict(ending, '', since + timedelta(seconds=taken))
        made.book.former[f'r{number}'] = {'web': end(begin(goal), verdict)}
    return made


@pytest.mark.parametrize(
    ('seconds', 'usual'), [((), None), ((62.04,), 62.0), ((10, 20, 900), 20), ((900, 1, 2, 3, 4, 5), 3)]
)
def test_the_median_of_the_newest_five_counts(seconds: tuple[float, ...], usual: float | None):
    assert usual_seconds(deployed(*seconds), ['web']) == usual


def test_a_failure_says_nothing_of_how_long_a_success_takes():
    assert usual_seconds(deployed(10, 20, ending='rolled-back'), ['web']) is None


def test_several_services_take_as_long_as_the_slowest_that_is_known():
    assert usual_seconds(deployed(10), ['api', 'web']) == 10


def stopped(minutes: float, **changes: Any) -> Task:
    sent = {
        'taskArn': f'arn:task/prod/t{minutes}',
        'lastStatus': 'STOPPED',
        'startedBy': 'ecs-svc/web',
        'stoppedAt': START + timedelta(minutes=minutes),
        'stopCode': 'EssentialContainerExited',
        'containers': [{'name': 'web', 'exitCode': 1}],
    }
    return task(sent | changes)


def test_tasks_fail_since_the_first_of_them():
    made = deployed()
    replaced = stopped(3, stopCode='ServiceSchedulerInitiated', containers=[])
    look(made, running(running=1), stopped={'web': (stopped(6), stopped(5), replaced)})
    assert failing_since(made, 'web') == START + timedelta(minutes=5)
    assert failing_since(made, 'api') is None


def test_a_service_that_runs_again_does_not_fail():
    made = deployed()
    look(made, running(running=1), stopped={'web': (stopped(5),)})
    look(made, running(), minutes=9)
    assert made.rollouts['web'].verdict.arrived
    assert failing_since(made, 'web') is None
