"""The adapter of ECS."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from stack.aws.batches import batches
from stack.aws.client import AwsClient
from stack.aws.ports import ClusterStatus
from stack.errors import AwsFailed
from stack.reconcile.names import read_tags
from stack.reconcile.observed import Service, TaskDefinition


async def describe_cluster(connection: AwsClient, name: str) -> ClusterStatus | None:
    """The cluster as ECS has it, or None where there is none.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html
    """
    answer = await connection.call('ecs', 'DescribeClusters', clusters=[name])
    for cluster in answer.get('clusters', []):
        return _status(cluster)
    return None


async def container_insights(aws: AwsClient, name: str) -> str:
    """The cluster's setting of that name: `enhanced`, `enabled` or `disabled`; empty where there is no such cluster.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ClusterSetting.html
    """
    answer = await aws.call('ecs', 'DescribeClusters', clusters=[name], include=['SETTINGS'])
    settings = [setting for cluster in answer['clusters'] for setting in cluster.get('settings', ())]
    return next((str(each.get('value', '')) for each in settings if each.get('name') == 'containerInsights'), '')


class Clusters:
    """All clusters of the account and the region."""

    def __init__(self, aws: AwsClient):
        self._aws = aws

    async def names(self) -> list[str]:
        """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListClusters.html"""
        arns = await self._aws.pages(
            'ecs', 'ListClusters', 'clusterArns', token=('nextToken', 'nextToken'), maxResults=100
        )
        return [arn.rpartition('/')[2] for arn in arns]

    async def describe(self, names: Sequence[str]) -> list[ClusterStatus]:
        """Those that are there, 100 with each call."""
        answers = [await self._aws.call('ecs', 'DescribeClusters', clusters=some) for some in batches(names, 100)]
        return [_status(found) for answer in answers for found in answer['clusters']]


async def services(aws: AwsClient, cluster: str) -> list[Service]:
    """All services of a cluster that are not over.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html (10 at a time)
    """
    arns = await aws.pages(
        'ecs', 'ListServices', 'serviceArns', token=('nextToken', 'nextToken'), cluster=cluster, maxResults=100
    )
    described = await asyncio.gather(
        *(
            aws.call('ecs', 'DescribeServices', cluster=cluster, services=some, include=['TAGS'])
            for some in batches(arns, 10)
        )
    )
    return [Service.read(found) for answer in described for found in answer['services']]


async def running_counts(aws: AwsClient, cluster: str, names: Sequence[str]) -> dict[str, int]:
    """The number of running tasks of each of the services that exists and is not over, by name."""
    answers = [
        await aws.call('ecs', 'DescribeServices', cluster=cluster, services=list(some)) for some in batches(names, 10)
    ]
    found = [each for answer in answers for each in answer['services'] if each.get('status') == 'ACTIVE']
    return {each['serviceName']: int(each.get('runningCount', 0)) for each in found}


async def task_definition(aws: AwsClient, name: str) -> TaskDefinition | None:
    """A task definition by its ARN, or the newest active one of a family; None where there is none."""
    try:
        answer = await aws.call('ecs', 'DescribeTaskDefinition', taskDefinition=name, include=['TAGS'])
    except AwsFailed as failed:
        # ECS has no code of its own for it, but nothing else of a well-formed name is the client's fault.
        if failed.aws_code in ('ClientException', 'InvalidParameterException'):
            return None
        raise
    return TaskDefinition.read(answer)


async def task_definitions(aws: AwsClient, names: Collection[str]) -> dict[str, TaskDefinition]:
    """Task definitions by the ARNs or families that they were asked for; those that exist."""
    asked = sorted(names)
    found = await asyncio.gather(*(task_definition(aws, name) for name in asked))
    return {name: each for name, each in zip(asked, found, strict=True) if each}


async def family(aws: AwsClient, name: str) -> tuple[TaskDefinition, ...]:
    """All active task definitions of a family with their tags, and without their bodies."""
    arns = await aws.pages(
        'ecs',
        'ListTaskDefinitions',
        'taskDefinitionArns',
        token=('nextToken', 'nextToken'),
        familyPrefix=name,
        status='ACTIVE',
    )
    tags = await asyncio.gather(*(aws.call('ecs', 'ListTagsForResource', resourceArn=arn) for arn in arns))
    return tuple(TaskDefinition(arn, name, {}, read_tags(found['tags'])) for arn, found in zip(arns, tags, strict=True))


async def started_by(aws: AwsClient, cluster: str, name: str) -> frozenset[str]:
    """By whom the tasks of a family were started, as far as ECS still knows: stopped ones for an hour."""
    arns: list[str] = []
    for status in ('RUNNING', 'STOPPED'):
        arns += await aws.pages(
            'ecs',
            'ListTasks',
            'taskArns',
            token=('nextToken', 'nextToken'),
            cluster=cluster,
            family=name,
            desiredStatus=status,
        )
    answers = [await aws.call('ecs', 'DescribeTasks', cluster=cluster, tasks=some) for some in batches(arns, 100)]
    return frozenset(task['startedBy'] for answer in answers for task in answer['tasks'] if task.get('startedBy'))


async def given_up(aws: AwsClient, cluster: str, service: str) -> frozenset[str]:
    """The task definition from which ECS rolled the service back last, if that is how its last deployment ended.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
    """
    answer = await aws.call('ecs', 'ListServiceDeployments', cluster=cluster, service=service, maxResults=1)
    last = next(iter(answer['serviceDeployments']), None)
    if last is None or not last['status'].startswith(('ROLLBACK_', 'STOP')):
        return frozenset()
    revisions = await aws.call(
        'ecs', 'DescribeServiceRevisions', serviceRevisionArns=[last['targetServiceRevisionArn']]
    )
    return frozenset(each['taskDefinition'] for each in revisions['serviceRevisions'])


def _status(cluster: Mapping[str, Any]) -> ClusterStatus:
    return ClusterStatus(
        cluster['clusterName'],
        cluster['status'],
        cluster.get('registeredContainerInstancesCount', 0),
        cluster.get('activeServicesCount', 0),
        cluster.get('runningTasksCount', 0),
        (cluster.get('serviceConnectDefaults') or {}).get('namespace', ''),
        cluster.get('clusterArn', ''),
    )
