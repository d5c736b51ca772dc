"""Wrong services are refused at their line; what is accepted, ECS accepts as well."""

from random import Random
from typing import Any

import pytest

from stack.reconcile.wanted import wanted_services
from stack.sandbox.ecs.clock import ManualClock
from stack.sandbox.ecs.ecs import Ecs
from stack.stackfile.check import check, check_document
from stack.stackfile.reading import read_faulty
from tests.unit.stack.stackfile.semantics.plausible import any_service
from tests.unit.stack.stackfile.semantics.wrong import WRONG

REGION, ACCOUNT, CLUSTER = 'us-east-1', '123456789012', 'staging'

MARK = '  #!'


def document(settings: str) -> str:
    lines = ''.join(f'      {line}\n' for line in settings.splitlines())
    return f'services:\n  - other: {{image: "team/other:1"}}\n  - web:\n{lines}  - last: {{image: "team/last:1"}}\n'


@pytest.mark.parametrize('settings', WRONG)
def test_a_mistake_is_reported_at_its_line(settings: str):
    text = document(settings)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if line.endswith(MARK))
    report = check_document(read_faulty(text.replace(MARK, ''), 'yaml'), cluster=CLUSTER)
    assert line in {problem.line for problem in report.mistakes}, report.mistakes
    assert all(problem.path[:2] == ('services', 1) for problem in report.mistakes)


def test_the_marked_line_is_what_is_wrong():
    assert not check_document(read_faulty(document('image: team/app:1'), 'yaml'), cluster=CLUSTER).mistakes


@pytest.mark.parametrize('seed', range(150))
def test_ecs_accepts_what_is_accepted(seed: int):
    stackfile = any_service(Random(seed))
    if check(stackfile, cluster=CLUSTER).mistakes:
        return
    service = wanted_services(CLUSTER, stackfile, REGION)['web']
    ecs = Ecs(ManualClock())

    def call(action: str, **body: Any) -> dict[str, Any]:
        status, answer = ecs.handle(action, body, REGION, ACCOUNT)
        assert status == 200, (answer, stackfile)
        return answer

    call('CreateCluster', clusterName=CLUSTER, capacityProviders=['FARGATE', 'FARGATE_SPOT', 'instances'])
    registered = call('RegisterTaskDefinition', **service.definition)['taskDefinition']
    count = {'desiredCount': service.count} if service.scheduling_strategy == 'REPLICA' else {}
    call(
        'CreateService',
        cluster=CLUSTER,
        serviceName='web',
        taskDefinition=registered['taskDefinitionArn'],
        **service.members,
        **count,
    )
