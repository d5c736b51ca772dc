"""Reading service deployments: few calls, whatever the number of services."""

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import Any

from stack.aws.ecs_deployments import AT_ONCE, EcsDeployments
from tests.service_deployments import described


class Calls:
    """Answers for any service, and counts the calls."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()

    async def call(self, service: str, operation: str, /, **arguments: Any) -> Any:
        self.made[operation] += 1
        if operation == 'ListServiceDeployments':
            name = arguments['service']
            return {'serviceDeployments': [{'serviceDeploymentArn': f'arn:{name}'}] if name != 'none' else []}
        if operation == 'DescribeServiceDeployments':
            arns = arguments['serviceDeploymentArns']
            assert len(arns) <= AT_ONCE
            return {'serviceDeployments': [described(serviceDeploymentArn=arn) for arn in arns if arn != 'arn:gone']}
        revisions = arguments['serviceRevisionArns']
        return {'serviceRevisions': [{'serviceRevisionArn': arn, 'taskDefinition': f'td:{arn}'} for arn in revisions]}


def test_twenty_deployments_are_described_at_once_and_revisions_once():
    calls = Calls()
    deployments = EcsDeployments(calls)
    services = {f'web-{n}': f'arn:web-{n}' for n in range(AT_ONCE + 1)}
    for _ in range(2):
        found = asyncio.run(deployments.newest('prod', services))
    assert found.keys() == services.keys()
    assert found['web-0'].task_definition == 'td:rev/new'
    assert found['web-0'].source_definition == 'td:rev/old'
    assert calls.made == {'DescribeServiceDeployments': 4, 'DescribeServiceRevisions': 1}


def test_a_revision_is_described_again_until_ecs_has_chosen_its_target_groups():
    calls = Calls()
    chosen: list[dict[str, Any]] = []

    async def call(service: str, operation: str, /, **arguments: Any) -> Any:
        answer = await calls.call(service, operation, **arguments)
        for revision in answer.get('serviceRevisions', ()):
            revision['loadBalancers'] = [{'targetGroupArn': 'group/blue'}]
            revision['resolvedConfiguration'] = {'loadBalancers': chosen}
        return answer

    deployments = EcsDeployments(SimpleNamespace(call=call))

    def groups() -> tuple[str, ...]:
        return asyncio.run(deployments.newest('prod', {'web': 'arn:web'}))['web'].target_groups

    assert groups() == ()
    chosen.append({'targetGroupArn': 'group/green'})
    assert [groups(), groups()] == [('group/green',), ('group/green',)]
    assert calls.made['DescribeServiceRevisions'] == 2


def test_one_whose_arn_is_not_known_is_listed_first():
    calls = Calls()
    found = asyncio.run(EcsDeployments(calls).newest('prod', {'web': None, 'none': None, 'lost': 'arn:gone'}))
    assert list(found) == ['web']
    assert calls.made == {'ListServiceDeployments': 2, 'DescribeServiceDeployments': 1, 'DescribeServiceRevisions': 1}
