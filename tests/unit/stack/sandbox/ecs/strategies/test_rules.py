"""Deployment configurations that ECS refuses, and what it makes of those that it accepts."""

from typing import Any

import pytest

from tests.unit.stack.sandbox.ecs.fleet import Fleet, refused
from tests.unit.stack.sandbox.ecs.strategies.native import LAMBDA, ROLE, blue_green, canary, function, linear, pause

STEPS = {'stepPercent': 10.0, 'stepBakeTimeInMinutes': 6}
BREAKER = {'enable': True, 'rollback': True}


@pytest.fixture(autouse=True)
def defined(fleet: Fleet) -> None:
    fleet.define()


def breaker(kind: str, value: int) -> dict[str, Any]:
    return {'deploymentCircuitBreaker': {**BREAKER, 'thresholdConfiguration': {'type': kind, 'value': value}}}


def early(**fields: Any) -> dict[str, Any]:
    return {'earlySuccessCriteria': {'enable': True, **fields}}


@pytest.mark.parametrize(
    ('configuration', 'message'),
    [
        ({'linearConfiguration': STEPS}, 'Linear configuration can only be present with LINEAR deployment strategy'),
        (
            blue_green(canaryConfiguration={'canaryPercent': 5.0}),
            'Canary configuration can only be present with CANARY deployment strategy',
        ),
        (
            blue_green(lifecycleHooks=[{'targetType': 'PAUSE'}]),
            'Lifecycle stage cannot be null or empty for any deployment lifecycle hooks',
        ),
        (
            blue_green(lifecycleHooks=[{'lifecycleStages': ['PRE_SCALE_UP']}]),
            'Role arn or Hook Target arn is missing for one or more deployment lifecycle hooks',
        ),
        (
            breaker('COUNT', 0),
            'Invalid deployment circuit breaker threshold value.',
        ),
        (
            {
                'deploymentCircuitBreaker': {
                    **BREAKER,
                    'thresholdConfiguration': {'type': 'BOUNDED_PERCENT', 'value': 101},
                }
            },
            'Invalid deployment circuit breaker threshold value.',
        ),
    ],
)
def test_words_of_aws(fleet: Fleet, configuration: dict[str, Any], message: str):
    assert refused(fleet.create, deploymentConfiguration=configuration) == ('InvalidParameterException', message)


@pytest.mark.parametrize(
    ('configuration', 'part'),
    [
        (blue_green(lifecycleHooks=[pause('TEST_TRAFFIC_SHIFT')]), 'TEST_TRAFFIC_SHIFT'),
        (blue_green(lifecycleHooks=[pause('PRODUCTION_TRAFFIC_SHIFT')]), 'PRODUCTION_TRAFFIC_SHIFT'),
        (blue_green(lifecycleHooks=[pause('PRE_SCALE_UP') | {'hookTargetArn': LAMBDA}]), 'not applicable'),
        (blue_green(lifecycleHooks=[pause('PRE_SCALE_UP') | {'roleArn': ROLE}]), 'not applicable'),
        (blue_green(lifecycleHooks=[pause('PRE_SCALE_UP', minutes=20_161)]), 'between 1 and 20160'),
        (
            blue_green(lifecycleHooks=[function('PRE_SCALE_UP', timeoutConfiguration={'timeoutInMinutes': 1441})]),
            'between 1 and 1440',
        ),
        (blue_green(lifecycleHooks=[pause('PRE_SCALE_UP')] * 11), 'at most 10 PAUSE'),
        (blue_green(lifecycleHooks=[function('PRE_SCALE_UP')] * 11), 'at most 10 AWS_LAMBDA'),
        (blue_green(bake=1441), 'bakeTimeInMinutes'),
        (linear(2.9, 1), 'stepPercent'),
        (linear(10.05, 1), 'stepPercent'),
        (linear(10, 1441), 'stepBakeTimeInMinutes'),
        (canary(0.0, 1), 'canaryPercent'),
        (canary(100.1, 1), 'canaryPercent'),
        (canary(5, -1), 'canaryBakeTimeInMinutes'),
        (blue_green(deploymentCircuitBreaker=BREAKER), 'circuit breaker'),
        (blue_green(**early(healthyPercent=100, sourceServiceRevisionCleanup='BLOCKING')), 'Early success'),
        (early(healthyPercent=100), 'required'),
        (early(healthyPercent=80, sourceServiceRevisionCleanup='BLOCKING'), 'minimumHealthyPercent'),
        ({'alarms': {'alarmNames': [], 'enable': True, 'rollback': True}}, 'Alarm names'),
    ],
)
def test_refused(fleet: Fleet, configuration: dict[str, Any], part: str):
    code, message = refused(fleet.create, deploymentConfiguration=configuration)
    assert code == 'InvalidParameterException'
    assert part in message


def test_ten_hooks_of_each_kind_are_accepted(fleet: Fleet):
    hooks = [*[pause('PRE_SCALE_UP')] * 10, *[function('PRE_SCALE_UP')] * 10]
    service = fleet.create(deploymentConfiguration=blue_green(lifecycleHooks=hooks))
    assert len(service['deploymentConfiguration']['lifecycleHooks']) == 20


def test_members_that_are_left_out(fleet: Fleet):
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html"""
    whole = {**BREAKER, 'resetOnHealthyTask': False, 'thresholdConfiguration': {'type': 'COUNT', 'value': 7}}
    fleet.create(deploymentConfiguration={'deploymentCircuitBreaker': whole, 'minimumHealthyPercent': 50})
    off = {'enable': False, 'rollback': False}
    kept = fleet.update(deploymentConfiguration={'deploymentCircuitBreaker': off})['deploymentConfiguration']
    assert kept['deploymentCircuitBreaker'] == {**whole, **off}
    assert kept['minimumHealthyPercent'] == 50
    stepwise = {'strategy': 'LINEAR', 'linearConfiguration': {'stepPercent': 20.0, 'stepBakeTimeInMinutes': 30}}
    fleet.update(deploymentConfiguration=stepwise)
    filled = fleet.update(deploymentConfiguration={'linearConfiguration': {'stepPercent': 25.0}})
    assert filled['deploymentConfiguration']['linearConfiguration'] == {'stepPercent': 25.0, 'stepBakeTimeInMinutes': 6}
    other = fleet.update(deploymentConfiguration={'strategy': 'CANARY'})['deploymentConfiguration']
    assert 'linearConfiguration' not in other
    assert other['canaryConfiguration'] == {'canaryPercent': 5.0, 'canaryBakeTimeInMinutes': 10}
    hooks = [pause('PRE_SCALE_UP') | {'timeoutConfiguration': {'timeoutInMinutes': 5}}]
    (hook,) = fleet.update(deploymentConfiguration={'lifecycleHooks': hooks})['deploymentConfiguration'][
        'lifecycleHooks'
    ]
    assert hook['timeoutConfiguration'] == {'timeoutInMinutes': 5, 'action': 'ROLLBACK'}
