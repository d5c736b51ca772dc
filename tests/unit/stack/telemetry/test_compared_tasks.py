"""The tasks of both sides of a rollout, and when they are looked up."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.errors import AwsFailed
from stack.rollouts.ecs_state import Task, task
from stack.telemetry.compared_tasks import MOST_TASKS, NO_TASKS, ComparedRollout, ComparedTasks, sides
from tests.places import InOnePlace

BEGUN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def ran(name: str, deployment: str, started: float | None, stopped: float | None = None) -> Task:
    """A task by the minutes, since the rollout began, of its start and end."""
    times = {'startedAt': started, 'stoppedAt': stopped}
    found: dict[str, Any] = {key: BEGUN + value * MINUTE for key, value in times.items() if value is not None}
    return task({'taskArn': f'arn/{name}', 'startedBy': deployment, **found})


TASKS = (
    ran('new', 'ecs-svc/2', 1),
    ran('crashed', 'ecs-svc/2', 1, 2),
    ran('pending', 'ecs-svc/2', None),
    ran('old', 'ecs-svc/1', -60),
    ran('drained', 'ecs-svc/1', -60, 3),
    ran('long gone', 'ecs-svc/1', -60, -20),
    ran('rolled back to', 'ecs-svc/3', 4),
)


def rollout(*, at_once: bool) -> ComparedRollout:
    return ComparedRollout('ecs-svc/2', BEGUN, at_once)


def test_tasks_of_the_deployment_are_new_and_those_that_ran_when_it_began_are_old():
    found = sides(TASKS, rollout(at_once=True))
    assert found == ({'old', 'drained'}, {'new', 'crashed'})


def test_old_tasks_are_left_out_where_the_hour_before_has_them():
    assert sides(TASKS, rollout(at_once=False)).old == frozenset()


def test_a_sample_has_the_same_tasks_each_time():
    many = [ran(f'{number:02}', 'ecs-svc/2', 1) for number in range(40)]
    sampled = sides(many, rollout(at_once=True)).new
    assert len(sampled) == MOST_TASKS
    assert sides(reversed(many), rollout(at_once=True)).new == sampled


class Look:
    def __init__(self, failure: AwsFailed):
        self.failure = failure

    async def container_insights(self, cluster: str) -> str:
        raise self.failure

    async def running(self, cluster: str, service: str) -> tuple[Task, ...]:
        raise AssertionError('not looked up')

    stopped = running


def test_a_setting_that_may_not_be_read_is_off():
    denied = ComparedTasks(InOnePlace(Look(AwsFailed('denied', 'x', 'AccessDeniedException'))))
    assert asyncio.run(denied.of('prod', 'web', rollout(at_once=True))) == NO_TASKS
    broken = ComparedTasks(InOnePlace(Look(AwsFailed('broken', 'x', 'ServerException'))))
    with pytest.raises(AwsFailed):
        asyncio.run(broken.of('prod', 'web', rollout(at_once=True)))
