"""The loop that observes ECS, once for all subscribers: what is of interest, as often as it is worth it.

What is looked at is decided in `look_schedule`, what is asked in `observer`, what it means in `cluster_state`; here is
when, and what becomes of failures.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from stack.aws.ports import PerCluster
from stack.configuration.accounts import Place, PlaceOf, in_one_place
from stack.errors import AwsFailed
from stack.live import Live
from stack.reconcile.definition_cache import DefinitionCache
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Task
from stack.runtime.pacing import pause
from stack.watch.definition_reads import DefinitionReads
from stack.watch.look_schedule import Batch, Intervals, Listing, LookSchedule
from stack.watch.observer import Look, Observer, Outcomes

log = logging.getLogger(__name__)

# Looks under way at once in one account and region: their calls wait for their turn anyway.
AT_ONCE = 4
# Between two looks at which clusters are of interest.
SYNC_S = 1.0
# The pause between two looks while a subscriber waits for a cluster to be loaded: the looks at those that it has got
# would take most of the processor time, and more with each.
LOADING_PAUSE_S = 0.1
# The shortest pause of the loop while nothing may be started.
SHORTEST_REST_S = 0.05
POLLED = Intervals()


class Watcher:
    def __init__(
        self,
        live: Live,
        looks: PerCluster[Look],
        intervals: Intervals = POLLED,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
        outcomes: Outcomes | None = None,
        place_of: PlaceOf = in_one_place,
        definitions: DefinitionCache | None = None,
    ):
        self._live = live
        self._looks = looks
        self._intervals = intervals
        self._schedule = LookSchedule(intervals)
        self._clock = clock
        self._chance = chance
        definitions = definitions or DefinitionCache()
        self._observer = Observer(looks, clock, now, outcomes, definitions)
        self._reads = DefinitionReads(looks, definitions, self._place_of, self._rank, live.define, chance=chance)
        self._listed: dict[str, list[str]] = {}
        self._failures: Counter[str] = Counter()
        self._wake = asyncio.Event()
        self._synced_at = float('-inf')
        self._read_place = place_of
        # Of the clusters that are followed: each turn of the loop compares all of them.
        self._places: dict[str, Place] = {}
        self._steady_at: dict[Place, float] = {}
        self._under_way: dict[asyncio.Task[None], Place] = {}
        self._busy: Counter[Place] = Counter()

    async def run(self) -> None:
        """Look, until cancelled."""
        self._live.wishes.subscribe(self.wake)
        try:
            while True:
                await asyncio.sleep(0)
                self._wake.clear()
                if not self.start_one():
                    await self._rest()
                elif self._live.is_loading:
                    await asyncio.sleep(LOADING_PAUSE_S)
        finally:
            self._live.wishes.unsubscribe(self.wake)
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
            await self._reads.close()

    def hint(self, cluster: str, service: str, task: Task | None = None) -> None:
        """Look at a service soon: an event of ECS reports a change of it, or a task of it that stopped."""
        if task is not None and task.status == 'STOPPED' and cluster in self._schedule:
            self._observer.report_stopped(cluster, service, task)
        self._schedule.hint(cluster, service, self._clock())
        self._wake.set()

    def wake(self) -> None:
        """Look without waiting for the next turn: a subscriber or a caller wants something new."""
        self._synced_at = float('-inf')
        self._wake.set()

    def start_one(self) -> bool:
        """Start whatever is due, if anything is and few enough looks are under way."""
        now = self._clock()
        if now - self._synced_at >= SYNC_S:
            self._sync(now)
        batch = self._schedule.next(now, partial(self._may_look, now), self._live.is_asked_for)
        if batch is not None:
            self._start(self._take_turn(batch, now), self._look_at(batch))
            return True
        listing = self._schedule.listing(now, partial(self._may_look, now))
        if listing is not None:
            self._start(self._take_turn(listing, now), self._list(listing.cluster))
        return listing is not None

    def _take_turn(self, due: Batch | Listing, now: float) -> Place:
        """The place of what is started; the next call there about something steady comes a while later."""
        place = self._place_of(due.cluster)
        if not due.urgent:
            self._steady_at[place] = now + self._intervals.spacing
        return place

    def _may_look(self, now: float, cluster: str, urgent: bool) -> bool:
        """Whether another look is possible in the account and region of a cluster now."""
        is_due = urgent or now >= self._steady_at.get(self._place_of(cluster), float('-inf'))
        return is_due and self._has_room(cluster, urgent)

    def _place_of(self, cluster: str) -> Place:
        return self._places.get(cluster) or self._read_place(cluster)

    def _rank(self, cluster: str) -> tuple[bool, bool]:
        """The order in which the task definitions of clusters are read."""
        return not self._live.is_asked_for(cluster), not self._live.is_subscribed(cluster)

    def _has_room(self, cluster: str, urgent: bool) -> bool:
        return self._busy[self._place_of(cluster)] < AT_ONCE

    async def settle(self) -> None:
        """Wait for the looks that are under way, and for the task definitions that they left out."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        await self._reads.settled()

    async def _rest(self) -> None:
        seconds = min(self._schedule.wait(self._clock()), SYNC_S)
        waiting = asyncio.get_running_loop().create_task(self._wake.wait())
        try:
            await asyncio.wait(
                {waiting, *self._under_way},
                timeout=max(seconds, SHORTEST_REST_S),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            waiting.cancel()

    def _sync(self, now: float) -> None:
        self._synced_at = now
        clusters = self._live.of_interest()
        self._schedule.keep_only(followed := set(clusters))
        self._reads.keep_only(followed)
        self._places = {cluster: self._read_place(cluster) for cluster in clusters}
        for cluster in clusters:
            state = self._live.loaded(cluster)
            if state is not None and (cluster not in self._schedule or state.moving()):
                self._follow(cluster)
        self._observer.forget()

    def _follow(self, cluster: str) -> None:
        state = self._live.loaded(cluster)
        if state is None:
            return
        wanted = [name for name, each in state.wanted.items() if not each.is_task]
        moving = {name for name in state.moving_services() if not self._only_waits(state, name)}
        names = dict.fromkeys(
            [*wanted, *sorted(state.book.unsettled()), *state.ecs.services, *self._listed.get(cluster, ())]
        )
        self._schedule.follow(cluster, names, moving, self._clock())

    def _only_waits(self, state: ClusterState, name: str) -> bool:
        """Whether nothing is missing of a service but task definitions that are about to be read."""
        return state.waits_for_definitions(name) and self._reads.awaits(state.name, state.unread.of(name))

    def _start(self, place: Place, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._under_way[task] = place
        self._busy[place] += 1
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._busy[self._under_way.pop(task)] -= 1
        if not task.cancelled() and task.exception() is not None:
            log.error('a look at ECS failed', exc_info=task.exception())

    async def _list(self, cluster: str) -> None:
        try:
            self._listed[cluster] = await (await self._looks.of(cluster)).names(cluster)
        except AwsFailed as failed:
            self._failed(cluster, failed)
        else:
            self._follow(cluster)

    async def _look_at(self, batch: Batch) -> None:
        state = self._live.loaded(batch.cluster)
        if state is None:
            return
        try:
            observation = await self._observer.observe(state, batch.services)
            if self._live.loaded(batch.cluster) is state:
                hindered = self._reads.failure(batch.cluster)
                await self._live.see(batch.cluster, replace(observation, hindered=hindered))
                self._read_later(state, batch.services)
        except AwsFailed as failed:
            self._failed(batch.cluster, failed)
            wait = pause(self._failures[batch.cluster], self._chance)
            self._schedule.put_off(batch, self._clock() + wait)
        else:
            self._failures.pop(batch.cluster, None)
            self._follow(batch.cluster)

    def _read_later(self, state: ClusterState, services: Iterable[str]) -> None:
        """Have the task definitions read that a look left out."""
        for name in services:
            seen = state.ecs.services.get(name)
            if seen is not None:
                urgent = state.is_open(name) or not seen.rests
                self._reads.want(state.name, state.unread.of(name), urgent=urgent)

    def _failed(self, cluster: str, failed: AwsFailed) -> None:
        self._failures[cluster] += 1
        log.warning('cluster %s: ECS could not be looked at: %s', cluster, failed)
        if self._failures[cluster] > 1:
            self._live.unseen(cluster, failed)
