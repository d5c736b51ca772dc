"""Deployments that are stopped by request, at any stage and with either strategy."""

from typing import Any

import pytest

from stack.sandbox.ecs import Ecs, Ports
from tests.unit.stack.sandbox.ecs.fleet import Fleet, refused, stable
from tests.unit.stack.sandbox.ecs.strategies.native import (
    blue_green,
    deploy,
    deployments,
    linear,
    newest,
    passed,
    running,
    until,
    weights,
)

STAGES = (
    'PRE_SCALE_UP',
    'SCALE_UP',
    'TEST_TRAFFIC_SHIFT',
    'POST_TEST_TRAFFIC_SHIFT',
    'PRODUCTION_TRAFFIC_SHIFT',
    'BAKE_TIME',
    'CLEAN_UP',
)


def stop(fleet: Fleet, **fields: Any) -> None:
    fleet.aws.stop_service_deployment(serviceDeploymentArn=newest(fleet)['serviceDeploymentArn'], **fields)


@pytest.mark.parametrize('stage', STAGES)
def test_rollback_at_any_stage(fleet: Fleet, stage: str):
    good = running(fleet, linear(50, 1))
    deploy(fleet)
    until(fleet, stage)
    stop(fleet, stopType='ROLLBACK')
    assert newest(fleet)['status'] == 'ROLLBACK_REQUESTED'
    assert {each['status'] for each in passed(fleet)} <= {'ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS'}
    found = newest(fleet)
    assert (found['status'], weights(found)) == ('ROLLBACK_SUCCESSFUL', (0, 0))
    assert found['rollback']['reason'] == found['statusReason'] == 'Service deployment stopped by user.'
    assert found['deploymentCircuitBreaker']['status'] == 'DISABLED'
    fleet.wait(10)
    assert (stable(fleet.service()), fleet.service()['taskDefinition']) == (True, good)


def test_abort_leaves_tasks_and_weights(fleet: Fleet):
    running(fleet, linear(50, 10))
    bad = deploy(fleet)
    until(fleet, 'PRODUCTION_TRAFFIC_SHIFT')
    stop(fleet, stopType='ABORT')
    assert newest(fleet)['status'] == 'STOP_REQUESTED'
    fleet.wait(3600)
    found = newest(fleet)
    assert (found['status'], weights(found)) == ('STOPPED', (50, 100))
    assert [d['runningCount'] for d in fleet.service()['deployments']] == [2, 2]
    assert fleet.service()['taskDefinition'] == bad


@pytest.mark.parametrize('configuration', [{}, blue_green()], ids=['rolling', 'blue_green'])
def test_states_in_which_a_stop_is_allowed(fleet: Fleet, configuration: dict[str, Any]):
    running(fleet, configuration)
    deploy(fleet, '2-slow')
    stop(fleet)
    fleet.wait(0.1)
    stop(fleet)
    assert newest(fleet)['status'] == 'ROLLBACK_REQUESTED'
    fleet.wait(1)
    assert newest(fleet)['status'] == 'ROLLBACK_IN_PROGRESS'
    stop(fleet)
    fleet.wait(300)
    assert newest(fleet)['status'] == 'ROLLBACK_SUCCESSFUL'
    arn = newest(fleet)['serviceDeploymentArn']
    assert refused(fleet.aws.stop_service_deployment, serviceDeploymentArn=arn)[0] == 'ConflictException'


def test_stop_of_a_deployment_that_a_newer_one_replaced(fleet: Fleet):
    running(fleet, blue_green())
    deploy(fleet)
    until(fleet, 'BAKE_TIME')
    deploy(fleet, '3')
    replaced = deployments(fleet)[1]
    assert replaced['status'] == 'STOP_REQUESTED'
    fleet.aws.stop_service_deployment(serviceDeploymentArn=replaced['serviceDeploymentArn'])
    fleet.wait(1)
    assert [each['status'] for each in deployments(fleet)[:2]] == ['IN_PROGRESS', 'STOPPED']


def test_first_deployment_has_nothing_to_go_back_to(fleet: Fleet):
    fleet.machines(3)
    fleet.define()
    fleet.create(deploymentConfiguration=blue_green())
    until(fleet, 'BAKE_TIME')
    stop(fleet)
    fleet.wait(60)
    found = newest(fleet)
    reason = 'No rollback candidate was found to run the rollback.'
    assert (found['status'], found['statusReason']) == ('ROLLBACK_FAILED', reason)
    assert fleet.service()['runningCount'] == 2


@pytest.mark.parametrize('stage', ['SCALE_UP', 'PRODUCTION_TRAFFIC_SHIFT', 'BAKE_TIME', 'CLEAN_UP'])
@pytest.mark.parametrize('back', [False, True], ids=['forward', 'backward'])
def test_restart_in_the_middle(fleet: Fleet, stage: str, back: bool):
    """A restored state goes on like the original."""
    running(fleet, linear(50, 1))
    deploy(fleet)
    until(fleet, stage)
    if back:
        stop(fleet)
        fleet.wait(1)
    ports = Ports(fleet.images, fleet.targets, fleet.vault, fleet.logs, fleet.map, fleet.roles, fleet.alarms)
    other = Ecs(fleet.clock, lambda account, region: ports, on_event=fleet.events.append)
    other.restore(fleet.ecs.state())
    for _ in range(300):
        fleet.wait(2)
        other.advance()
    assert other.state() == fleet.ecs.state()
    assert newest(fleet)['status'] == ('ROLLBACK_SUCCESSFUL' if back else 'SUCCESSFUL')
