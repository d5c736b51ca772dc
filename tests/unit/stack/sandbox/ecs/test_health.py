"""Health checks of containers and of load balancers, and what follows from them."""

import pytest

from stack.sandbox.ecs.ports import TargetGroup
from tests.unit.stack.sandbox.ecs.fleet import BREAKER, GROUP, PORTS, Fleet, balanced, balancer, stable


@pytest.fixture(autouse=True)
def machines(fleet: Fleet) -> list[str]:
    return fleet.machines(3)


def test_unhealthy_container_is_stopped_and_rolled_back(fleet: Fleet):
    check = {'command': ['CMD-SHELL', 'true'], 'interval': 10, 'retries': 2}
    first = fleet.define(healthCheck=check)
    fleet.steady(deploymentConfiguration={'deploymentCircuitBreaker': BREAKER})
    assert {task['healthStatus'] for task in fleet.tasks()} == {'HEALTHY'}
    fleet.define('2-unhealthy', healthCheck=check)
    fleet.update(taskDefinition='web')
    fleet.wait(35)
    assert 'UNHEALTHY' in {task['healthStatus'] for task in fleet.tasks(status='STOPPED')}
    fleet.wait(600)
    assert (stable(fleet.service()), fleet.service()['taskDefinition']) == (True, first)
    assert any(message.endswith('failed container health checks.') for message in fleet.events_of())


def test_unhealthy_image_without_any_check_runs(fleet: Fleet):
    fleet.define('1-unhealthy')
    fleet.create()
    fleet.wait()
    assert stable(fleet.service())


def test_failed_load_balancer_checks_stop_the_task(fleet: Fleet):
    only_breaker = {'deploymentCircuitBreaker': BREAKER, 'minimumHealthyPercent': 50}
    first = balanced(fleet, count=2, deploymentConfiguration=only_breaker)['taskDefinition']
    fleet.define('2-unhealthy', mode='host', portMappings=PORTS)
    fleet.update(taskDefinition='web')
    fleet.wait(50)
    stopped = min(fleet.tasks(status='STOPPED'), key=lambda task: 'Scaling' in task['stoppedReason'])
    assert stopped['stopCode'] == 'ServiceSchedulerInitiated'
    assert stopped['stoppedReason'] == f'Task failed ELB health checks in (target-group {GROUP})'
    unhealthy = [message for message in fleet.events_of() if 'is unhealthy in' in message]
    assert unhealthy[0].startswith('(instance i-')
    assert unhealthy[0].endswith(
        f'(port 80) is unhealthy in (target-group {GROUP}) due to (reason Health checks failed)'
    )
    fleet.wait(900)
    service = fleet.service()
    assert (stable(service), service['taskDefinition']) == (True, first)


def test_grace_period_puts_off_the_load_balancers_verdict(fleet: Fleet):
    fleet.targets.groups[GROUP] = TargetGroup(interval=10)
    fleet.define('1-unhealthy', mode='host', portMappings=PORTS)
    fleet.create(count=1, **balancer(), healthCheckGracePeriodSeconds=200)
    fleet.wait(190)
    assert [task['lastStatus'] for task in fleet.tasks()] == ['RUNNING']
    fleet.wait(30)
    assert fleet.tasks(status='STOPPED')
