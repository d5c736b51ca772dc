"""Task definitions of one account and region: each is read once, the newest of a family each time or for a while."""

import time
from collections.abc import Callable, Hashable

from stack.aws import ecs
from stack.aws.client import AwsClient
from stack.reconcile.definition_cache import DefinitionCache
from stack.reconcile.observed import TaskDefinition
from stack.runtime.recent_reads import RecentReads

# For how long the newest of a family serves plans, and of how many families: those of the largest cluster.
NEWEST_S = 300.0
MOST_FAMILIES = 5000


class Definitions:
    """For passes. All methods raise `AwsFailed`, and give None where there is no such definition."""

    def __init__(self, aws: AwsClient, cache: DefinitionCache):
        self._aws = aws
        self._cache = cache

    async def of(self, arn: str) -> TaskDefinition | None:
        return self._cache.use(arn) or await self._read(arn)

    async def newest(self, family: str) -> TaskDefinition | None:
        """The newest active definition of a family now."""
        return await self._read(family)

    async def newest_while(self, family: str, deployed: Hashable) -> TaskDefinition | None:
        """The newest active definition of a family while its service has what is `deployed`."""
        return await self.newest(family)

    async def _read(self, name: str) -> TaskDefinition | None:
        found = await ecs.task_definition(self._aws, name)
        if found is not None:
            self._cache.put_in_use(found)
        return found


class PlannedDefinitions(Definitions):
    """For plans that are only shown. A read goes on where the plan that began it is given up, and serves the next one.

    A thousand services that a document changes are a thousand reads, at the pace of `DescribeTaskDefinition`: more than
    the deadline of one request.
    """

    def __init__(self, aws: AwsClient, cache: DefinitionCache, clock: Callable[[], float] = time.monotonic):
        super().__init__(aws, cache)
        self._recent = RecentReads(NEWEST_S, MOST_FAMILIES, clock)

    async def of(self, arn: str) -> TaskDefinition | None:
        return self._cache.use(arn) or await self._recently(arn, arn)

    async def newest_while(self, family: str, deployed: Hashable) -> TaskDefinition | None:
        return await self._recently((family, deployed), family)

    async def _recently(self, key: Hashable, name: str) -> TaskDefinition | None:
        arn = await self._recent.get(key, lambda: self._arn(name))
        return (self._cache.use(arn) or await self._read(arn)) if arn else None

    async def _arn(self, name: str) -> str | None:
        """The ARN of a definition, which is in the cache then: the reads that are remembered are small."""
        found = await self._read(name)
        return found.arn if found else None
