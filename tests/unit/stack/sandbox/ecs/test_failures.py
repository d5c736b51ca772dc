"""Failures by image tag, and ECS's messages for them."""

from typing import Any

import pytest

from stack.rollouts import ecs_state
from stack.rollouts.stop_reasons import classify
from stack.sandbox.ecs.failures import behaviour
from tests.unit.stack.sandbox.ecs.fleet import VPC, Fleet

FARGATE = {'requiresCompatibilities': ['FARGATE'], 'cpu': '256', 'memory': '512', 'executionRoleArn': 'arn:role'}
LOGGING = {'logDriver': 'awslogs', 'options': {'awslogs-group': '/ecs/prod', 'awslogs-region': 'us-east-1'}}
SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf'


@pytest.mark.parametrize(
    ('tag', 'words'),
    [
        ('1.0', ''),
        ('latest', ''),
        ('room-1', ''),
        ('bloom', ''),
        ('exit-strategy', ''),
        ('2.1-broken', 'broken'),
        ('unbrokenly', 'broken'),
        ('slow-and-unhealthy', 'slow unhealthy'),
        ('oom', 'oom'),
        ('1.4_oom.2', 'oom'),
        ('exit-3', 'exit-3'),
        ('v2-exit-137', 'exit-137'),
        ('port-in-use', 'port-in-use'),
        ('flaky-spot', 'flaky spot'),
    ],
)
def test_words_in_tags(tag: str, words: str):
    assert behaviour([tag]) == words


def stopped(fleet: Fleet, tag: str, **container: Any) -> dict[str, Any]:
    """The first task of a service with that tag, once it has stopped."""
    fleet.define(tag, **container)
    return _first_stopped(fleet)


def _first_stopped(fleet: Fleet, **fields: Any) -> dict[str, Any]:
    fleet.machines(1)
    fleet.create(count=1, **fields)
    fleet.wait(400)
    return min(fleet.tasks(status='STOPPED'), key=lambda task: task['createdAt'])


@pytest.mark.parametrize(
    ('tag', 'code', 'reason'),
    [
        ('broken', 1, None),
        ('exit-3', 3, None),
        ('exit-127', 127, None),
        ('oom', 137, 'OutOfMemoryError: Container killed due to memory usage'),
    ],
)
def test_exits_at_once(fleet: Fleet, tag: str, code: int, reason: str | None):
    task = stopped(fleet, tag, logConfiguration=LOGGING)
    assert (task['stopCode'], task['stoppedReason']) == (
        'EssentialContainerExited',
        'Essential container in task exited',
    )
    (container,) = task['containers']
    assert (container['exitCode'], container.get('reason'), container['lastStatus']) == (code, reason, 'STOPPED')
    assert 'startedAt' not in task
    assert len(fleet.logs.lines[container['runtimeId']]) > 1


@pytest.mark.parametrize(
    ('tag', 'reason'),
    [
        (
            'denied',
            'CannotPullContainerError: Error response from daemon: pull access denied for acme/web, '
            "repository does not exist or may require 'docker login'",
        ),
        (
            'port-in-use',
            'CannotStartContainerError: Error response from daemon: driver failed programming external connectivity '
            'on endpoint: Bind for 0.0.0.0:8080 failed: port is already allocated',
        ),
        (
            'unstartable',
            'CannotStartContainerError: Error response from daemon: failed to create task for container: '
            'exec: "/start": stat /start: no such file or directory: unknown',
        ),
    ],
)
def test_never_starts(fleet: Fleet, tag: str, reason: str):
    task = stopped(fleet, tag, portMappings=[{'containerPort': 80, 'hostPort': 8080}])
    assert (task['stopCode'], task['stoppedReason']) == ('TaskFailedToStart', 'Task failed to start')
    assert task['containers'][0]['reason'] == reason
    assert 'exitCode' not in task['containers'][0]


def test_image_that_is_not_there(fleet: Fleet):
    fleet.images.missing.add('acme/web:nine')
    task = stopped(fleet, 'nine')
    assert task['stopCode'] == 'TaskFailedToStart'
    assert task['containers'][0]['reason'] == (
        'CannotPullContainerError: Error response from daemon: manifest for acme/web:nine not found: '
        'manifest unknown: Requested image not found'
    )
    assert 'imageDigest' not in task['containers'][0]


def test_image_that_is_not_there_on_fargate(fleet: Fleet):
    fleet.images.missing.add('acme/web:nine')
    container = {'name': 'web', 'image': 'acme/web:nine'}
    fleet.aws.register_task_definition(family='web', networkMode='awsvpc', containerDefinitions=[container], **FARGATE)
    task = _first_stopped(fleet, launchType='FARGATE', networkConfiguration=VPC)
    assert task['stoppedReason'] == (
        'CannotPullContainerError: pull image manifest has been retried 1 time(s): '
        'failed to resolve ref acme/web:nine: not found'
    )


@pytest.mark.parametrize(
    ('value_from', 'part'),
    [
        (SECRET, "from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."),
        ('/prod/db', 'unable to retrieve secret from ssm:'),
    ],
)
def test_secret_that_is_not_there(fleet: Fleet, value_from: str, part: str):
    fleet.vault.missing.add(value_from)
    secrets = [{'name': 'DB', 'valueFrom': value_from}]
    spec = {'name': 'web', 'image': 'acme/web:1', 'memory': 64, 'secrets': secrets}
    fleet.aws.register_task_definition(family='web', executionRoleArn='arn:role', containerDefinitions=[spec])
    task = _first_stopped(fleet)
    assert task['stopCode'] == 'TaskFailedToStart'
    assert task['stoppedReason'].startswith('ResourceInitializationError: unable to pull secrets or registry auth: ')
    assert part in task['stoppedReason']


def test_log_group_that_is_not_there(fleet: Fleet):
    fleet.logs.groups.clear()
    task = stopped(fleet, '1', logConfiguration=LOGGING)
    assert task['stoppedReason'].endswith('ResourceNotFoundException: The specified log group does not exist.')


def test_log_group_that_the_container_makes_itself(fleet: Fleet):
    fleet.logs.groups.clear()
    options = {**LOGGING['options'], 'awslogs-create-group': 'true', 'awslogs-stream-prefix': 'svc'}
    fleet.define(logConfiguration={**LOGGING, 'options': options})
    fleet.machines(1)
    fleet.steady(count=1)
    (task,) = fleet.tasks()
    assert list(fleet.logs.lines) == [f'svc/web/{task["taskArn"].rpartition("/")[2]}']


@pytest.mark.parametrize(
    ('tag', 'code', 'reason'),
    [
        ('flaky', 'EssentialContainerExited', 'Essential container in task exited'),
        ('spot', 'SpotInterruption', 'Your Spot Task was interrupted.'),
    ],
)
def test_stops_after_a_while_again_and_again(fleet: Fleet, tag: str, code: str, reason: str):
    task = stopped(fleet, tag)
    assert (task['stopCode'], task['stoppedReason']) == (code, reason)
    assert task['startedAt'] < task['stoppingAt']
    assert len(fleet.tasks(status='STOPPED')) > 1
    assert fleet.primary()['failedTasks'] == 0
    assert fleet.primary()['rolloutState'] == 'COMPLETED'


def test_container_that_is_not_essential_may_crash(fleet: Fleet):
    fleet.machines(1)
    containers = [
        {'name': 'web', 'image': 'acme/web:1', 'memory': 64},
        {'name': 'aside', 'image': 'acme/aside:broken', 'memory': 64, 'essential': False},
    ]
    fleet.aws.register_task_definition(family='web', containerDefinitions=containers)
    fleet.steady(count=1)
    (task,) = fleet.tasks()
    assert [container['lastStatus'] for container in task['containers']] == ['RUNNING', 'STOPPED']


@pytest.mark.parametrize(
    ('tag', 'kind'),
    [
        ('broken', 'application-exit'),
        ('exit-3', 'application-exit'),
        ('oom', 'out-of-memory'),
        ('denied', 'image-pull'),
        ('port-in-use', 'port-in-use'),
        ('unstartable', 'start-failed'),
        ('flaky', 'application-exit'),
        ('spot', 'instance-gone'),
        ('unhealthy', 'health-check-container'),
    ],
)
def test_what_nysa_makes_of_it(fleet: Fleet, tag: str, kind: str):
    """The two are written apart, from AWS's documentation: they have to meet."""
    check = {'healthCheck': {'command': ['CMD', 'true']}} if tag == 'unhealthy' else {}
    assert classify(ecs_state.task(stopped(fleet, tag, **check))).kind == kind
