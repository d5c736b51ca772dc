"""What Fargate does not do."""

from typing import Any

import pytest

from tests.unit.stack.stackfile.examples import one_service, with_vpc
from tests.unit.stack.stackfile.semantics.checking import mistakes

ECR = '123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1'
NO_MEMORY = 'FARGATE has no memory of'
AWSLOGS = {'log_driver': 'awslogs', 'options': {'awslogs-group': 'x'}}


def on_fargate(**settings: Any) -> dict[str, Any]:
    return with_vpc(one_service(**{'launch_type': 'FARGATE', 'cpu': 256, 'memory': 512, **settings}))


@pytest.mark.parametrize(
    ('settings', 'where', 'message'),
    [
        ({'cpu': 128}, 'cpu', 'FARGATE has no cpu of 128: one of 256, 512, 1024, 2048, 4096, 8192, 16384, 32768'),
        ({'memory': 768}, 'memory', 'FARGATE has no memory of 768 with cpu 256: 512, 1024, 2048'),
        ({'cpu': 512, 'memory': 512}, 'memory', f'{NO_MEMORY} 512 with cpu 512: 1024 to 4096 in steps of 1024'),
        (
            {'cpu': 16384, 'memory': 1024},
            'memory',
            f'{NO_MEMORY} 1024 with cpu 16384: 32768 to 122880 in steps of 8192',
        ),
        ({'privileged': True}, 'privileged', 'FARGATE has no privileged containers'),
        ({'gpus': 1}, 'gpus', 'FARGATE has no GPUs'),
        ({'volumes': ['a:/b:/c']}, 'volumes[0]', 'FARGATE has no directories of an instance'),
        (
            {'placement_constraints': [{'type': 'distinctInstance'}]},
            'placement_constraints',
            'FARGATE has no instances to place tasks on',
        ),
        ({'scheduling_strategy': 'DAEMON'}, 'scheduling_strategy', 'FARGATE has no instances to run a DAEMON on'),
        (
            {'logging': {'log_driver': 'gelf'}},
            'logging',
            'FARGATE has no log driver gelf: one of awsfirelens, awslogs, splunk',
        ),
        ({'image': ECR}, 'launch_type', 'FARGATE needs task_execution_role_arn for images in ECR and for awslogs'),
        (
            {'logging': AWSLOGS, 'task_execution_role_arn': 'role'},
            'logging',
            'FARGATE needs the option awslogs-stream-prefix',
        ),
    ],
)
def test_not_on_fargate(settings: dict[str, Any], where: str, message: str):
    assert mistakes(on_fargate(**settings)) == [(where, message)]
    assert mistakes(with_vpc(one_service(**{**settings, 'launch_type': 'EC2'}))) == []


@pytest.mark.parametrize(('cpu', 'memory'), [(256, 2048), (512, 4096), (4096, 30720), (8192, 20480), (16384, 122880)])
def test_sizes(cpu: int, memory: int):
    assert mistakes(on_fargate(cpu=cpu, memory=memory)) == []


def test_cpu_is_needed():
    document = with_vpc(one_service(launch_type='FARGATE'))
    assert mistakes(document) == [('cpu', 'FARGATE needs cpu: one of 256, 512, 1024, 2048, 4096, 8192, 16384, 32768')]


def test_an_execution_role_is_enough_for_ecr_and_logs():
    logging = {'log_driver': 'awslogs', 'options': {'awslogs-group': 'x', 'awslogs-stream-prefix': 'y'}}
    assert mistakes(on_fargate(image=ECR, logging=logging, task_execution_role_arn='role')) == []
