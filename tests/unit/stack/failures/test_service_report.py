"""One service in full: what scaled it is part of its events."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from stack.failures.service_report import service_report
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Task
from stack.rollouts.service_events import ServiceEvent
from tests.places import InOnePlace
from tests.unit.stack.rollouts.test_cluster_state import START, look, revision, running, state

WEB = {'image': 'registry:5000/web:1', 'desired_count': 2}
STEADY = {'id': 'e1', 'createdAt': START + timedelta(minutes=1), 'message': 'web has reached a steady state.'}
SCALED = ServiceEvent(START + timedelta(minutes=2), 'Setting desired count to 3 (alarm).')


class Look:
    """ECS without tasks, and an autoscaler with one activity."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def running(self, cluster: str, service: str) -> tuple[Task, ...]:
        return ()

    async def stopped(self, cluster: str, service: str) -> tuple[Task, ...]:
        return ()

    async def scaling_activities(self, cluster: str, service: str, most: int) -> list[ServiceEvent]:
        self.asked.append(service)
        return [SCALED]


async def no_log(*given: Any) -> None:
    return None


def report(made: ClusterState, asked: Look) -> dict[str, Any]:
    recorder, logs = SimpleNamespace(read=no_log), SimpleNamespace(of=no_log)
    return asyncio.run(service_report(made, 'web', InOnePlace(asked), recorder, logs))


def seen(**fields: Any) -> ClusterState:
    made = state(revision('r1', web={**WEB, **fields}))
    look(made, running(events=[STEADY]))
    return made


def test_what_scaled_a_service_is_among_its_events():
    events = report(seen(autoscaling={'min': 1, 'max': 4, 'cpu': 50}), Look())['events']
    assert [(event['message'], event.get('source')) for event in events] == [
        ('Setting desired count to 3 (alarm).', 'autoscaling'),
        ('web has reached a steady state.', None),
    ]


def test_a_service_that_nothing_scales_costs_no_call():
    asked = Look()
    assert [event['message'] for event in report(seen(), asked)['events']] == ['web has reached a steady state.']
    assert asked.asked == []
