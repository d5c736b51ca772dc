"""The life of a task: its statuses and times, its traffic, and when it is forgotten."""

from typing import Any

import pytest

from stack.sandbox.ecs.ports import TargetGroup
from tests.unit.stack.sandbox.ecs.fleet import BREAKER, REGISTRY, VPC, Fleet, stable

GROUP = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1'
BALANCER = {'targetGroupArn': GROUP, 'containerName': 'web', 'containerPort': 80}
PORTS = [{'containerPort': 80}]


@pytest.fixture(autouse=True)
def machines(fleet: Fleet) -> list[str]:
    return fleet.machines(3)


def balanced(fleet: Fleet, mode: str = 'host', **fields: Any) -> dict[str, Any]:
    kind = 'ip' if mode == 'awsvpc' else 'instance'
    fleet.targets.groups[GROUP] = TargetGroup(kind, True, interval=10, healthy_threshold=2, unhealthy_threshold=3)
    fleet.define(mode=mode, portMappings=PORTS)
    network = {'networkConfiguration': VPC} if mode == 'awsvpc' else {}
    return fleet.steady(loadBalancers=[BALANCER], **network, **fields)


def test_statuses_in_order(fleet: Fleet):
    fleet.define(mode='awsvpc')
    fleet.create(count=1, networkConfiguration=VPC)
    fleet.wait()
    task = fleet.tasks()[0]['taskArn']
    fleet.update(desiredCount=0)
    fleet.wait()
    seen = [
        event['detail']['lastStatus']
        for event in fleet.events
        if event['detail-type'] == 'ECS Task State Change' and event['detail']['taskArn'] == task
    ]
    # RUNNING again when the task has become healthy, as ECS tells each change of a task.
    assert seen == ['PROVISIONING', 'PENDING', 'RUNNING', 'RUNNING', 'STOPPING', 'DEPROVISIONING', 'STOPPED']
    (stopped,) = fleet.tasks(status='STOPPED')
    names = (
        'createdAt',
        'pullStartedAt',
        'pullStoppedAt',
        'startedAt',
        'stoppingAt',
        'executionStoppedAt',
        'stoppedAt',
    )
    times = [stopped[name] for name in names]
    assert times == sorted(times)
    # The container starts the moment its image is there.
    assert len(set(times)) == len(times) - 1


def test_task_of_a_scaled_in_service(fleet: Fleet):
    fleet.define()
    deployment = fleet.steady(count=1)['deployments'][0]['id']
    fleet.update(desiredCount=0)
    fleet.wait()
    (task,) = fleet.tasks(status='STOPPED')
    assert task['stopCode'] == 'ServiceSchedulerInitiated'
    assert task['stoppedReason'] == f'Scaling activity initiated by (deployment {deployment})'
    assert task['containers'][0]['exitCode'] == 0
    assert fleet.said()[-2].startswith('has stopped 1 running tasks: (task ')


def test_stopped_tasks_are_forgotten_after_an_hour(fleet: Fleet):
    fleet.define()
    fleet.steady(count=1)
    fleet.update(desiredCount=0)
    fleet.wait(60)
    (task,) = fleet.tasks(status='STOPPED')
    fleet.wait(3500)
    assert fleet.tasks(status='STOPPED')
    fleet.wait(100)
    assert not fleet.tasks(status='STOPPED')
    answer = fleet.aws.describe_tasks(cluster='prod', tasks=[task['taskArn']])
    assert answer['failures'] == [{'arn': task['taskArn'], 'reason': 'MISSING'}]


def test_machines_get_back_what_a_stopped_task_held(fleet: Fleet, machines: list[str]):
    def left() -> list[Any]:
        found = fleet.aws.describe_container_instances(cluster='prod', containerInstances=machines)
        return [instance['remainingResources'] for instance in found['containerInstances']]

    before = left()
    fleet.define(mode='host', portMappings=PORTS, cpu=100)
    fleet.steady(count=3)
    assert all('80' in resources[2]['stringSetValue'] for resources in left())
    fleet.update(desiredCount=0)
    fleet.wait()
    assert left() == before


def test_targets_are_registered_become_healthy_drain_and_go(fleet: Fleet):
    balanced(fleet, count=1)
    assert fleet.targets.seen == ['initial', 'healthy']
    ((arn, target, port),) = fleet.targets.states
    assert (arn, target[:2], port) == (GROUP, 'i-', 80)
    fleet.update(desiredCount=0)
    fleet.wait()
    assert fleet.targets.seen == ['initial', 'healthy', 'draining']
    assert not fleet.targets.states
    said = fleet.said()
    assert f'registered 1 targets in (target-group {GROUP})' in said
    assert f'deregistered 1 targets in (target-group {GROUP})' in said
    assert 'has begun draining connections on 1 tasks.' in said


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


def test_failed_load_balancer_checks_stop_the_task(fleet: Fleet):
    only_breaker = {'deploymentCircuitBreaker': BREAKER, 'minimumHealthyPercent': 50}
    first = balanced(fleet, count=2, deploymentConfiguration=only_breaker)['taskDefinition']
    fleet.define('2-unhealthy', mode='host', portMappings=PORTS)
    fleet.update(taskDefinition='web')
    fleet.wait(50)
    stopped = min(fleet.tasks(status='STOPPED'), key=lambda task: 'Scaling' in task['stoppedReason'])
    assert stopped['stopCode'] == 'ServiceSchedulerInitiated'
    assert stopped['stoppedReason'] == f'Task failed ELB health checks in (target-group {GROUP})'
    unhealthy = [said for said in fleet.said() if 'is unhealthy in' in said]
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
    fleet.create(count=1, loadBalancers=[BALANCER], healthCheckGracePeriodSeconds=200)
    fleet.wait(190)
    assert [task['lastStatus'] for task in fleet.tasks()] == ['RUNNING']
    fleet.wait(30)
    assert fleet.tasks(status='STOPPED')


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


def test_containers_show_their_image_digest(fleet: Fleet):
    fleet.define()
    fleet.steady(count=1)
    (task,) = fleet.tasks()
    assert task['containers'][0]['imageDigest'] == fleet.images.find('acme/web:1').digest


def test_tags_of_a_service_go_to_its_tasks(fleet: Fleet):
    fleet.define()
    tags = [{'key': 'team', 'value': 'blue'}]
    fleet.steady(count=1, tags=tags, propagateTags='SERVICE', enableECSManagedTags=True)
    (arn,) = fleet.aws.list_tasks(cluster='prod', serviceName='web')['taskArns']
    (task,) = fleet.aws.describe_tasks(cluster='prod', tasks=[arn], include=['TAGS'])['tasks']
    assert {tag['key']: tag['value'] for tag in task['tags']} == {
        'aws:ecs:clusterName': 'prod',
        'aws:ecs:serviceName': 'web',
        'team': 'blue',
    }
