"""The adapter of ECS's container instances."""

from collections.abc import Iterable, Mapping
from typing import Any

from stack.aws.batches import batches
from stack.aws.client import AwsClient
from stack.rehearsal.facts import Instance

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeContainerInstances.html
MOST_DESCRIBED = 100


async def accepting_instances(aws: AwsClient, cluster: str) -> tuple[Instance, ...]:
    """The active container instances of a cluster whose agents are connected. Raises `AwsFailed`."""
    arns = await aws.pages(
        'ecs',
        'ListContainerInstances',
        'containerInstanceArns',
        token=('nextToken', 'nextToken'),
        cluster=cluster,
        status='ACTIVE',
    )
    described: list[Mapping[str, Any]] = []
    for some in batches(arns, MOST_DESCRIBED):
        answer = await aws.call('ecs', 'DescribeContainerInstances', cluster=cluster, containerInstances=list(some))
        described += answer['containerInstances']
    return tuple(_instance(each) for each in described if each.get('agentConnected', True))


def _instance(found: Mapping[str, Any]) -> Instance:
    attributes = {each['name']: each.get('value') for each in found.get('attributes') or ()}
    return Instance(
        architecture=str(attributes.get('ecs.cpu-architecture') or ''),
        cpu=_amount(found.get('registeredResources'), 'CPU'),
        memory=_amount(found.get('registeredResources'), 'MEMORY'),
        free_cpu=_amount(found.get('remainingResources'), 'CPU'),
        free_memory=_amount(found.get('remainingResources'), 'MEMORY'),
    )


def _amount(resources: Iterable[Mapping[str, Any]] | None, name: str) -> int:
    return next((int(each['integerValue']) for each in resources or () if each['name'] == name), 0)
