"""What a service is to ECS, beside its task definition."""

from typing import Any

import pytest

from stack.stackfile.effective import service_settings
from stack.stackfile.rendering import Context, place_of
from tests.unit.stack.stackfile.examples import one_service
from tests.unit.stack.stackfile.test_task_definition import validate


@pytest.mark.parametrize(
    ('settings', 'expected'),
    [
        ({}, {'desiredCount': 1, 'launchType': 'EC2', 'schedulingStrategy': 'REPLICA'}),
        ({'desired_count': 0}, {'desiredCount': 0, 'launchType': 'EC2', 'schedulingStrategy': 'REPLICA'}),
        ({'scheduling_strategy': 'DAEMON'}, {'launchType': 'EC2', 'schedulingStrategy': 'DAEMON'}),
        (
            {
                'launch_type': 'FARGATE',
                'deployment_configuration': {'maximum_percent': 150},
                'deployment_circuit_breaker': {'enable': True},
                'placement_constraints': [{'type': 'memberOf', 'expression': 'a'}, {'type': 'distinctInstance'}],
            },
            {
                'desiredCount': 1,
                'launchType': 'FARGATE',
                'schedulingStrategy': 'REPLICA',
                'deploymentConfiguration': {
                    'maximumPercent': 150,
                    'deploymentCircuitBreaker': {'enable': True, 'rollback': False},
                },
                'placementConstraints': [{'type': 'distinctInstance'}],
            },
        ),
        (
            {'deployment_circuit_breaker': {'enable': False, 'rollback': False}, 'desired_count': 2},
            {
                'desiredCount': 2,
                'launchType': 'EC2',
                'schedulingStrategy': 'REPLICA',
                'deploymentConfiguration': {'deploymentCircuitBreaker': {'enable': False, 'rollback': False}},
            },
        ),
    ],
)
def test_services(settings: dict[str, Any], expected: dict[str, Any]):
    found = service_settings(one_service(**settings), 'web')
    rendered = place_of(found, 'service', Context('staging', found))
    assert rendered == expected
    validate({'cluster': 'staging', 'serviceName': 'web', **rendered}, 'CreateService')
