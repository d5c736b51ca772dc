"""Deployments that fail, are rolled back, or are overtaken."""

import pytest

from tests.unit.stack.sandbox.ecs.fleet import BREAKER, Fleet, stable


@pytest.fixture(autouse=True)
def machines(fleet: Fleet) -> list[str]:
    return fleet.machines(3)


def breaker(**percents: int) -> dict:
    return {'deploymentConfiguration': {'deploymentCircuitBreaker': BREAKER, **percents}}


def test_broken_image_is_rolled_back(fleet: Fleet):
    first = fleet.define()
    good = fleet.steady(**breaker())['deployments'][0]
    fleet.define('2-broken')
    bad = fleet.update(taskDefinition='web')['deployments'][0]
    seen = set()
    for _ in range(150):
        fleet.wait(2)
        seen |= {(d['id'], d['status'], d['rolloutState']) for d in fleet.service()['deployments']}
        assert fleet.service()['runningCount'] >= 2
    assert (bad['id'], 'PRIMARY', 'IN_PROGRESS') in seen
    assert (bad['id'], 'ACTIVE', 'FAILED') in seen
    assert (good['id'], 'PRIMARY', 'IN_PROGRESS') in seen
    service = fleet.service()
    assert stable(service)
    assert (service['deployments'][0]['id'], service['taskDefinition']) == (good['id'], first)
    messages = fleet.events_of()
    failure = messages.index(f'(deployment {bad["id"]}) deployment failed: tasks failed to start.')
    assert messages[failure + 1] == f'rolling back to deployment {good["id"]}.'
    assert messages[-1] == 'has reached a steady state.'


def test_broken_first_deployment_has_nothing_to_go_back_to(fleet: Fleet):
    fleet.define('1-broken')
    fleet.create(**breaker())
    fleet.wait(600)
    (deployment,) = fleet.service()['deployments']
    assert deployment['rolloutState'] == 'FAILED'
    assert deployment['rolloutStateReason'] == 'ECS deployment circuit breaker: tasks failed to start.'
    started = len(fleet.tasks(status='STOPPED'))
    fleet.wait(600)
    assert len(fleet.tasks(status='STOPPED')) == started
    (record,) = fleet.aws.list_service_deployments(cluster='prod', service='web')['serviceDeployments']
    assert record['status'] == 'ROLLBACK_FAILED'


def test_breaker_without_rollback_leaves_the_old_tasks_running(fleet: Fleet):
    fleet.define()
    only_stop = {'deploymentCircuitBreaker': {'enable': True, 'rollback': False}}
    fleet.steady(deploymentConfiguration=only_stop)
    fleet.define('2-broken')
    fleet.update(taskDefinition='web')
    fleet.wait(600)
    new, old = fleet.service()['deployments']
    assert (new['status'], new['rolloutState']) == ('PRIMARY', 'FAILED')
    assert (old['status'], old['runningCount']) == ('ACTIVE', 2)


@pytest.mark.parametrize(('desired', 'failures'), [(1, 3), (6, 3), (20, 10)])
def test_breaker_trips_at_half_of_the_desired_count_but_not_before_three(fleet: Fleet, desired: int, failures: int):
    fleet.machines(3)
    fleet.define('1-broken', memory=64)
    fleet.create(count=desired, **breaker())
    fleet.wait(600)
    assert fleet.primary()['rolloutState'] == 'FAILED'
    assert failures <= fleet.primary()['failedTasks'] < failures + desired


def test_second_deployment_overtakes_the_first(fleet: Fleet):
    fleet.define()
    fleet.steady(count=2)
    fleet.define('2-slow')
    second = fleet.update(taskDefinition='web')['deployments'][0]['id']
    fleet.wait(20)
    third_definition = fleet.define('3')
    third = fleet.update(taskDefinition='web')['deployments'][0]['id']
    statuses = [(d['id'], d['status']) for d in fleet.service()['deployments']]
    assert statuses[:2] == [(third, 'PRIMARY'), (second, 'ACTIVE')]
    fleet.wait()
    service = fleet.service()
    assert (stable(service), service['taskDefinition']) == (True, third_definition)
    records = fleet.aws.list_service_deployments(cluster='prod', service='web')['serviceDeployments']
    assert [record['status'] for record in records] == ['SUCCESSFUL', 'STOPPED', 'SUCCESSFUL']


def test_rollback_after_an_overtaking_goes_to_the_last_that_completed(fleet: Fleet):
    first = fleet.define()
    fleet.steady(**breaker())
    for tag in ('2-slow', '3-broken'):
        fleet.define(tag)
        fleet.update(taskDefinition='web')
        fleet.wait(10)
    fleet.wait(600)
    assert (stable(fleet.service()), fleet.service()['taskDefinition']) == (True, first)


def test_forced_deployment_replaces_the_same_definition(fleet: Fleet):
    fleet.define()
    before = fleet.steady()['deployments'][0]['id']
    old = {task['taskArn'] for task in fleet.tasks()}
    assert fleet.update(taskDefinition='web')['deployments'][0]['id'] == before
    fleet.update(forceNewDeployment=True)
    fleet.wait()
    assert stable(fleet.service())
    assert not old & {task['taskArn'] for task in fleet.tasks()}


def test_no_room_trips_the_breaker(fleet: Fleet):
    fleet.define()
    fleet.steady(**breaker())
    fleet.define('2', memory=100_000)
    fleet.update(taskDefinition='web')
    fleet.wait(1200)
    service = fleet.service()
    assert stable(service)
    assert any('deployment failed: tasks failed to start.' in message for message in fleet.events_of())
