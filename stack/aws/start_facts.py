"""The implementation of `stack.rehearsal.facts.Facts`: every answer serves for a minute."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from stack.aws import acm, container_instances, ec2, ecs, elbv2, iam, logs, secrets, ssm
from stack.aws.client import AwsClient
from stack.aws.ecr_platforms import ImagePlatforms
from stack.aws.ecr_registry import Download
from stack.rehearsal.facts import Image, Instance, Quotas, Role, Secret, Subnet
from stack.runtime.recent_reads import RecentReads
from stack.stackfile.images import ImageReference

KEPT_S = 60.0
MOST_KEPT = 5000


class StartFacts:
    """Reads AWS. Every method raises `AwsFailed`."""

    def __init__(
        self,
        aws: AwsClient,
        download: Download,
        clock: Callable[[], float] = time.monotonic,
        *,
        images: AwsClient | None = None,
    ):
        """`images` reads ECR, where that is not to be asked as all else."""
        self._aws = aws
        self._platforms = ImagePlatforms(images or aws, download)
        self._recent = RecentReads(KEPT_S, MOST_KEPT, clock)

    async def image(self, reference: ImageReference) -> Image | None:
        return await self._recent.get(('image', reference), lambda: self._platforms.of(reference))

    async def secret(self, arn: str) -> Secret | None:
        return await self._recent.get(('secret', arn), lambda: secrets.described_secret(self._aws, arn))

    async def parameters(self, names: frozenset[str], region: str | None) -> frozenset[str]:
        key = ('parameters', names, region)
        return await self._recent.get(key, lambda: ssm.known_parameters(self._aws, names, region))

    async def role(self, arn: str) -> Role | None:
        return await self._recent.get(('role', arn), lambda: iam.described_role(self._aws, arn))

    async def may(self, role: str, action: str, resource: str) -> bool:
        key = ('may', role, action, resource)
        return await self._recent.get(key, lambda: iam.is_allowed(self._aws, role, action, resource))

    async def has_log_group(self, name: str, region: str | None) -> bool:
        return await self._recent.get(('log', name, region), lambda: logs.has_log_group(self._aws, name, region))

    async def certificate(self, arn: str) -> str | None:
        return await self._recent.get(('certificate', arn), lambda: acm.certificate_status(self._aws, arn))

    async def subnets(self, ids: frozenset[str]) -> Mapping[str, Subnet]:
        return await self._recent.get(('subnets', ids), lambda: ec2.subnets_with_addresses(self._aws, ids))

    async def security_groups(self, ids: frozenset[str]) -> Mapping[str, str]:
        return await self._recent.get(('groups', ids), lambda: ec2.group_vpcs(self._aws, ids))

    async def instances(self, cluster: str) -> Sequence[Instance]:
        key = ('instances', cluster)
        return await self._recent.get(key, lambda: container_instances.accepting_instances(self._aws, cluster))

    async def running(self, cluster: str, services: frozenset[str]) -> Mapping[str, int]:
        key = ('running', cluster, services)
        return await self._recent.get(key, lambda: ecs.running_counts(self._aws, cluster, sorted(services)))

    async def quotas(self) -> Quotas:
        return await self._recent.get(('quotas',), self._quotas)

    async def rules(self, balancer: str) -> int:
        return await self._recent.get(('rules', balancer), lambda: elbv2.count_rules(self._aws, balancer))

    async def _quotas(self) -> Quotas:
        limits, used = await asyncio.gather(elbv2.account_limits(self._aws), elbv2.used_quotas(self._aws))
        return Quotas(limits, used)
