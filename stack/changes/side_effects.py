"""Side effects of a change that is about to be stored, from what runs of the services that it touches.

Those services are looked up in ECS in one call, and each of them again after five seconds; for the others, and where
ECS does not answer in time, the state that this server follows is used. A change does not depend on either.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, Protocol

from stack.aws.ports import PerCluster
from stack.configuration.accounts import RegionOf
from stack.errors import AwsFailed
from stack.reconcile.definition_cache import DefinitionCache
from stack.reconcile.observed import TaskDefinition
from stack.reconcile.plan import Row
from stack.reconcile.side_effects import SideEffect, is_empty, side_effects
from stack.reconcile.wanted import Wanted, wanted_services
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.drift import service_drift
from stack.rollouts.ecs_state import Service
from stack.runtime.lru import LruCache
from stack.runtime.shared_reads import SharedReads
from stack.stackfile.effective import Pairs, differing_services, services_of_both

log = logging.getLogger(__name__)

Document = Mapping[str, Any]

# How long a change waits for ECS, and how long an answer is used, in seconds.
LOOKED_WITHIN_S = 5.0
FRESH_S = 5.0
# DescribeServices accepts ten services: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
MOST_LOOKED_AT = 10
KNOWN = 2_000
# How long a field that a change dropped may go on running, in seconds: as long as a rollout takes.
PENDING_S = 900.0


class Look(Protocol):
    """ECS as it is now: see `stack.aws.ecs_look.EcsLook`."""

    async def services(self, cluster: str, names: Sequence[str]) -> Mapping[str, Service | None]: ...
    async def definition(self, arn: str) -> TaskDefinition | None: ...


class Effects(Protocol):
    """Knows the side effects of changes: `ChangeEffects`, or `NO_EFFECTS` where ECS is not asked."""

    async def of(self, cluster: str, before: Document, after: Document) -> tuple[SideEffect, ...]: ...


class NoEffects:
    async def of(self, cluster: str, before: Document, after: Document) -> tuple[SideEffect, ...]:
        """No effect is known."""
        return ()


NO_EFFECTS = NoEffects()


class ChangeEffects:
    """`loaded` gives the state of a cluster that this server follows."""

    def __init__(
        self,
        looks: PerCluster[Look],
        loaded: Callable[[str], ClusterState | None],
        region: RegionOf = lambda cluster, document: None,
        definitions: DefinitionCache | None = None,
    ):
        self._looks = looks
        self._loaded = loaded
        self._region = region
        self._definitions = definitions or DefinitionCache()
        self._seen: LruCache[tuple[str, str], tuple[float, Service | None]] = LruCache(KNOWN)
        self._dropped: LruCache[tuple[str, str], tuple[float, frozenset[str]]] = LruCache(KNOWN)
        self._reads = SharedReads(self._read)

    async def of(self, cluster: str, before: Document, after: Document) -> tuple[SideEffect, ...]:
        """What the pass after a change from one document to another does beyond the change."""
        state = self._loaded(cluster)
        touched = dict(islice(_touched(before, after).items(), MOST_LOOKED_AT))
        stored, changed = await self._rows(cluster, touched, before, after)
        others = [*_followed(state, touched), *_tasks(before, after, state)] if state else []
        effects = side_effects([*stored, *others], [*changed, *others], touched)
        kept = [effect for effect in effects if not self._was_dropped(cluster, effect)]
        self._remember_dropped(cluster, stored, changed)
        return tuple(effect for effect in kept if state is None or not _is_pending(effect, state))

    def _was_dropped(self, cluster: str, effect: SideEffect) -> bool:
        """Whether an earlier change made here dropped the field: a pass may not have removed it yet."""
        at, paths = self._dropped.get((cluster, effect.service)) or (float('-inf'), frozenset())
        return effect.path in paths and time.monotonic() - at < PENDING_S

    def _remember_dropped(self, cluster: str, stored: Sequence[Row], changed: Sequence[Row]) -> None:
        before = {row.service: _removed(row) for row in stored}
        for row in changed:
            if dropped := _removed(row) - before.get(row.service, frozenset()):
                self._dropped.put((cluster, row.service), (time.monotonic(), dropped))

    async def _rows(
        self, cluster: str, touched: Pairs, before: Document, after: Document
    ) -> tuple[list[Row], list[Row]]:
        """What a pass would do to those of some services that are known, for either document."""
        seen, running = await self._looked_up(cluster, list(touched))
        rows = []
        for side, document in enumerate((before, after)):
            only = {**document, 'services': [{name: touched[name][side]} for name in touched if name in seen]}
            wanted = wanted_services(cluster, only, self._region(cluster, document))
            found = (self._row(cluster, wanted[name], seen[name], running.get(name)) for name in seen)
            rows.append([row for row in found if row is not None])
        return rows[0], rows[1]

    async def _looked_up(
        self, cluster: str, names: Sequence[str]
    ) -> tuple[dict[str, Service | None], dict[str, TaskDefinition | None]]:
        """Some services as ECS has them, or as far as this server follows them; and the task definitions they run."""
        try:
            async with asyncio.timeout(LOOKED_WITHIN_S):
                seen = await self._services(cluster, names)
                running = await self._running(cluster, [service for service in seen.values() if service])
        except (AwsFailed, TimeoutError) as failed:
            log.info('cluster %s: what a change affects is known from the last look at most: %s', cluster, failed)
            return _followed_services(self._loaded(cluster), names)
        return seen, running

    def _row(self, cluster: str, wanted: Wanted, seen: Service | None, running: TaskDefinition | None) -> Row | None:
        state = self._loaded(cluster)
        if state is not None and wanted.service in state.autoscaled:
            wanted = replace(wanted, autoscaled=True)
        return service_drift(wanted, seen, running)

    async def _services(self, cluster: str, names: Sequence[str]) -> dict[str, Service | None]:
        """The services by name: those that were seen just now, and the others from one call."""
        since = time.monotonic() - FRESH_S
        known = {name: self._seen.get((cluster, name)) for name in names}
        fresh = {name: seen[1] for name, seen in known.items() if seen and seen[0] >= since}
        stale = [name for name in names if name not in fresh]
        return fresh | await self._reads.get((cluster, *stale)) if stale else fresh

    async def _read(self, key: tuple[str, ...]) -> dict[str, Service | None]:
        cluster, *names = key
        begun = time.monotonic()
        found = await (await self._looks.of(cluster)).services(cluster, names)
        for name in names:
            self._seen.put((cluster, name), (begun, found.get(name)))
        return {name: found.get(name) for name in names}

    async def _running(self, cluster: str, services: Sequence[Service]) -> dict[str, TaskDefinition | None]:
        """The task definitions that services run, by the name of the service."""
        definitions = await asyncio.gather(*(self._definition(cluster, service) for service in services))
        return {service.name: definition for service, definition in zip(services, definitions, strict=True)}

    async def _definition(self, cluster: str, service: Service) -> TaskDefinition | None:
        arn, state = service.task_definition, self._loaded(cluster)
        known = state.ecs.definitions.get(arn) if state is not None else None
        if known is not None or not service.active:
            return known
        return await self._definitions.looked_at(arn, partial(self._read_definition, cluster))

    async def _read_definition(self, cluster: str, arn: str) -> TaskDefinition | None:
        return await (await self._looks.of(cluster)).definition(arn)


def _removed(row: Row) -> frozenset[str]:
    return frozenset(change.path for change in row.changes if is_empty(change.after))


def _is_pending(effect: SideEffect, state: ClusterState) -> bool:
    """Whether an effect belongs to a rollout that is under way: all but the loss of what was never declared."""
    rollout = state.rollouts.get(effect.service)
    if rollout is None or not rollout.open or rollout.goal.held:
        return False
    return effect.effect != 'lost' or effect.path in state.dropped(effect.service)


def _touched(before: Document, after: Document) -> Pairs:
    """The raw settings, before and after, of the services that a change touches and that are in both documents.

    Those are all of them where the change touches the settings of the cluster, or nothing.
    """
    if before == after or _above(before) != _above(after):
        return services_of_both(before, after)
    return differing_services(before, after)


def _above(document: Document) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != 'services'}


def _followed_services(
    state: ClusterState | None, names: Sequence[str]
) -> tuple[dict[str, Service | None], dict[str, TaskDefinition | None]]:
    """Those of some services that were seen at a look, and the task definitions that they run."""
    if state is None:
        return {}, {}
    seen = {name: state.ecs.services[name] for name in names if state.ecs.services.get(name) and state.knows(name)}
    definitions = state.ecs.definitions
    return dict(seen), {name: definitions.get(service.task_definition) for name, service in seen.items()}


def _followed(state: ClusterState, looked_at: Collection[str]) -> list[Row]:
    """The drift of the services that were not looked at now."""
    return [row for row in state.drifted() if row.service not in looked_at]


def _tasks(before: Document, after: Document, state: ClusterState) -> list[Row]:
    """The one-off tasks that both documents have unchanged: each announced revision runs them again."""
    run = [name for name, wanted in state.wanted.items() if wanted.runs_once]
    if not run:
        return []
    both = services_of_both(before, after)
    return [Row(name, 'run') for name in run if name in both and both[name][0] == both[name][1]]
