"""One observer of ECS, however many subscribers: it looks at what somebody cares for, as often as is worth it.

What is looked at is decided in `look_schedule`, what it means in `cluster_state`; here is when, and what else is
asked for besides the services themselves.
"""

import asyncio
import logging
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from stack.cluster_state import MOST_STOPPED, ClusterState
from stack.errors import AwsFailed
from stack.live import Live
from stack.look_schedule import Batch, Intervals, LookSchedule
from stack.observation import Observation
from stack.observed import Service, Task
from stack.pacing import pause
from stack.recent import Recent
from stack.reconcile.observed import TaskDefinition
from stack.reconcile.tasks import run_mark

log = logging.getLogger(__name__)

# Looks under way at once: their calls wait for their turn anyway.
AT_ONCE = 4
# Between two looks at what is steady: with ten services each, a fifth of AWS's limit, so that what moves has the rest.
STEADY_SPACING_S = 0.25
# Between two looks at which clusters are of interest.
SYNC_S = 1.0
# What is asked of a service besides its description, at most so often, in seconds.
STOPPED_EVERY_S = 10.0
TARGETS_EVERY_S = 10.0
AUTOSCALED_EVERY_S = 60.0

DEFINITIONS_KEPT = 5000

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
STARTED = re.compile(r'has started \d+ tasks')

POLLED = Intervals()


class Look(Protocol):
    """What is asked of ECS: see `stack.aws.ecs_look.EcsLook`."""

    async def services(self, cluster: str, names: Sequence[str]) -> dict[str, Service | None]: ...
    async def names(self, cluster: str) -> list[str]: ...
    async def definition(self, arn: str) -> TaskDefinition | None: ...
    async def stopped(self, cluster: str, service: str) -> tuple[Task, ...]: ...
    async def targets(self, groups: Sequence[str]) -> Mapping[str, int]: ...
    async def autoscaled(self, cluster: str, services: Sequence[str]) -> frozenset[str]: ...
    async def runs(self, cluster: str, family: str, started_by: str) -> tuple[Task, ...]: ...


class Watcher:
    def __init__(
        self,
        live: Live,
        look: Look,
        intervals: Intervals = POLLED,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ):
        self._live = live
        self._look = look
        self._schedule = LookSchedule(intervals)
        self._clock = clock
        self._now = now
        self._chance = chance
        self._definitions: Recent[str, TaskDefinition] = Recent(DEFINITIONS_KEPT)
        self._listed: dict[str, list[str]] = {}
        self._asked: dict[tuple[str, ...], float] = {}
        self._told: dict[tuple[str, str], dict[str, Task]] = {}
        self._failures: Counter[str] = Counter()
        self._wake = asyncio.Event()
        self._synced_at = float('-inf')
        self._steady_at = float('-inf')
        self._under_way: set[asyncio.Task] = set()

    async def run(self) -> None:
        """Look, until cancelled."""
        self._live.wake = self.wake
        try:
            while True:
                await asyncio.sleep(0)
                self._wake.clear()
                if not self.start_one():
                    await self._rest()
        finally:
            self._live.wake = None
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    def hint(self, cluster: str, service: str, task: Task | None = None) -> None:
        """ECS says by another way that something happened to a service, or that a task of it stopped."""
        if task is not None and task.status == 'STOPPED':
            told = self._told.setdefault((cluster, service), {})
            told[task.arn] = task
            while len(told) > MOST_STOPPED:
                del told[next(iter(told))]
        self._schedule.hint(cluster, service, self._clock())
        self._wake.set()

    def wake(self) -> None:
        """Somebody has just begun to care for something: do not wait for the next turn."""
        self._synced_at = float('-inf')
        self._wake.set()

    def start_one(self) -> bool:
        """Start whatever is due, if anything is and few enough looks are under way."""
        now = self._clock()
        if now - self._synced_at >= SYNC_S:
            self._sync(now)
        if len(self._under_way) >= AT_ONCE:
            return False
        batch = self._schedule.next(now, urgent_only=now < self._steady_at)
        if batch is not None:
            if not batch.urgent:
                self._steady_at = now + STEADY_SPACING_S
            self._start(self._look_at(batch))
            return True
        cluster = self._schedule.listing(now)
        if cluster is not None:
            self._start(self._list(cluster))
        return cluster is not None

    async def settle(self) -> None:
        """Wait for the looks that are under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _rest(self) -> None:
        seconds = min(self._schedule.wait(self._clock()), SYNC_S)
        waiting = asyncio.get_running_loop().create_task(self._wake.wait())
        full = len(self._under_way) >= AT_ONCE
        try:
            await asyncio.wait(
                {waiting, *self._under_way},
                timeout=None if full else max(seconds, STEADY_SPACING_S / 5),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            waiting.cancel()

    def _sync(self, now: float) -> None:
        self._synced_at = now
        clusters = self._live.of_interest()
        self._schedule.keep_only(set(clusters))
        for cluster in clusters:
            if cluster not in self._schedule or self._live.states[cluster].moving():
                self._follow(cluster)
        self._asked = {what: at for what, at in self._asked.items() if now - at < AUTOSCALED_EVERY_S}

    def _follow(self, cluster: str) -> None:
        state = self._live.states.get(cluster)
        if state is None:
            return
        wanted = [name for name, each in state.wanted.items() if not each.runs_once]
        moving = state.moving_services()
        names = dict.fromkeys([*wanted, *sorted(state.book.unsettled()), *state.seen, *self._listed.get(cluster, ())])
        self._schedule.follow(cluster, names, moving, self._clock())

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error('a look at ECS failed', exc_info=task.exception())

    async def _list(self, cluster: str) -> None:
        try:
            self._listed[cluster] = await self._look.names(cluster)
        except AwsFailed as failed:
            self._failed(cluster, failed)
        else:
            self._follow(cluster)

    async def _look_at(self, batch: Batch) -> None:
        state = self._live.states.get(batch.cluster)
        if state is None:
            return
        try:
            observation = await self._observe(state, batch.services)
            await self._live.see(batch.cluster, observation)
        except AwsFailed as failed:
            self._failed(batch.cluster, failed)
            wait = pause(self._failures[batch.cluster], self._chance)
            self._schedule.put_off(batch, self._clock() + wait)
        else:
            self._failures.pop(batch.cluster, None)
            self._follow(batch.cluster)

    def _failed(self, cluster: str, failed: AwsFailed) -> None:
        self._failures[cluster] += 1
        log.warning('cluster %s: ECS could not be looked at: %s', cluster, failed)
        if self._failures[cluster] > 1:
            self._live.unseen(cluster, failed)

    async def _observe(self, state: ClusterState, names: Sequence[str]) -> Observation:
        """One look, and whatever else it takes to understand it. Raises `AwsFailed`."""
        try:
            services = await self._look.services(state.name, names)
        except AwsFailed as failed:
            if failed.aws_code != 'ClusterNotFoundException':
                raise
            services = dict.fromkeys(names)
        at = self._now()
        there = {name: each for name, each in services.items() if each is not None and each.status != 'INACTIVE'}
        runs = await self._runs(state, names)
        arns = {each.task_definition for seen in there.values() for each in seen.deployments}
        arns |= {task.task_definition for tasks in runs.values() for task in tasks}
        return Observation(
            at,
            services,
            definitions=await self._definitions_of(state, arns),
            stopped=await self._stopped(state, there),
            targets=await self._targets(state, there),
            autoscaled=await self._autoscaled(state, there),
            runs=runs,
        )

    async def _runs(self, state: ClusterState, names: Sequence[str]) -> dict[str, tuple[Task, ...]]:
        """The tasks that were started for the revision, of services that run once, until they have ended."""
        found = {}
        for name in names:
            going = state.rollouts.get(name)
            if going is not None and going.unsettled and going.goal.kind == 'run':
                mark = run_mark(going.goal.revision)
                found[name] = await self._look.runs(state.name, state.wanted[name].family, mark)
        return found

    async def _definitions_of(self, state: ClusterState, arns: Collection[str]) -> dict[str, TaskDefinition]:
        found = {}
        for arn in set(arns) - state.definitions.keys():
            definition = self._definitions.get(arn) or await self._look.definition(arn)
            if definition is not None:
                self._definitions.put(arn, definition)
                found[arn] = definition
        return found

    async def _stopped(self, state: ClusterState, services: Mapping[str, Service]) -> dict[str, tuple[Task, ...]]:
        """The stopped tasks of services in which something goes wrong."""
        found = {}
        for name, seen in services.items():
            told = self._told.pop((state.name, name), None)
            if told:
                known = {each.arn: each for each in state.stopped.get(name, ())} | told
                found[name] = tuple(sorted(known.values(), key=_stopped_at, reverse=True))
            elif _loses_tasks(state, seen) and self._may_ask('stopped', state.name, name, every=STOPPED_EVERY_S):
                found[name] = (await self._look.stopped(state.name, name))[:MOST_STOPPED]
        return found

    async def _targets(self, state: ClusterState, services: Mapping[str, Service]) -> dict[str, Mapping[str, int]]:
        found = {}
        moving = state.moving_services()
        for name, seen in services.items():
            every = TARGETS_EVERY_S if name in moving else AUTOSCALED_EVERY_S
            if seen.target_groups and self._may_ask('targets', state.name, name, every=every):
                found[name] = await self._look.targets(seen.target_groups)
        return found

    async def _autoscaled(self, state: ClusterState, services: Mapping[str, Service]) -> frozenset[str] | None:
        """Asked for only where a count is not the wanted one, which an autoscaler may have decided."""
        others = [name for name, seen in services.items() if _has_another_count(state, name, seen)]
        if not others or not self._may_ask('autoscaled', state.name, every=AUTOSCALED_EVERY_S):
            return None
        wanted = [name for name, each in state.wanted.items() if not each.runs_once]
        return await self._look.autoscaled(state.name, wanted)

    def _may_ask(self, *what: str, every: float) -> bool:
        now = self._clock()
        if now - self._asked.get(what, float('-inf')) < every:
            return False
        self._asked[what] = now
        return True


def _loses_tasks(state: ClusterState, seen: Service) -> bool:
    """Whether tasks stop that should not: they fail, or are missing, or are started anew without a rollout."""
    before, going = state.seen.get(seen.name), state.rollouts.get(seen.name)
    if seen.failed and (before is None or seen.failed != before.failed or seen.running < seen.desired):
        return True
    if before is None:
        return False
    old, new = before.primary, seen.primary
    if old and new and old.id == new.id and new.running < min(old.running, new.desired):
        return True
    known = {each.id for each in before.events}
    at_rest = going is None or not going.open
    return at_rest and any(STARTED.search(each.message) for each in seen.events if each.id not in known)


def _has_another_count(state: ClusterState, name: str, seen: Service) -> bool:
    return name in state.wanted and state.count(name) not in (None, seen.desired)


def _stopped_at(task: Task) -> float:
    return task.stopped_at.timestamp() if task.stopped_at else 0.0
