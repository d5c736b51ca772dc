"""What is kept of the answers of ECS."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.rollouts.ecs_state import EVENTS_AT_REST, service

START = datetime(2026, 3, 1, tzinfo=UTC)


def event(number: int, message: str = '(service web) has reached a steady state.') -> dict[str, Any]:
    return {'id': f'e{number}', 'createdAt': START - timedelta(hours=number), 'message': message}


def described(events: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    deployment = {'id': 'ecs-svc/1', 'status': 'PRIMARY', 'rolloutState': 'COMPLETED'}
    at_rest = {'desiredCount': 2, 'runningCount': 2, 'pendingCount': 0, 'deployments': [deployment]}
    return {'serviceName': 'web', 'events': events, **at_rest, **changes}


def test_a_service_at_rest_keeps_its_newest_events_and_failed_deployments():
    events = [event(number) for number in range(100)]
    events[90] = event(90, '(service web) (deployment ecs-svc/0) deployment failed: tasks failed to start.')
    kept = [each.id for each in service(described(events)).events]
    assert kept == [*(f'e{number}' for number in range(EVENTS_AT_REST)), 'e90']


@pytest.mark.parametrize(
    'changes',
    [
        {'runningCount': 1},
        {'pendingCount': 1},
        {'deployments': []},
        {'deployments': [{'id': 'ecs-svc/1', 'status': 'PRIMARY', 'rolloutState': 'IN_PROGRESS'}]},
        {'deployments': [{'id': 'ecs-svc/2', 'status': 'PRIMARY'}, {'id': 'ecs-svc/1', 'status': 'ACTIVE'}]},
    ],
)
def test_a_service_that_moves_keeps_all_events(changes: dict[str, Any]):
    events = [event(number) for number in range(100)]
    assert len(service(described(events, **changes)).events) == 100


def test_events_are_kept_once():
    assert 'events' not in service(described([event(1)])).description
