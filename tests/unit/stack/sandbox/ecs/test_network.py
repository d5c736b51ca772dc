"""Where a task is to be found: load balancer targets, addresses, Cloud Map."""

import pytest

from tests.unit.stack.sandbox.ecs.fleet import GROUP, REGISTRY, VPC, Fleet, balanced


@pytest.fixture(autouse=True)
def machines(fleet: Fleet) -> list[str]:
    return fleet.machines(3)


def test_targets_are_registered_become_healthy_drain_and_go(fleet: Fleet):
    balanced(fleet, count=1)
    assert fleet.targets.seen == ['initial', 'healthy']
    ((arn, target, port),) = fleet.targets.states
    assert (arn, target[:2], port) == (GROUP, 'i-', 80)
    fleet.update(desiredCount=0)
    fleet.wait()
    assert fleet.targets.seen == ['initial', 'healthy', 'draining']
    assert not fleet.targets.states
    messages = fleet.events_of()
    assert f'registered 1 targets in (target-group {GROUP})' in messages
    assert f'deregistered 1 targets in (target-group {GROUP})' in messages
    assert 'has begun draining connections on 1 tasks.' in messages


def test_targets_in_awsvpc_mode_are_addresses(fleet: Fleet):
    balanced(fleet, 'awsvpc', count=3)
    addresses = {task['containers'][0]['networkInterfaces'][0]['privateIpv4Address'] for task in fleet.tasks()}
    assert {target for _, target, _ in fleet.targets.states} == addresses
    assert len(addresses) == 3


def test_targets_in_bridge_mode_are_at_the_port_that_docker_chose(fleet: Fleet):
    balanced(fleet, 'bridge', count=3)
    bound = {task['containers'][0]['networkBindings'][0]['hostPort'] for task in fleet.tasks()}
    assert {port for _, _, port in fleet.targets.states} == bound
    assert min(bound) >= 32768


def test_target_of_a_machine_that_went_away_goes_too(fleet: Fleet, machines: list[str]):
    balanced(fleet, count=3)
    fleet.ecs.terminate_container_instance('prod', machines[0], region='us-east-1', account='123456789012')
    fleet.wait(60)
    assert len(fleet.targets.states) == 2


def test_tasks_are_in_cloud_map_while_they_run(fleet: Fleet):
    fleet.define(mode='awsvpc')
    registries = [{'registryArn': REGISTRY}]
    fleet.steady(count=2, networkConfiguration=VPC, serviceRegistries=registries)
    tasks = {task['taskArn'].rpartition('/')[2]: task for task in fleet.tasks()}
    assert set(fleet.map.instances) == set(tasks)
    for name, attributes in fleet.map.instances.items():
        interface = tasks[name]['containers'][0]['networkInterfaces'][0]
        assert attributes['AWS_INSTANCE_IPV4'] == interface['privateIpv4Address']
        assert attributes['ECS_SERVICE_NAME'] == 'web'
    fleet.update(desiredCount=0)
    fleet.wait()
    assert not fleet.map.instances
