"""Adopting any task definition that ECS accepts is lossless: what is rendered equals what runs."""

import os
from typing import Any

import pytest

from stack.changes.adopt.document import write
from stack.reconcile.definition import definition_changes
from stack.reconcile.observed import Observed, Service, TaskDefinition
from stack.reconcile.planner import plan
from stack.reconcile.wanted import wanted_services
from stack.sandbox.ecs.clock import ManualClock
from stack.sandbox.ecs.ecs import Ecs
from stack.stackfile.check import check
from stack.stackfile.normal_form import normalised
from stack.stackfile.reading import read
from stack.stackfile.yaml_writer import write as write_yaml
from tests.unit.stack.changes.adopt.any_definition import any_definition

REGION, ACCOUNT, CLUSTER = 'us-east-1', '123456789012', 'legacy'

# More seeds on demand: NYSA_DEFINITIONS=500 pytest …
SEEDS = range(int(os.environ.get('NYSA_DEFINITIONS', '60')))


def call(ecs: Ecs, action: str, **body: Any) -> dict[str, Any]:
    status, answer = ecs.handle(action, body, REGION, ACCOUNT)
    assert status == 200, answer
    return answer


def described(ecs: Ecs, arn: str) -> dict[str, Any]:
    return call(ecs, 'DescribeTaskDefinition', taskDefinition=arn, include=['TAGS'])


def running(ecs: Ecs, definition: dict[str, Any]) -> Observed:
    """What an inventory reads of a cluster with one service of the definition."""
    call(ecs, 'CreateCluster', clusterName=CLUSTER)
    arn = call(ecs, 'RegisterTaskDefinition', **definition)['taskDefinition']['taskDefinitionArn']
    network = {'awsvpcConfiguration': {'subnets': ['subnet-1'], 'securityGroups': ['sg-1']}}
    fargate = 'FARGATE' in definition.get('requiresCompatibilities', ())
    service = call(
        ecs,
        'CreateService',
        cluster=CLUSTER,
        serviceName='web',
        taskDefinition=arn,
        desiredCount=1,
        launchType='FARGATE' if fargate else 'EC2',
        **({'networkConfiguration': network} if definition.get('networkMode') == 'awsvpc' else {}),
    )['service']
    return Observed(
        CLUSTER,
        {'web': Service.read(service)},
        {arn: TaskDefinition.read(described(ecs, arn))},
        container_instances=1,
        log_groups=frozenset({(None, '/ecs/x')}),
    )


@pytest.mark.parametrize('seed', SEEDS)
def test_adopting_is_lossless(seed: int):
    ecs = Ecs(ManualClock())
    registered = any_definition(seed)
    observed = running(ecs, registered)
    [body] = [definition.body for definition in observed.definitions.values()]
    assert normalised(body) == normalised(registered)

    written = write(observed, REGION)
    assert written.notes == ()
    assert not check(written.document, cluster=CLUSTER).mistakes
    rendered = wanted_services(CLUSTER, written.document, REGION)['web'].definition
    assert normalised({**rendered, 'family': ''}) == normalised({**body, 'family': ''})
    assert [container['name'] for container in rendered['containerDefinitions']] == [
        container['name'] for container in body['containerDefinitions']
    ]
    steps = plan(written.document, observed, revision='', region=REGION).steps
    assert [step.id for step in steps] == ['web/service/take-over']

    assert read(write_yaml(written.document), 'yaml').data == written.document
    [[_, settings]] = written.document['services'][0].items()
    changed = {**written.document, 'services': [{'web': {**settings, 'image': 'other:1'}}]}
    after = wanted_services(CLUSTER, changed, REGION)['web'].definition
    assert [change.path for change in definition_changes(body, after) if change.path != 'family'] == ['image']
    again = call(ecs, 'RegisterTaskDefinition', **rendered)['taskDefinition']
    assert normalised({**again, 'family': ''}) == normalised({**body, 'family': ''})
