"""Early success of rolling updates, and the thresholds of the circuit breaker."""

from typing import Any

import pytest

from stack.sandbox.ecs.model import Service
from stack.sandbox.ecs.rolling_end import is_early
from tests.unit.stack.sandbox.ecs.fleet import BREAKER, Fleet, stable
from tests.unit.stack.sandbox.ecs.strategies.native import deploy, newest, passed, running


def early(cleanup: str) -> dict[str, Any]:
    criteria = {'enable': True, 'healthyPercent': 50, 'sourceServiceRevisionCleanup': cleanup}
    return {'minimumHealthyPercent': 50, 'maximumPercent': 100, 'earlySuccessCriteria': criteria}


@pytest.mark.parametrize('cleanup', ['BLOCKING', 'DEFERRED'])
def test_success_at_half_of_the_tasks(fleet: Fleet, cleanup: str):
    running(fleet, early(cleanup), count=4, availabilityZoneRebalancing='DISABLED')
    deploy(fleet)
    last = list(passed(fleet, step=0.5))[-1]
    assert last['status'] == 'IN_PROGRESS'
    found = newest(fleet)
    assert found['status'] == 'SUCCESSFUL'
    assert 2 <= found['targetServiceRevision']['runningTaskCount'] < 4
    fleet.wait(300)
    assert stable(fleet.service())
    assert fleet.primary()['rolloutState'] == 'COMPLETED'


@pytest.mark.parametrize(
    ('cleanup', 'old_gone', 'expected'),
    [('BLOCKING', False, False), ('BLOCKING', True, True), ('DEFERRED', False, True)],
)
def test_deferred_cleanup_does_not_wait_for_the_old_tasks(cleanup: str, old_gone: bool, expected: bool):
    service = Service('web', 'prod', {'deploymentConfiguration': early(cleanup)}, desired=4, created_at=0)
    assert is_early(service, 2, old_gone) is expected
    assert not is_early(service, 1, old_gone)


@pytest.mark.parametrize(
    ('kind', 'value', 'threshold'),
    [('COUNT', 5, 5), ('BOUNDED_PERCENT', 10, 3), ('BOUNDED_PERCENT', 100, 4), ('UNBOUNDED_PERCENT', 26, 2)],
)
def test_thresholds(fleet: Fleet, kind: str, value: int, threshold: int):
    breaker = {**BREAKER, 'thresholdConfiguration': {'type': kind, 'value': value}}
    running(fleet, {'deploymentCircuitBreaker': breaker}, count=4)
    deploy(fleet, '2-broken')
    assert newest(fleet)['deploymentCircuitBreaker'] == {
        'status': 'MONITORING',
        'failureCount': 0,
        'threshold': threshold,
    }
    fleet.wait(600)
    found = newest(fleet)
    assert found['status'] == 'ROLLBACK_SUCCESSFUL'
    assert found['deploymentCircuitBreaker']['status'] == 'TRIGGERED'
    assert found['deploymentCircuitBreaker']['failureCount'] >= threshold


def test_threshold_follows_the_desired_count(fleet: Fleet):
    running(fleet, {'deploymentCircuitBreaker': BREAKER}, count=4)
    deploy(fleet, '2-slow')
    fleet.update(desiredCount=20)
    assert newest(fleet)['deploymentCircuitBreaker']['threshold'] == 10
