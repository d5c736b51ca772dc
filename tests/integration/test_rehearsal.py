"""What a rehearsal foretells, and what then happens in ECS."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from stack.aws.downloads import Downloads
from stack.aws.ecs_look import EcsLook
from stack.aws.start_facts import StartFacts
from stack.failures.flight_recorder import reason_of
from stack.rehearsal.finding import Rehearsed
from stack.rehearsal.rehearsal import Rehearsal
from stack.rollouts.stop_reasons import classify
from tests.aws import Aws
from tests.cluster import Cluster, clusters

PULLS = {'Effect': 'Allow', 'Action': 'ecr:*', 'Resource': '*'}


@pytest.fixture
def cluster(aws: Aws) -> Iterator[Cluster]:
    with clusters(aws) as new_cluster:
        yield new_cluster()


def created_role(aws: Aws, name: str, trusted: str) -> str:
    """A role that trusts one service and may pull images."""
    statement = {'Effect': 'Allow', 'Principal': {'Service': trusted}, 'Action': 'sts:AssumeRole'}
    document = {'Version': '2012-10-17', 'Statement': [statement]}
    iam = aws.client('iam')
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))['Role']
    policy = {'Version': '2012-10-17', 'Statement': [PULLS]}
    iam.put_role_policy(RoleName=name, PolicyName='pulls', PolicyDocument=json.dumps(policy))
    arn: str = role['Arn']
    return arn


def spoilt(aws: Aws, cluster: Cluster) -> dict[str, dict[str, Any]]:
    """Services that do not start, by the field that is wrong."""
    repository = aws.repository(f'{cluster.name}-app', ['1'])
    image = aws.image(repository, '1')
    secret = f'arn:aws:secretsmanager:{aws.region}:{aws.account}:secret:no-AbCdEf'
    role = f'arn:aws:iam::{aws.account}:role/tasks'
    others = created_role(aws, f'{cluster.name}-others', 'ec2.amazonaws.com')
    reader = created_role(aws, f'{cluster.name}-reader', 'ecs-tasks.amazonaws.com')
    options = {'awslogs-group': f'/no/{cluster.name}', 'awslogs-stream-prefix': 'side'}
    side = {'image': image, 'memory': 32, 'logging': {'log_driver': 'awslogs', 'options': options}}
    making = {**side, 'logging': {'log_driver': 'awslogs', 'options': {**options, 'awslogs-create-group': 'true'}}}
    good = {'image': image, 'memory': 32, 'task_execution_role_arn': role}
    return {
        'image': {**good, 'image': aws.image(repository, '2')},
        'secrets.A': {**good, 'secrets': {'A': secret}},
        'secrets.B': {**good, 'secrets': {'B': '/no/parameter'}},
        'task_role_arn': {**good, 'task_role_arn': others},
        'task_execution_role_arn': {**good, 'task_execution_role_arn': f'{role}-missing'},
        'containers.side.logging': {**good, 'containers': [{'side': side}]},
        'containers.making.logging': {
            **good,
            'task_execution_role_arn': reader,
            'containers': [{'making': making}],
        },
        'memory': {**good, 'memory': 100_000},
    }


def rehearse(cluster: Cluster, document: dict[str, Any]) -> Rehearsed:
    rehearsal = Rehearsal(StartFacts(cluster.paced, Downloads().of), cluster.paced.region)
    names = [name for item in document['services'] for name in item]
    return asyncio.run(rehearsal.rehearse(cluster.name, document, names))


def failure(cluster: Cluster, service: str) -> str | None:
    """The class of what went wrong, as the flight recorder finds it."""
    look = EcsLook(cluster.paced)

    async def ask() -> str | None:
        tasks = await look.stopped(cluster.name, service)
        seen = (await look.services(cluster.name, [service]))[service]
        assert seen is not None
        reason = reason_of(map(classify, tasks), [event.message for event in seen.events])
        return reason.kind if reason else None

    return asyncio.run(ask())


def test_what_is_foretold_happens_in_that_class(aws: Aws, cluster: Cluster):
    services = spoilt(aws, cluster)
    names = {f'service-{number}': path for number, path in enumerate(services)}
    document = {'services': [{name: services[path]} for name, path in names.items()]}
    rehearsed = rehearse(cluster, document)
    assert {finding.service: finding.path for finding in rehearsed.findings} == names
    assert not rehearsed.unchecked
    asyncio.run(cluster.reconcile(document))
    aws.advance(120)
    assert {name: failure(cluster, name) for name in names} == {
        finding.service: finding.kind for finding in rehearsed.findings
    }


def test_a_cluster_with_everything_that_it_names_has_no_finding(cluster: Cluster):
    rehearsed = rehearse(cluster, cluster.example())
    assert rehearsed.services
    assert rehearsed.findings == ()
