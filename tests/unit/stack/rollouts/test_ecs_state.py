"""What is kept of the answers of ECS."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from stack.reconcile.observed import Service as DescribedService
from stack.rollouts.ecs_state import EVENTS_AT_REST, service

START = datetime(2026, 3, 1, tzinfo=UTC)
ARN = 'arn:aws:ecs:eu-west-1:1:'


def event(number: int, message: str = '(service web) has reached a steady state.') -> dict[str, Any]:
    return {'id': f'e{number}', 'createdAt': START - timedelta(hours=number), 'message': message}


def described(events: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    deployment = {'id': 'ecs-svc/1', 'status': 'PRIMARY', 'rolloutState': 'COMPLETED'}
    at_rest = {'desiredCount': 2, 'runningCount': 2, 'pendingCount': 0, 'deployments': [deployment]}
    return {'serviceName': 'web', 'events': events, **at_rest, **changes}


def test_a_service_at_rest_keeps_its_newest_events_and_failed_deployments():
    events = [event(number) for number in range(100)]
    events[90] = event(90, '(service web) (deployment ecs-svc/0) deployment failed: tasks failed to start.')
    kept = [each.at for each in service(described(events)).events]
    assert kept == [START - timedelta(hours=number) for number in (*range(EVENTS_AT_REST), 90)]


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


def answered(name: str, **settings: Any) -> dict[str, Any]:
    """The description of a service, with texts of its own as each answer has them."""
    own: dict[str, Any] = {
        'serviceArn': f'arn:aws:ecs:eu-west-1:1:service/prod/{name}',
        'taskDefinition': f'arn:aws:ecs:eu-west-1:1:task-definition/prod-{name}:1',
        'currentServiceDeployment': f'arn:deployment/{name}',
        'roleArn': f'arn:role/{name}',
        'status': 'ACTIVE',
        'launchType': 'EC2',
        'deploymentConfiguration': {'maximumPercent': 200},
    }
    listed = [event(1, '(service) has reached a steady state.')]
    found = json.loads(json.dumps(described(listed, **own | settings) | {'serviceName': name}, default=str))
    return found | {'createdAt': START}


def test_services_with_equal_settings_have_one_description():
    web, api = service(answered('web')), service(answered('api'))
    assert web.description is api.description
    other = service(answered('api', propagateTags='SERVICE'))
    assert other.description is not web.description
    assert (web.name, api.name, api.current_deployment) == ('web', 'api', 'arn:deployment/api')


@pytest.mark.parametrize(
    ('service_arn', 'deployment', 'kept'),
    [
        ('service/prod/web', 'service-deployment/prod/web/kq2', 'kq2'),
        ('service/web', 'service-deployment/prod/web/kq2', f'{ARN}service-deployment/prod/web/kq2'),
        ('service/prod/web', 'service-deployment/prod/api/kq2', f'{ARN}service-deployment/prod/api/kq2'),
    ],
)
def test_of_the_newest_deployment_the_id_is_kept(service_arn: str, deployment: str, kept: str):
    found = service(answered('web', serviceArn=ARN + service_arn, currentServiceDeployment=ARN + deployment))
    assert (found.deployment_id, found.current_deployment) == (kept, ARN + deployment)


def test_another_look_at_a_service_has_the_same_texts():
    first, second = service(answered('web')), service(answered('web'))
    assert first.arn_prefix is second.arn_prefix
    assert first.task_definition is second.task_definition


def test_settings_are_compared_as_ecs_described_them():
    tags = [{'key': 'team', 'value': 'web'}]
    groups = [{'targetGroupArn': 'arn:group', 'containerName': 'web', 'containerPort': 80}]
    answer = answered('web', tags=tags, loadBalancers=groups, healthCheckGracePeriodSeconds=30)
    seen, whole = DescribedService.read(service(answer).described), DescribedService.read(answer)
    assert seen.tags == {'team': 'web'}
    assert seen.members == whole.members
    assert (seen.name, seen.arn, seen.task_definition) == (whole.name, whole.arn, whole.task_definition)
    assert (seen.load_balancers, seen.rollout_state) == (whole.load_balancers, whole.rollout_state)
    assert (seen.desired_count, seen.running_count) == (2, 2)


@pytest.mark.parametrize(
    'reason', ['ECS deployment ecs-svc/1 completed.', 'ECS deployment ecs-svc/2 completed.', '', 'tasks {id}']
)
def test_the_reason_of_a_deployment_is_shown_as_ecs_states_it(reason: str):
    deployment = {'id': 'ecs-svc/1', 'status': 'PRIMARY', 'rolloutState': 'COMPLETED', 'rolloutStateReason': reason}
    [seen] = service(described([], deployments=[deployment])).deployments
    assert seen.full_reason == reason


def test_completed_deployments_share_their_reason():
    def deployed(id: str) -> Any:
        reason = f'ECS deployment {id} completed.'
        deployments = [{'id': id, 'status': 'PRIMARY', 'rolloutState': 'COMPLETED', 'rolloutStateReason': reason}]
        return service(described([], deployments=deployments)).deployments[0]

    assert deployed('ecs-svc/1').reason is deployed('ecs-svc/2').reason


def test_times_share_one_time_zone():
    """Those of boto3 have one each."""
    at = START.astimezone(timezone(timedelta(hours=1)))
    seen = service(described([], createdAt=at))
    assert (seen.created_at, seen.created_at.tzinfo) == (at, UTC)
