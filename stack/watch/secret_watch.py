"""The loop that notices secrets that changed after tasks had started, and asks for restarts where that is wanted.

Nothing is recorded: the time at which a current value came is compared with the age of the tasks, so every replica and
every restarted process comes to the same result. Of a service without secrets nothing is asked; of one with secrets the
tasks are asked for only where a secret is newer than the tasks that were seen last.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from stack.aws.ports import PerCluster
from stack.configuration.accounts import FindPlace, Place, RegionOf, found_in_one_place
from stack.errors import NysaError
from stack.reconcile.wanted import wanted_services
from stack.rehearsal.secret_checks import uses
from stack.rehearsal.start import Start
from stack.rollouts.ecs_state import Task
from stack.rollouts.stale_secrets import StaleSecret, StaleServices, stale_secrets
from stack.rollouts.stop_kinds import SECRET
from stack.stackfile.effective import all_settings
from stack.stackfile.secret_references import ParameterReference, SecretReference, reference

log = logging.getLogger(__name__)

# Between two checks of all clusters, in seconds.
INTERVAL_S = 240.0
# Before the first one: a process that starts has more urgent reads.
FIRST_S = 20.0


class Versions(Protocol):
    """When current values came: see `stack.aws.secret_versions.SecretVersions`."""

    async def secret_changed(self, arn: str) -> datetime | None: ...
    async def parameters_changed(self, names: frozenset[str], region: str | None) -> Mapping[str, datetime]: ...


class Tasks(Protocol):
    async def running(self, cluster: str, service: str) -> tuple[Task, ...]: ...


Reference = SecretReference | ParameterReference


@dataclass(frozen=True)
class ManagedClusters:
    """All managed clusters: their names, the document of one, and where stale services are published."""

    names: Callable[[], Awaitable[Sequence[str]]]
    document: Callable[[str], Awaitable[Mapping[str, Any]]]
    publish: Callable[[str, StaleServices], None]


# Asks for the restart of a service whose secrets changed: see `stack.changes.secret_restarts.SecretRestarts`.
Restart = Callable[[str, str, tuple[StaleSecret, ...]], Awaitable[None]]


class SecretWatch:
    def __init__(
        self,
        versions: PerCluster[Versions],
        tasks: PerCluster[Tasks],
        clusters: ManagedClusters,
        restart: Restart,
        region: RegionOf,
        place_of: FindPlace = found_in_one_place,
    ):
        self._place_of = place_of
        self._versions = versions
        self._tasks = tasks
        self._clusters = clusters
        self._restart = restart
        self._region = region
        # By cluster and service: the creation of the oldest task that was seen last. Tasks only get younger.
        self._oldest: dict[tuple[str, str], datetime] = {}

    async def run(self) -> None:
        """Check all clusters again and again, until cancelled."""
        await asyncio.sleep(FIRST_S)
        while True:
            try:
                await self.check()
            except NysaError as failed:
                log.warning('secrets that changed are not known yet: %s', failed)
            await asyncio.sleep(INTERVAL_S)

    async def check(self) -> None:
        """Check all clusters once, those of one account and region one after the other.

        Raises `AwsFailed` where they cannot be listed.
        """
        by_place: dict[Place, list[str]] = {}
        for cluster in await self._clusters.names():
            by_place.setdefault(await self._place_of(cluster), []).append(cluster)
        await asyncio.gather(*map(self._check_in_turn, by_place.values()))

    async def _check_in_turn(self, clusters: Sequence[str]) -> None:
        for cluster in clusters:
            try:
                await self._check(cluster)
            except NysaError as failed:
                log.warning('cluster %s: secrets that changed are not known yet: %s', cluster, failed)

    async def _check(self, cluster: str) -> None:
        document = await self._clusters.document(cluster)
        region, versions = self._region(cluster, document), await self._versions.of(cluster)
        wanted = await asyncio.to_thread(wanted_services, cluster, document, region)
        read = {name: _uses(Start(cluster, region, each)) for name, each in wanted.items() if not each.runs_once}
        using = {name: references for name, references in read.items() if references}
        changed = await _changed(versions, using)
        stale: dict[str, tuple[StaleSecret, ...]] = {}
        for name, references in using.items():
            times = {variable: changed[each] for variable, each in references.items() if each in changed}
            found = await self._stale(cluster, name, times)
            if found:
                stale[name] = found
        self._clusters.publish(cluster, stale)
        settings = all_settings(document) if stale else {}
        for name, found in stale.items():
            if settings[name].restart_on_secret_change:
                await self._restart(cluster, name, found)

    async def _stale(self, cluster: str, service: str, changed: Mapping[str, datetime]) -> tuple[StaleSecret, ...]:
        known = self._oldest.get((cluster, service))
        if not changed or (known is not None and not stale_secrets(changed, known)):
            return ()
        created = [
            task.created_at
            for task in await (await self._tasks.of(cluster)).running(cluster, service)
            if task.created_at
        ]
        if not created:
            return ()
        self._oldest[cluster, service] = min(created)
        return stale_secrets(changed, min(created))


def _uses(start: Start) -> dict[str, Reference]:
    """What a service reads at start, by variable; a fixed version never changes."""
    found = {}
    for use in uses(start):
        named = reference(use.value_from, start.region)
        if use.reason == SECRET and not (isinstance(named, SecretReference) and named.version):
            found[use.path.rpartition('.')[2]] = named
    return found


async def _changed(versions: Versions, using: Mapping[str, Mapping[str, Reference]]) -> dict[Reference, datetime]:
    """When each reference changed; each secret is asked for once, parameters together."""
    every = dict.fromkeys(each for references in using.values() for each in references.values())
    changed: dict[Reference, datetime] = {}
    known: dict[str, datetime | None] = {}
    for each in every:
        if isinstance(each, SecretReference):
            if each.arn not in known:
                known[each.arn] = await versions.secret_changed(each.arn)
            if at := known[each.arn]:
                changed[each] = at
    parameters = [each for each in every if isinstance(each, ParameterReference)]
    for region in dict.fromkeys(each.region for each in parameters):
        there = [each for each in parameters if each.region == region]
        names = frozenset(name for each in there for name in each.names)
        times = await versions.parameters_changed(names, region)
        changed |= {each: times[name] for each in there for name in each.names if name in times}
    return changed
