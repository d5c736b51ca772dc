"""RunTask, StopTask, DescribeTasks and ListTasks."""

from typing import Any

import pytest

from tests.unit.stack.sandbox.ecs.fleet import VPC, Fleet, refused

INVALID = 'InvalidParameterException'


def run(fleet: Fleet, **fields: Any) -> dict[str, Any]:
    return fleet.aws.run_task(**{'cluster': 'prod', 'taskDefinition': 'web', **fields})


def described(fleet: Fleet, arn: str) -> dict[str, Any]:
    return fleet.aws.describe_tasks(cluster='prod', tasks=[arn])['tasks'][0]


@pytest.mark.parametrize(
    ('fields', 'code'),
    [
        ({'taskDefinition': 'nothing'}, 'ClientException'),
        ({'cluster': 'nowhere'}, 'ClusterNotFoundException'),
        ({'count': 11}, INVALID),
        ({'count': 0}, INVALID),
        ({'launchType': 'FARGATE'}, INVALID),
        ({'group': 'service:web'}, INVALID),
        ({'placementConstraints': [{'type': 'memberOf', 'expression': 'x'}]}, INVALID),
    ],
)
def test_run_refuses(fleet: Fleet, fields: dict[str, Any], code: str):
    fleet.machines(1)
    fleet.define()
    assert refused(run, fleet, **fields)[0] == code
    assert fleet.aws.list_tasks(cluster='prod')['taskArns'] == []


def test_awsvpc_needs_a_network(fleet: Fleet):
    fleet.define(mode='awsvpc')
    assert refused(run, fleet)[0] == INVALID


def test_runs_and_exits(fleet: Fleet):
    fleet.machines(1)
    fleet.define()
    (task,) = run(fleet, startedBy='me', tags=[{'key': 'a', 'value': 'b'}])['tasks']
    assert (task['lastStatus'], task['group'], task['startedBy']) == ('PROVISIONING', 'family:web', 'me')
    assert task['tags'] == [{'key': 'a', 'value': 'b'}]
    fleet.wait(8)
    assert described(fleet, task['taskArn'])['lastStatus'] == 'RUNNING'
    fleet.wait(30)
    ended = described(fleet, task['taskArn'])
    assert (ended['lastStatus'], ended['stopCode']) == ('STOPPED', 'EssentialContainerExited')
    assert ended['containers'][0]['exitCode'] == 0
    assert ended['stoppedReason'] == 'Essential container in task exited'


@pytest.mark.parametrize(('tag', 'code'), [('broken', 1), ('exit-4', 4), ('oom', 137)])
def test_runs_and_fails(fleet: Fleet, tag: str, code: int):
    fleet.machines(1)
    fleet.define(tag)
    (task,) = run(fleet)['tasks']
    fleet.wait(60)
    ended = described(fleet, task['taskArn'])
    assert (ended['containers'][0]['exitCode'], 'startedAt' in ended) == (code, True)


@pytest.mark.parametrize(
    ('container', 'reason'),
    [
        ({'memory': 100_000}, 'RESOURCE:MEMORY'),
        ({'cpu': 100_000}, 'RESOURCE:CPU'),
        ({'portMappings': [{'containerPort': 22, 'hostPort': 22}]}, 'RESOURCE:PORTS'),
        ({'resourceRequirements': [{'type': 'GPU', 'value': '1'}]}, 'RESOURCE:GPU'),
    ],
)
def test_no_room_is_a_failure_of_the_answer(fleet: Fleet, container: dict[str, Any], reason: str):
    (machine,) = fleet.machines(1)
    fleet.define(**container)
    answer = run(fleet)
    arn = f'arn:aws:ecs:us-east-1:123456789012:container-instance/prod/{machine}'
    assert (answer['tasks'], answer['failures']) == ([], [{'arn': arn, 'reason': reason}])


def test_some_may_fit_and_others_not(fleet: Fleet):
    fleet.machines(2)
    fleet.define(mode='host', portMappings=[{'containerPort': 80}])
    answer = run(fleet, count=3)
    assert (len(answer['tasks']), [failure['reason'] for failure in answer['failures']]) == (2, ['RESOURCE:PORTS'])


def test_fargate_has_room_and_no_machine(fleet: Fleet):
    fleet.aws.register_task_definition(
        family='web',
        networkMode='awsvpc',
        cpu='256',
        memory='512',
        containerDefinitions=[{'name': 'web', 'image': 'acme/web:1'}],
    )
    (task,) = run(fleet, launchType='FARGATE', networkConfiguration=VPC)['tasks']
    assert (task['launchType'], task['platformVersion'], 'containerInstanceArn' in task) == ('FARGATE', '1.4.0', False)
    assert task['attachments'][0]['type'] == 'ElasticNetworkInterface'


def test_stop(fleet: Fleet):
    fleet.machines(1)
    fleet.define()
    (task,) = run(fleet)['tasks']
    fleet.wait(8)
    stopping = fleet.aws.stop_task(cluster='prod', task=task['taskArn'])['task']
    assert (stopping['desiredStatus'], stopping['lastStatus']) == ('STOPPED', 'STOPPING')
    again = fleet.aws.stop_task(cluster='prod', task=task['taskArn'], reason='another')['task']
    assert again['stoppedReason'] == 'Task stopped by user'
    fleet.wait(10)
    ended = described(fleet, task['taskArn'])
    assert (ended['lastStatus'], ended['stopCode']) == ('STOPPED', 'UserInitiated')
    assert refused(fleet.aws.stop_task, cluster='prod', task='nothing')[0] == INVALID


def test_lists_by_every_filter(fleet: Fleet):
    machine = fleet.machines(1)[0]
    fleet.define()
    fleet.define(family='job')
    fleet.steady(count=2)
    run(fleet, taskDefinition='job', startedBy='me')

    def count(**fields: Any) -> int:
        return len(fleet.aws.list_tasks(cluster='prod', **fields)['taskArns'])

    assert count() == 3
    assert count(serviceName='web') == 2
    assert count(family='job') == 1
    assert count(startedBy='me') == 1
    assert count(containerInstance=machine) == 3
    assert count(launchType='FARGATE') == 0
    assert count(desiredStatus='STOPPED') == 0
    fleet.wait(60)
    assert count(desiredStatus='STOPPED') == 1
    assert refused(count, serviceName='nothing')[0] == 'ServiceNotFoundException'


def test_pages_and_limits(fleet: Fleet):
    fleet.machines(1)
    fleet.define(memory=32)
    fleet.steady(count=12)
    pages = fleet.aws.get_paginator('list_tasks').paginate(cluster='prod', PaginationConfig={'PageSize': 5})
    assert [len(page['taskArns']) for page in pages] == [5, 5, 2]
    describe = fleet.aws.describe_tasks
    assert refused(describe, cluster='prod', tasks=['x'] * 101)[0] == INVALID
    assert refused(describe, cluster='prod', tasks=[])[0] == INVALID


def test_a_token_runs_once(fleet: Fleet):
    fleet.machines(1)
    fleet.define()
    first, again = (run(fleet, clientToken='t' * 32, startedBy='me')['tasks'] for _ in range(2))
    assert [task['taskArn'] for task in first] == [task['taskArn'] for task in again]
    assert refused(run, fleet, clientToken='t' * 32, startedBy='other')[0] == 'ConflictException'
    fleet.wait(30)
    assert run(fleet, clientToken='t' * 32, startedBy='me')['tasks'][0]['lastStatus'] == 'STOPPED'
    fleet.wait(24 * 3600)
    (later,) = run(fleet, clientToken='t' * 32, startedBy='me')['tasks']
    assert later['taskArn'] != first[0]['taskArn']


def test_a_token_without_a_task_is_not_used_up(fleet: Fleet):
    fleet.define()
    assert run(fleet, clientToken='t' * 32)['tasks'] == []
    fleet.machines(1)
    assert len(run(fleet, clientToken='t' * 32)['tasks']) == 1


@pytest.mark.parametrize(('tag', 'command', 'code'), [('bad-migration', [], 1), ('v1', ['./migrate', 'exit-3'], 3)])
def test_a_migration_fails(fleet: Fleet, tag: str, command: list[str], code: int):
    fleet.machines(1)
    fleet.define(tag=tag)
    overrides = {'containerOverrides': [{'name': 'web', 'command': command}]} if command else {}
    (task,) = run(fleet, overrides=overrides)['tasks']
    fleet.wait(30)
    assert described(fleet, task['taskArn'])['containers'][0]['exitCode'] == code
