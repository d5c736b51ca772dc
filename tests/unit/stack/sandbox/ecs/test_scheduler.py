"""Rollouts, from the outside: what boto3 sees while the clock is turned."""

from collections import Counter
from itertools import pairwise

import pytest

from tests.unit.stack.sandbox.ecs.fleet import BREAKER, Fleet, stable


@pytest.fixture(autouse=True)
def machines(fleet: Fleet) -> list[str]:
    return fleet.machines(3)


def breaker(**percents: int) -> dict:
    return {'deploymentConfiguration': {'deploymentCircuitBreaker': BREAKER, **percents}}


def test_new_service_becomes_steady(fleet: Fleet):
    fleet.define()
    service = fleet.create(count=3)
    assert (service['status'], service['desiredCount'], service['runningCount']) == ('ACTIVE', 3, 0)
    assert service['deployments'][0]['rolloutState'] == 'IN_PROGRESS'
    assert not stable(service)

    fleet.wait(2)
    assert fleet.service()['pendingCount'] == 3
    fleet.wait(300)
    service = fleet.service()
    assert stable(service)
    assert service['deployments'][0]['rolloutState'] == 'COMPLETED'
    assert [task['lastStatus'] for task in fleet.tasks()] == ['RUNNING'] * 3
    ids = [task['taskArn'].rpartition('/')[2] for task in fleet.tasks()]
    started, completed, steady = fleet.events_of()
    assert started.startswith('has started 3 tasks: (task ')
    assert all(f'(task {i})' in started for i in ids)
    assert completed == f'(deployment {service["deployments"][0]["id"]}) deployment completed.'
    assert steady == 'has reached a steady state.'


def test_waiter_returns_once_steady(fleet: Fleet):
    fleet.define()
    fleet.create()
    fleet.wait()
    waiter = fleet.aws.get_waiter('services_stable')
    waiter.wait(cluster='prod', services=['web'], WaiterConfig={'Delay': 0, 'MaxAttempts': 1})


def test_new_image_replaces_the_old_one_within_the_percentages(fleet: Fleet):
    fleet.define()
    fleet.steady(count=4, **breaker(minimumHealthyPercent=50, maximumPercent=150))
    second = fleet.define('2')
    fleet.update(taskDefinition='web')
    running = []
    for _ in range(100):
        fleet.wait(2)
        service = fleet.service()
        running.append(service['runningCount'])
        assert service['runningCount'] + service['pendingCount'] <= 6
        healthy = sum(d['runningCount'] for d in service['deployments'])
        assert healthy >= 2
    assert stable(service)
    assert service['taskDefinition'] == second
    assert max(running) > 4 > min(running)
    assert {task['taskDefinitionArn'] for task in fleet.tasks()} == {second}


def test_default_percentages_never_go_below_the_desired_count(fleet: Fleet):
    fleet.define()
    fleet.steady(count=3)
    fleet.define('2')
    fleet.update(taskDefinition='web')
    for _ in range(60):
        fleet.wait(2)
        assert 3 <= fleet.service()['runningCount'] <= 6
    assert stable(fleet.service())


def test_crash_loop_without_a_breaker_goes_on_ever_more_slowly(fleet: Fleet):
    fleet.define()
    fleet.steady(count=1)
    fleet.define('2-broken')
    fleet.update(taskDefinition='web')
    fleet.wait(1200)
    service = fleet.service()
    new, old = service['deployments']
    assert (new['rolloutState'], old['runningCount']) == ('IN_PROGRESS', 1)
    assert 5 <= new['failedTasks'] <= 12
    assert any('is unable to consistently start tasks successfully' in message for message in fleet.events_of())
    started = [e['createdAt'].timestamp() for e in reversed(service['events']) if 'has started' in e['message']][1:]
    waits = [later - sooner for sooner, later in pairwise(started)]
    assert waits[-1] > 3 * waits[0]


def test_slow_image_takes_long_but_arrives(fleet: Fleet):
    fleet.define('1-slow')
    fleet.create()
    fleet.wait(60)
    assert (fleet.service()['runningCount'], fleet.service()['pendingCount']) == (0, 2)
    fleet.wait(240)
    assert stable(fleet.service())


def test_scales_up_down_and_to_zero(fleet: Fleet):
    fleet.define()
    deployment = fleet.steady(count=1)['deployments'][0]['id']
    for count in (4, 2, 0, 1):
        fleet.update(desiredCount=count)
        assert not stable(fleet.service())
        fleet.wait()
        service = fleet.service()
        assert (stable(service), service['runningCount']) == (True, count)
        assert service['deployments'][0]['id'] == deployment
        assert service['deployments'][0]['rolloutState'] == 'COMPLETED'


def test_starts_at_most_ten_tasks_at_once(fleet: Fleet):
    fleet.define(memory=64)
    fleet.create(count=25)
    fleet.wait(1)
    assert fleet.service()['pendingCount'] == 10
    fleet.wait()
    assert stable(fleet.service())


def test_percentages_that_leave_no_room_are_reported(fleet: Fleet):
    fleet.define()
    fleet.steady(count=1, deploymentConfiguration={'minimumHealthyPercent': 100, 'maximumPercent': 150})
    fleet.define('2')
    fleet.update(taskDefinition='web')
    fleet.wait(600)
    assert len(fleet.service()['deployments']) == 2
    stuck = [
        message
        for message in fleet.events_of()
        if message.startswith('was unable to stop or start tasks during a deployment')
    ]
    assert len(stuck) == 1


def test_task_that_dies_is_replaced_without_a_new_deployment(fleet: Fleet):
    fleet.define()
    deployment = fleet.steady()['deployments'][0]['id']
    victim = fleet.tasks()[0]['taskArn']
    fleet.aws.stop_task(cluster='prod', task=victim, reason='by hand')
    fleet.wait()
    service = fleet.service()
    assert (stable(service), service['deployments'][0]['id']) == (True, deployment)
    assert victim not in {task['taskArn'] for task in fleet.tasks()}
    (stopped,) = fleet.tasks(status='STOPPED')
    assert (stopped['stopCode'], stopped['stoppedReason']) == ('UserInitiated', 'by hand')


def test_daemon_has_one_task_on_each_machine(fleet: Fleet, machines: list[str]):
    fleet.define()
    service = fleet.steady(count=None, schedulingStrategy='DAEMON')
    assert service['desiredCount'] == 3
    instances = Counter(task['containerInstanceArn'].rpartition('/')[2] for task in fleet.tasks())
    assert instances == dict.fromkeys(machines, 1)
    fleet.machines(1)
    fleet.wait()
    assert fleet.service()['runningCount'] == 4
    fleet.define('2')
    fleet.update(taskDefinition='web')
    fleet.wait()
    service = fleet.service()
    assert (stable(service), service['runningCount']) == (True, 4)


def test_no_room_is_reported_once_and_ends_when_there_is_room(fleet: Fleet):
    fleet.define(memory=100_000)
    fleet.create(count=1)
    fleet.wait(500)
    assert (fleet.service()['runningCount'], fleet.service()['pendingCount']) == (0, 0)
    (message,) = fleet.events_of()
    assert message.startswith(
        'was unable to place a task because no container instance met all of its requirements. '
        'The closest matching (container-instance '
    )
    assert 'has insufficient memory available.' in message
    fleet.machines(1, memory=200_000)
    fleet.wait(100)
    assert stable(fleet.service())


def test_static_host_ports_move_from_old_to_new(fleet: Fleet):
    ports = [{'containerPort': 8080}]
    fleet.define(mode='host', portMappings=ports)
    fleet.steady(count=3, **breaker(minimumHealthyPercent=0, maximumPercent=100))
    fleet.define('2', mode='host', portMappings=ports)
    fleet.update(taskDefinition='web')
    fleet.wait()
    service = fleet.service()
    assert stable(service)
    assert not any('unable to place' in message for message in fleet.events_of())


def test_static_host_port_without_a_free_machine_waits(fleet: Fleet):
    fleet.define(mode='host', portMappings=[{'containerPort': 8080}])
    fleet.create(count=4)
    fleet.wait(200)
    assert fleet.service()['runningCount'] == 3
    assert any('is already using a port required by your task.' in message for message in fleet.events_of())


def test_no_machines_at_all(fleet: Fleet, machines: list[str]):
    for machine in machines:
        fleet.aws.deregister_container_instance(cluster='prod', containerInstance=machine)
    fleet.define()
    fleet.create()
    fleet.wait(10)
    assert 'Reason: No Container Instances were found in your cluster.' in fleet.events_of()[0]


def test_terminated_machine_takes_its_tasks_with_it(fleet: Fleet, machines: list[str]):
    fleet.define()
    fleet.steady(count=3)
    fleet.ecs.terminate_container_instance('prod', machines[0], region='us-east-1', account='123456789012')
    fleet.wait()
    service = fleet.service()
    assert (stable(service), service['runningCount']) == (True, 3)
    (stopped,) = fleet.tasks(status='STOPPED')
    assert stopped['stopCode'] == 'TerminationNotice'
    assert stopped['stoppedReason'].startswith('Host EC2 (instance i-')


def test_placement_constraints(fleet: Fleet, machines: list[str]):
    fleet.aws.put_attributes(cluster='prod', attributes=[{'name': 'disk', 'value': 'ssd', 'targetId': machines[1]}])
    fleet.define()
    fleet.steady(placementConstraints=[{'type': 'memberOf', 'expression': 'attribute:disk == ssd'}])
    assert {task['containerInstanceArn'].rpartition('/')[2] for task in fleet.tasks()} == {machines[1]}
    fleet.steady('spread', count=3, placementConstraints=[{'type': 'distinctInstance'}])
    assert len({task['containerInstanceArn'] for task in fleet.tasks('spread')}) == 3


def test_deleted_service_drains_then_is_inactive_then_forgotten(fleet: Fleet):
    fleet.define()
    fleet.steady()
    assert fleet.aws.delete_service(cluster='prod', service='web', force=True)['service']['status'] == 'DRAINING'
    assert fleet.aws.list_services(cluster='prod')['serviceArns'] == []
    fleet.wait(30)
    assert fleet.service()['status'] == 'INACTIVE'
    fleet.wait(3700)
    answer = fleet.aws.describe_services(cluster='prod', services=['web'])
    assert answer['services'] == []
    assert answer['failures'] == [{'arn': 'arn:aws:ecs:us-east-1:123456789012:service/prod/web', 'reason': 'MISSING'}]
