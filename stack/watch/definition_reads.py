"""Read the task definitions that looks left out: one after the other in each account and region, the most urgent first.

AWS accepts few calls for them, and a large installation has many: the counts of a service do not wait for those.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

from stack.aws.ports import PerCluster
from stack.configuration.accounts import Place
from stack.errors import AwsFailed
from stack.reconcile.definition_cache import DefinitionCache
from stack.reconcile.observed import TaskDefinition
from stack.runtime.pacing import pause

log = logging.getLogger(__name__)

# Failures in a row after which the clusters of an account and region are shown as not completely observed.
REPORTED_AFTER = 2

# What was read, None for a definition that does not exist; may raise `AwsFailed`.
Found = Callable[[str, Mapping[str, TaskDefinition | None]], Awaitable[None]]


class Look(Protocol):
    async def definition(self, arn: str) -> TaskDefinition | None: ...


class _Wanted:
    """The task definitions that one cluster waits for, in the order in which it came to need them."""

    def __init__(self) -> None:
        self.urgent: dict[str, None] = {}
        self.others: dict[str, None] = {}

    def add(self, arns: Iterable[str], urgent: bool) -> None:
        for arn in arns:
            if urgent:
                self.others.pop(arn, None)
                self.urgent[arn] = None
            elif arn not in self.urgent:
                self.others[arn] = None

    def first(self) -> str:
        return next(iter(self.urgent or self.others))

    def drop(self, arn: str) -> None:
        self.urgent.pop(arn, None)
        self.others.pop(arn, None)

    def __contains__(self, arn: str) -> bool:
        return arn in self.urgent or arn in self.others

    def __bool__(self) -> bool:
        return bool(self.urgent or self.others)


class DefinitionReads:
    """`rank` orders clusters, the lowest first: of equal ones, those with urgent definitions come first.

    `found` gets what was read for a cluster.
    """

    def __init__(
        self,
        looks: PerCluster[Look],
        cache: DefinitionCache,
        place_of: Callable[[str], Place],
        rank: Callable[[str], Any],
        found: Found,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ):
        self._looks = looks
        self._cache = cache
        self._place_of = place_of
        self._rank = rank
        self._found = found
        self._sleep = sleep
        self._chance = chance
        self._wanted: dict[Place, dict[str, _Wanted]] = {}
        # By place: how many reads failed since one did not, and how the last one did.
        self._failures: dict[Place, tuple[int, AwsFailed]] = {}
        self._tasks: dict[Place, asyncio.Task[None]] = {}

    def want(self, cluster: str, arns: Collection[str], *, urgent: bool) -> None:
        """Have definitions read for a cluster; `urgent` are those of services that move, or do not run well."""
        if not arns:
            return
        place = self._place_of(cluster)
        self._wanted.setdefault(place, {}).setdefault(cluster, _Wanted()).add(arns, urgent)
        if place not in self._tasks:
            self._tasks[place] = asyncio.get_running_loop().create_task(self._run(place))

    def awaits(self, cluster: str, arns: Iterable[str]) -> bool:
        """Whether all these definitions are about to be read for a cluster."""
        wanted = self._wanted.get(self._place_of(cluster), {}).get(cluster)
        return wanted is not None and all(arn in wanted for arn in arns)

    def keep_only(self, clusters: Collection[str]) -> None:
        """Forget what every other cluster waits for."""
        for wanted in self._wanted.values():
            for cluster in [each for each in wanted if each not in clusters]:
                del wanted[cluster]

    def failure(self, cluster: str) -> AwsFailed | None:
        """Why definitions cannot be read for a cluster; None while they can."""
        count, failed = self._failures.get(self._place_of(cluster), (0, None))
        return failed if count >= REPORTED_AFTER else None

    async def settled(self) -> None:
        """Wait until everything is read."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, place: Place) -> None:
        """Read what is wanted in a place. It is left at once when nothing is: `want` starts it again."""
        try:
            while wanted := self._wanted[place]:
                cluster = min(wanted, key=lambda name: (self._rank(name), not wanted[name].urgent))
                arn = wanted[cluster].first()
                try:
                    definition = await self._cache.looked_at(arn, (await self._looks.of(cluster)).definition)
                    self._failures.pop(place, None)
                    await self._found(cluster, {arn: definition})
                except AwsFailed as failed:
                    await self._failed(place, cluster, failed)
                except Exception:
                    # The top of a loop: the other definitions are read all the same.
                    log.exception('cluster %s: a task definition could not be read', cluster)
                # Where it failed, the next look at the service wants it again.
                _drop(wanted, cluster, arn)
                # What is in the cache is not waited for.
                await asyncio.sleep(0)
        finally:
            del self._tasks[place]

    async def _failed(self, place: Place, cluster: str, failed: AwsFailed) -> None:
        count = self._failures.get(place, (0, failed))[0] + 1
        self._failures[place] = count, failed
        log.warning('cluster %s: a task definition could not be read: %s', cluster, failed)
        await self._sleep(pause(count, self._chance))


def _drop(wanted: dict[str, _Wanted], cluster: str, arn: str) -> None:
    if cluster in wanted:
        wanted[cluster].drop(arn)
        if not wanted[cluster]:
            del wanted[cluster]
