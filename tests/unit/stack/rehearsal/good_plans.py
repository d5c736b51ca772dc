"""Desired states that start well in an AWS that has everything they name."""

from random import Random
from typing import Any

from stack.rehearsal.facts import Image, Instance, Secret, Subnet
from tests.unit.stack.rehearsal.known_facts import (
    ACCOUNT,
    BOTH,
    CURRENT,
    REGION,
    REGISTRY,
    KnownFacts,
    arn_of_role,
    trust,
)

CERTIFICATE = f'arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1'
SECRET = f'arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf'
PREVIOUS = f'{SECRET}:password:AWSPREVIOUS:'
PARAMETER = f'arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/token'
EXECUTION, TASK = arn_of_role('execution'), arn_of_role('task')

VPC = {
    'id': 'vpc-1',
    'subnets': {'public': ['subnet-1', 'subnet-2'], 'private': ['subnet-3', 'subnet-4']},
    'security_groups': {'public': ['sg-1'], 'private': ['sg-2']},
}


def good_facts() -> KnownFacts:
    """An AWS with everything that `good_service` may name."""
    return KnownFacts(
        images={f'{REGISTRY}/app:{tag}': BOTH for tag in '12'}
        | {f'{REGISTRY}/app:x86': Image(frozenset({'amd64'})), f'{REGISTRY}/side:1': Image()},
        secrets={SECRET: Secret(stages={'v2': ('AWSCURRENT',), 'v1': ('AWSPREVIOUS',)}), f'{SECRET}2': CURRENT},
        parameter_names={'/app/token', 'plain'},
        roles={EXECUTION: trust(), TASK: trust(Condition={'StringEquals': {'aws:SourceAccount': ACCOUNT}})},
        permitted={(EXECUTION, 'logs:CreateLogGroup')},
        log_groups={'/there'},
        certificates={CERTIFICATE: 'ISSUED'},
        known_subnets={f'subnet-{n}': Subnet('vpc-1', 200) for n in range(1, 5)},
        groups={'sg-1': 'vpc-1', 'sg-2': 'vpc-1'},
        machines=[Instance('x86_64', 4096, 16384, 4096, 16384), Instance('arm64', 4096, 16384, 4096, 16384)],
    )


def good_service(random: Random) -> dict[str, Any]:
    """The settings of one service, at random."""
    service: dict[str, Any] = {
        'image': random.choice([f'{REGISTRY}/app:1', f'{REGISTRY}/app:2', 'docker.io/team/app:1']),
        'task_execution_role_arn': EXECUTION,
        'desired_count': random.randrange(4),
    }
    if random.random() < 0.5:
        service |= {'launch_type': 'FARGATE', 'cpu': 256, 'memory': 512}
    else:
        service |= {'launch_type': 'EC2', 'memory': random.choice([128, 1024])}
    if random.random() < 0.5:
        service['architecture'] = random.choice(['x86_64', 'arm64'])
    if random.random() < 0.5:
        service['secrets'] = random.choice([{'A': SECRET}, {'A': PREVIOUS, 'B': 'plain'}, {'C': PARAMETER}])
    if random.random() < 0.4:
        service['task_role_arn'] = TASK
    if random.random() < 0.4:
        service['containers'] = [{'side': {'image': f'{REGISTRY}/side:1', 'memory': 64}}]
    if random.random() < 0.4:
        service['logging'] = {'log_driver': 'awslogs', 'options': _log_options(random)}
    if random.random() < 0.3:
        service['ports'] = ['8080:8080']
        service['elb'] = {
            'type': random.choice(['public', 'private']),
            'protocol': 'HTTPS',
            'certificates': [CERTIFICATE],
            'ports': {'public': 443, 'container': 8080},
        }
    return service


def _log_options(random: Random) -> dict[str, str]:
    more = random.choice([{}, {'awslogs-create-group': 'true'}])
    return {'awslogs-group': random.choice(['/there', '/new']), 'awslogs-stream-prefix': 'app'} | more


def good_document(seed: int) -> dict[str, Any]:
    """A desired state of up to six services."""
    random = Random(seed)
    services = [{f'service-{n}': good_service(random)} for n in range(random.randint(1, 6))]
    return {'vpc': VPC, 'services': services}
