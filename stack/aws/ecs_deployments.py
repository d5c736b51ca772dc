"""Reads service deployments: the newest of each service, with the service revisions that it brings and replaces.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceDeployments.html
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from stack.aws.batches import batches
from stack.aws.client import AwsClient
from stack.rollouts import service_deployment
from stack.rollouts.service_deployment import ServiceDeployment, ServiceRevision
from stack.runtime.lru import LruCache

# What DescribeServiceDeployments and DescribeServiceRevisions take at once.
AT_ONCE = 20
# A service revision never changes once it has its target groups.
REVISIONS_KEPT = 2000


class EcsDeployments:
    """All raise `AwsFailed`."""

    def __init__(self, aws: AwsClient):
        self._aws = aws
        self._revisions: LruCache[str, ServiceRevision] = LruCache(REVISIONS_KEPT)

    async def newest(self, cluster: str, services: Mapping[str, str | None]) -> dict[str, ServiceDeployment]:
        """The newest service deployment of each service that has one, by the name of the service.

        `services` has the ARN of that deployment where it is known; otherwise it is listed first.
        """
        arns = {name: arn for name, arn in services.items() if arn}
        unknown = [name for name in services if name not in arns]
        listed = await asyncio.gather(*(self._last(cluster, name) for name in unknown))
        arns |= {name: arn for name, arn in zip(unknown, listed, strict=True) if arn}
        found = await self._described(arns.values())
        revisions = await self._revisions_of(found.values())
        return {name: service_deployment.read(found[arn], revisions) for name, arn in arns.items() if arn in found}

    async def answer(self, deployment: str, hook: str, action: str) -> None:
        """Answer a hook that waits; `action` is CONTINUE or ROLLBACK.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContinueServiceDeployment.html
        """
        await self._aws.call(
            'ecs', 'ContinueServiceDeployment', serviceDeploymentArn=deployment, hookId=hook, action=action
        )

    async def awaits(self, deployment: str, hook: str) -> bool:
        """Whether a hook of a deployment waits for an answer."""
        found = await self._described([deployment])
        return any(
            each.get('hookId') == hook and each.get('status') == 'AWAITING_ACTION'
            for described in found.values()
            for each in described.get('lifecycleHookDetails') or ()
        )

    async def _last(self, cluster: str, service: str) -> str | None:
        """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html"""
        answer = await self._aws.call('ecs', 'ListServiceDeployments', cluster=cluster, service=service, maxResults=1)
        return next((str(each['serviceDeploymentArn']) for each in answer['serviceDeployments']), None)

    async def _described(self, arns: Iterable[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for some in batches(list(arns), AT_ONCE):
            answer = await self._aws.call('ecs', 'DescribeServiceDeployments', serviceDeploymentArns=some)
            found |= {each['serviceDeploymentArn']: each for each in answer['serviceDeployments']}
        return found

    async def _revisions_of(self, deployments: Iterable[Mapping[str, Any]]) -> dict[str, ServiceRevision]:
        """Each service revision that the deployments name."""
        arns = list(dict.fromkeys(arn for each in deployments for arn in service_deployment.revision_arns(each)))
        known = {arn: revision for arn in arns if (revision := self._revisions.get(arn))}
        for some in batches([arn for arn in arns if arn not in known], AT_ONCE):
            answer = await self._aws.call('ecs', 'DescribeServiceRevisions', serviceRevisionArns=some)
            for found in answer['serviceRevisions']:
                arn = found['serviceRevisionArn']
                known[arn] = service_deployment.read_revision(found)
                if known[arn].target_groups or not found.get('loadBalancers'):
                    self._revisions.put(arn, known[arn])
        return known
