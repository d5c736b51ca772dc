"""Several containers of one task: their order, exits, restarts, health and logs, each by itself."""

from typing import Any

import pytest

from tests.unit.stack.sandbox.ecs.fleet import Fleet, refused, stable

CHECK = {'command': ['CMD-SHELL', 'true'], 'interval': 10, 'retries': 2}
LOGS = {'logDriver': 'awslogs', 'options': {'awslogs-group': '/ecs/prod', 'awslogs-region': 'us-east-1'}}


@pytest.fixture(autouse=True)
def machines(fleet: Fleet) -> list[str]:
    return fleet.machines(1)


def container(name: str, tag: str = '1', **fields: Any) -> dict[str, Any]:
    return {'name': name, 'image': f'acme/{name}:{tag}', 'memory': 64, **fields}


def needs(name: str, condition: str) -> dict[str, Any]:
    return {'dependsOn': [{'containerName': name, 'condition': condition}]}


def define(fleet: Fleet, *containers: dict[str, Any]) -> None:
    fleet.aws.register_task_definition(family='web', containerDefinitions=list(containers))


def running(fleet: Fleet, *containers: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The containers of a steady service's task, by name."""
    define(fleet, *containers)
    fleet.create(count=1)
    fleet.wait()
    assert stable(fleet.service()), fleet.service()['events']
    return of_task(fleet.tasks()[0])


def first_stopped(fleet: Fleet, *containers: dict[str, Any], seconds: float = 400) -> dict[str, Any]:
    define(fleet, *containers)
    fleet.create(count=1)
    fleet.wait(seconds)
    return min(fleet.tasks(status='STOPPED'), key=lambda task: task['createdAt'])


def of_task(task: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each['name']: each for each in task['containers']}


def statuses(task: dict[str, Any]) -> dict[str, str]:
    return {each['name']: each['lastStatus'] for each in task['containers']}


def test_an_init_container_ends_before_the_others_start(fleet: Fleet):
    define(fleet, container('app', **needs('init', 'SUCCESS')), container('init', essential=False))
    fleet.create(count=1)
    fleet.wait(8)
    (task,) = fleet.tasks()
    assert (task['lastStatus'], statuses(task)) == ('PENDING', {'app': 'PENDING', 'init': 'RUNNING'})
    fleet.wait(60)
    (task,) = fleet.tasks()
    assert (task['lastStatus'], statuses(task)) == ('RUNNING', {'app': 'RUNNING', 'init': 'STOPPED'})
    assert of_task(task)['init']['exitCode'] == 0
    fleet.wait()
    assert stable(fleet.service())


def test_complete_accepts_any_exit_code(fleet: Fleet):
    found = running(fleet, container('app', **needs('init', 'COMPLETE')), container('init', 'exit-3', essential=False))
    assert (found['init']['exitCode'], found['app']['lastStatus']) == (3, 'RUNNING')


def test_success_refuses_another_exit_code(fleet: Fleet):
    task = first_stopped(
        fleet, container('app', **needs('init', 'SUCCESS')), container('init', 'exit-3', essential=False)
    )
    assert (task['stopCode'], 'startedAt' in task) == ('TaskFailedToStart', False)
    assert of_task(task)['app']['reason'] == (
        'Container app cannot start: its dependency init exited with 3 instead of 0.'
    )
    assert 'exitCode' not in of_task(task)['app']


def test_healthy_waits_for_the_health_check(fleet: Fleet):
    define(fleet, container('app', **needs('proxy', 'HEALTHY')), container('proxy', healthCheck=CHECK))
    fleet.create(count=1)
    fleet.wait(14)
    assert statuses(fleet.tasks()[0]) == {'app': 'PENDING', 'proxy': 'RUNNING'}
    fleet.wait(10)
    assert statuses(fleet.tasks()[0]) == {'app': 'RUNNING', 'proxy': 'RUNNING'}


def test_an_unhealthy_dependency_stops_the_task(fleet: Fleet):
    task = first_stopped(
        fleet, container('app', **needs('proxy', 'HEALTHY')), container('proxy', 'unhealthy', healthCheck=CHECK)
    )
    assert task['stopCode'] == 'TaskFailedToStart'
    assert 'did not become healthy' in of_task(task)['app']['reason']


def test_the_start_timeout_of_a_dependency(fleet: Fleet):
    slow = {**CHECK, 'interval': 300}
    task = first_stopped(
        fleet,
        container('app', **needs('proxy', 'HEALTHY')),
        container('proxy', healthCheck=slow, startTimeout=20),
        seconds=60,
    )
    assert 'did not reach HEALTHY within its startTimeout' in of_task(task)['app']['reason']


def test_start_needs_the_start_alone(fleet: Fleet):
    found = running(fleet, container('app', **needs('init', 'START')), container('init', 'broken', essential=False))
    assert (found['init']['exitCode'], found['app']['lastStatus']) == (1, 'RUNNING')


def test_an_essential_sidecar_ends_the_task(fleet: Fleet):
    task = first_stopped(fleet, container('app'), container('proxy', 'exit-7'))
    assert task['stopCode'] == 'EssentialContainerExited'
    found = of_task(task)
    assert (found['proxy']['exitCode'], found['app']['exitCode']) == (7, 0)


def test_a_sidecar_that_is_not_essential_may_exit(fleet: Fleet):
    found = running(fleet, container('app'), container('agent', 'oom', essential=False))
    assert (found['agent']['lastStatus'], found['agent']['exitCode']) == ('STOPPED', 137)
    assert found['agent']['reason'].startswith('OutOfMemoryError')


def test_only_the_flaky_container_exits_by_itself(fleet: Fleet):
    task = first_stopped(fleet, container('app'), container('agent', 'flaky'))
    found = of_task(task)
    assert (found['agent']['exitCode'], found['app']['exitCode'], 'startedAt' in task) == (1, 0, True)


@pytest.mark.parametrize(
    ('policy', 'stays'),
    [
        ({'enabled': True, 'restartAttemptPeriod': 60}, True),
        ({'enabled': True, 'restartAttemptPeriod': 1800}, False),
        ({'enabled': True, 'restartAttemptPeriod': 60, 'ignoredExitCodes': [1]}, False),
        ({'enabled': False}, False),
    ],
)
def test_restarts_a_container_that_ran_long_enough(fleet: Fleet, policy: dict[str, Any], stays: bool):
    define(fleet, container('app'), container('agent', 'flaky', restartPolicy=policy))
    fleet.create(count=1)
    fleet.wait(220)
    assert (not fleet.tasks(status='STOPPED')) == stays


def test_a_container_that_exits_too_early_is_not_restarted(fleet: Fleet):
    task = first_stopped(fleet, container('app', 'broken', restartPolicy={'enabled': True}))
    assert (task['stopCode'], of_task(task)['app']['exitCode']) == ('EssentialContainerExited', 1)


def test_only_essential_containers_make_a_task_unhealthy(fleet: Fleet):
    found = running(
        fleet,
        container('app', healthCheck=CHECK),
        container('agent', 'unhealthy', essential=False, healthCheck=CHECK),
        container('bare', essential=False),
    )
    assert {name: each['healthStatus'] for name, each in found.items()} == {
        'app': 'HEALTHY',
        'agent': 'UNHEALTHY',
        'bare': 'UNKNOWN',
    }
    assert fleet.tasks()[0]['healthStatus'] == 'HEALTHY'


def test_an_unhealthy_essential_sidecar_replaces_the_task(fleet: Fleet):
    task = first_stopped(fleet, container('app'), container('proxy', 'unhealthy', healthCheck=CHECK))
    assert task['stoppedReason'] == 'Task failed container health checks'
    assert {name: each['healthStatus'] for name, each in of_task(task).items()} == {
        'app': 'UNKNOWN',
        'proxy': 'UNHEALTHY',
    }


def test_containers_stop_in_reverse_order(fleet: Fleet):
    running(fleet, container('app', **needs('proxy', 'START')), container('proxy'))
    (task,) = fleet.tasks()
    fleet.update(desiredCount=0)
    order: list[str] = []
    for _ in range(80):
        fleet.wait(0.1)
        for name, status in statuses(
            fleet.aws.describe_tasks(cluster='prod', tasks=[task['taskArn']])['tasks'][0]
        ).items():
            if status == 'STOPPED' and name not in order:
                order.append(name)
    assert order == ['app', 'proxy']


def test_a_container_that_ignores_sigterm_is_killed_after_its_stop_timeout(fleet: Fleet):
    running(fleet, container('app', 'stubborn', stopTimeout=60))
    fleet.update(desiredCount=0)
    fleet.wait(50)
    (task,) = fleet.tasks(status='STOPPED')
    assert task['lastStatus'] == 'STOPPING'
    fleet.wait(20)
    (task,) = fleet.tasks(status='STOPPED')
    assert (task['lastStatus'], of_task(task)['app']['exitCode']) == ('STOPPED', 137)


def test_each_container_has_its_own_log(fleet: Fleet):
    def logged(name: str, **fields: Any) -> dict[str, Any]:
        options = {**LOGS['options'], 'awslogs-stream-prefix': 'svc'}
        return container(name, logConfiguration={**LOGS, 'options': options}, **fields)

    running(fleet, logged('app', **needs('init', 'COMPLETE')), logged('init', tag='exit-2', essential=False))
    task = fleet.tasks()[0]['taskArn'].rpartition('/')[2]
    assert fleet.logs.lines[f'svc/app/{task}'] == ['app starting from acme/app:1']
    assert fleet.logs.lines[f'svc/init/{task}'] == ['init starting from acme/init:exit-2', 'stopping with status 2']
    assert f'svc/init/{task}' in fleet.logs.ended
    assert f'svc/app/{task}' not in fleet.logs.ended


def test_a_task_ends_with_its_main_container(fleet: Fleet):
    define(fleet, container('job'), container('agent', essential=False))
    arn = fleet.aws.run_task(cluster='prod', taskDefinition='web')['tasks'][0]['taskArn']
    fleet.wait(60)
    (task,) = fleet.aws.describe_tasks(cluster='prod', tasks=[arn])['tasks']
    assert (task['lastStatus'], {name: each['exitCode'] for name, each in of_task(task).items()}) == (
        'STOPPED',
        {'job': 0, 'agent': 0},
    )


@pytest.mark.parametrize(
    ('containers', 'message'),
    [
        ([container('app', **needs('nothing', 'START'))], 'unknown container'),
        ([container('app', **needs('proxy', 'HEALTHY')), container('proxy')], 'has a health check'),
        ([container('app', **needs('init', 'SUCCESS')), container('init')], 'essential container'),
        ([container('app', **needs('init', 'COMPLETE')), container('init')], 'essential container'),
        ([container('app', **needs('app', 'START'))], 'depends on itself'),
        (
            [container('app', **needs('b', 'START')), container('b', **needs('app', 'START'))],
            'depends on itself',
        ),
        ([container('app', restartPolicy={'enabled': True, 'restartAttemptPeriod': 59})], 'between 60 and 1800'),
        ([container('app', restartPolicy={'enabled': True, 'ignoredExitCodes': [0] * 51})], 'at most 50'),
    ],
)
def test_refuses(fleet: Fleet, containers: list[dict[str, Any]], message: str):
    code, text = refused(define, fleet, *containers)
    assert (code, message in text) == ('ClientException', True), text


def test_defaults_of_a_restart_policy(fleet: Fleet):
    define(fleet, container('app', restartPolicy={'enabled': True}))
    (stored,) = fleet.aws.describe_task_definition(taskDefinition='web')['taskDefinition']['containerDefinitions']
    assert stored['restartPolicy'] == {'enabled': True, 'restartAttemptPeriod': 300}
