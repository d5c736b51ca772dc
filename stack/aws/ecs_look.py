"""Read-only calls of the watcher: ECS, Elastic Load Balancing, CloudWatch Logs."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from stack.aws import ecs
from stack.aws.autoscaling import activities, autoscaled
from stack.aws.batches import batches
from stack.aws.client import AwsClient
from stack.aws.ecs_deployments import EcsDeployments
from stack.errors import AwsFailed
from stack.reconcile.observed import TaskDefinition
from stack.rollouts import ecs_state
from stack.rollouts.ecs_state import Service, Task
from stack.rollouts.service_deployment import ServiceDeployment
from stack.rollouts.service_events import ServiceEvent


class EcsLook:
    """Each method is one call, or a few where a list goes on. All raise `AwsFailed` and what is below it."""

    def __init__(self, aws: AwsClient):
        self._aws = aws
        self._deployments = EcsDeployments(aws)

    async def services(self, cluster: str, names: Sequence[str]) -> dict[str, Service | None]:
        """Up to ten services by name, None for one that ECS does not have.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
        """
        answer = await self._aws.call('ecs', 'DescribeServices', cluster=cluster, services=list(names))
        found: dict[str, Service | None] = dict.fromkeys(names)
        return found | {each['serviceName']: ecs_state.service(each) for each in answer['services']}

    async def names(self, cluster: str) -> list[str]:
        """The names of all services of a cluster.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html
        """
        arns = await self._pages('ListServices', 'serviceArns', cluster=cluster, maxResults=100)
        return [sys.intern(arn.rpartition('/')[2]) for arn in arns]

    async def service_deployments(
        self, cluster: str, services: Mapping[str, str | None]
    ) -> dict[str, ServiceDeployment]:
        """The newest service deployment of each service: see `stack.aws.ecs_deployments.EcsDeployments`."""
        return await self._deployments.newest(cluster, services)

    async def definition(self, arn: str) -> TaskDefinition | None:
        return await ecs.task_definition(self._aws, arn)

    async def stopped(self, cluster: str, service: str) -> tuple[Task, ...]:
        """The stopped tasks of a service that ECS still knows, the newest first: at most 100.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
        """
        return await self._tasks(cluster, service, 'STOPPED')

    async def running(self, cluster: str, service: str) -> tuple[Task, ...]:
        """The tasks of a service that run or start, the newest first: at most 100."""
        return await self._tasks(cluster, service, 'RUNNING')

    async def container_insights(self, cluster: str) -> str:
        """See `stack.aws.ecs.container_insights`."""
        return await ecs.container_insights(self._aws, cluster)

    async def runs(self, cluster: str, family: str, started_by: str) -> tuple[Task, ...]:
        """The tasks of a family with that `startedBy`, running or stopped; ECS lists stopped ones for an hour."""
        tasks = await self.of_family(cluster, family)
        return tuple(task for task in tasks if task.started_by == started_by)

    async def of_family(self, cluster: str, family: str) -> tuple[Task, ...]:
        """The tasks of a family, running or stopped; ECS lists stopped ones for an hour."""
        arns: dict[str, None] = {}
        for status in ('RUNNING', 'STOPPED'):
            listed = await self._pages(
                'ListTasks', 'taskArns', cluster=cluster, family=family, desiredStatus=status, maxResults=100
            )
            arns |= dict.fromkeys(listed)
        return tuple(await self._described(cluster, list(arns)))

    async def targets(self, groups: Sequence[str]) -> Mapping[str, int]:
        """The number of targets in each state of health, over some target groups.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html
        """
        counted: Counter[str] = Counter()
        for arn in groups:
            answer = await self._aws.call('elbv2', 'DescribeTargetHealth', TargetGroupArn=arn)
            counted.update(each['TargetHealth']['State'] for each in answer['TargetHealthDescriptions'])
        return counted

    async def autoscaled(self, cluster: str, services: Sequence[str]) -> frozenset[str]:
        """Those of the services whose count belongs to an autoscaler."""
        return await autoscaled(self._aws, cluster, services)

    async def scaling_activities(self, cluster: str, service: str, most: int) -> list[ServiceEvent]:
        """The newest scaling activities of a service, the newest first; none where they cannot be read."""
        return await activities(self._aws, cluster, service, most)

    async def log_lines(self, group: str, stream: str, region: str | None, most: int) -> list[dict[str, Any]]:
        """The last lines of a log stream, the oldest first; none where there is no such stream.

        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
        """
        try:
            answer = await self._aws.call(
                'logs', 'GetLogEvents', logGroupName=group, logStreamName=stream, limit=most, region=region
            )
        except AwsFailed as failed:
            if failed.aws_code == 'ResourceNotFoundException':
                return []
            raise
        events: list[dict[str, Any]] = answer['events']
        return events

    async def _tasks(self, cluster: str, service: str, status: str) -> tuple[Task, ...]:
        try:
            answer = await self._aws.call(
                'ecs', 'ListTasks', cluster=cluster, serviceName=service, desiredStatus=status, maxResults=100
            )
        except AwsFailed as failed:
            if failed.aws_code == 'ServiceNotFoundException':
                return ()
            raise
        tasks = await self._described(cluster, answer['taskArns'])
        newest = sorted(tasks, key=lambda each: each.stopped_at or each.created_at or ecs_state.EPOCH, reverse=True)
        return tuple(newest)

    async def _described(self, cluster: str, arns: Sequence[str]) -> list[Task]:
        """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html (100 at a time)"""
        answers = [
            await self._aws.call('ecs', 'DescribeTasks', cluster=cluster, tasks=some) for some in batches(arns, 100)
        ]
        return [ecs_state.task(each) for answer in answers for each in answer['tasks']]

    async def _pages(self, operation: str, items: str, **arguments: Any) -> list[Any]:
        return await self._aws.pages('ecs', operation, items, token=('nextToken', 'nextToken'), **arguments)
