"""The live channel of one replica, put together: the owners of the clusters, what feeds them, and who reads them."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from stack.configuration.accounts import RegionOf
from stack.errors import AwsFailed, NotFound
from stack.live.cluster import Cluster, Surroundings
from stack.live.clusters import Clusters
from stack.live.feed import Feed
from stack.live.forms import Framing, plain
from stack.live.freezes import Freezes
from stack.live.hub import Hub
from stack.live.interest import Askers, Interest
from stack.live.loader import Loader
from stack.live.reader import Frozen, ReadCalendar, Reader, no_calendar
from stack.live.reannouncements import Reannouncements
from stack.live.summaries import Summaries
from stack.live.summary_store import SummaryStore
from stack.reconcile.observed import TaskDefinition
from stack.rollouts.cluster_state import ClusterState, document_of
from stack.rollouts.observation import Observation
from stack.rollouts.rollout import STALLED_AFTER_S, Rollout
from stack.rollouts.rollout_records import RolloutRecords
from stack.rollouts.stale_secrets import StaleServices
from stack.runtime.observers import Observers
from stack.state.revision_store import RevisionStore
from stack.state.revisions import Revision

log = logging.getLogger(__name__)

# For how long an answer waits for the first look at a cluster.
FIRST_LOOK_S = 3.0

# Rollouts of a revision that was stored longer ago have ended when a server starts.
RECENT = timedelta(minutes=30)


class Live:
    """What REST reads, what the watcher reports, and the loop that looks for changes by other replicas.

    `endings` is notified of each rollout that ended, `pauses` of the strategy and the length of each pause in seconds.
    `wishes` is notified when a subscriber or a caller begins to want something.
    The watcher is the one that observes `wishes`: without an observer, ECS is not looked at in this process.
    """

    def __init__(
        self,
        store: RevisionStore,
        records: RolloutRecords,
        summaries: SummaryStore,
        *,
        region: RegionOf = lambda cluster, document: None,
        framing: Framing = plain,
        stalled_after: float = STALLED_AFTER_S,
        feed_s: float = 2.0,
        frozen: Frozen | None = None,
        calendar: ReadCalendar = no_calendar,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        around = Surroundings(
            now=now,
            watched=lambda: self.watched,
        )
        self._stale_secrets = around.stale_secrets
        self._schedules = around.schedules
        self.endings: Observers[[ClusterState, Rollout]] = around.endings
        self.pauses: Observers[[str, float]] = around.pauses
        self.wishes: Observers[[]] = Observers()
        self.clusters = Clusters(lambda name: Cluster(name, around))
        self.askers = Askers(clock)
        self.interest = Interest(self.clusters, self.askers)
        make_state = partial(_state_of, region, stalled_after)
        reader = Reader(store, records, make_state, now, frozen=frozen, calendar=calendar)
        self.feed = Feed(store, self.clusters, reader, self.interest.is_wanted, feed_s, clock)
        self.summaries = Summaries(summaries, records, self.clusters, reader, store.names, now)
        self.loader = Loader(self.clusters, self.feed, reader, self.summaries, now)
        self.hub = Hub(self.loader, self.clusters, framing)
        self.freezes = Freezes(self.clusters, reader, now)
        self._reannouncements = Reannouncements(records, clock)
        self._records = records
        self._feed_s = feed_s
        self._now = now
        records.of(self.clusters.get)
        around.moves.subscribe(self.hub.delivery.moved)
        around.moves.subscribe(lambda cluster: self.askers.moved(cluster.name))
        around.records.subscribe(records.keep)
        around.loads.subscribe(self.summaries.loaded)
        self.hub.wishes.subscribe(self.wishes.notify)
        store.expect = self.feed.expect
        store.writes.subscribe(self.feed.stored)
        store.removals.subscribe(self.feed.removed)

    # The loop

    async def run(self) -> None:
        """Look for changes by other replicas while there is a subscriber, a caller or an open rollout."""
        try:
            await self.begin()
        except AwsFailed as error:
            log.warning('what may still roll out is not known yet: %s', error)
        while True:
            if len(self.hub) or self.interest.is_any():
                try:
                    await self.feed.poll()
                except AwsFailed as error:
                    log.warning('the bucket could not be listed for changes: %s', error)
            await self.freezes.check()
            await self.hear()
            await asyncio.sleep(self.freezes.seconds_left(self._feed_s))

    async def begin(self, within: timedelta = RECENT) -> None:
        """Follow the clusters whose desired state changed lately: they may still roll out. Raises `AwsFailed`."""
        await self.feed.poll()
        recent = self.feed.changed_since(self._now() - within)
        for cluster in recent:
            cluster.followed = cluster.state is None
        await asyncio.gather(*(self.loader.load(cluster.name) for cluster in recent))

    async def announced(self, revision: Revision, at: datetime) -> None:
        """Record that schedulers were notified of a revision again: rollouts that waited or failed begin again."""
        with self.clusters.awaiting(revision.cluster) as cluster:
            try:
                await self.loader.reach_revision(revision)
            except AwsFailed as error:
                log.warning('cluster %s: its announcement is not known here: %s', revision.cluster, error)
                return
            await self._reannouncements.made(cluster, at)

    async def hear(self) -> None:
        """Read what other replicas recorded of the clusters of interest, and of those with an end to be confirmed."""
        await self._reannouncements.hear_of_all(filter(self.interest.may_have_news, self.clusters))

    # What the watcher reports

    @property
    def watched(self) -> bool:
        """Whether ECS is looked at in this process."""
        return len(self.wishes) > 0

    def of_interest(self) -> list[str]:
        """The clusters that are worth a look."""
        return self.interest.worth_a_look()

    @property
    def is_loading(self) -> bool:
        """Whether a subscriber waits for clusters to be loaded."""
        return self.hub.synchronization.is_loading

    def is_asked_for(self, name: str) -> bool:
        """Whether a caller asked for a cluster lately."""
        return name in self.askers

    def is_subscribed(self, name: str) -> bool:
        """Whether a subscriber wants to know of a cluster."""
        return self.hub.listens(name)

    async def see(self, name: str, observation: Observation) -> None:
        """Record what ECS shows of a cluster. Raises `AwsFailed` if S3 does not answer whether that was wanted."""
        cluster = self.clusters.get(name)
        if cluster is None or cluster.state is None:
            return
        state = cluster.state
        if state.surprised_by(observation):
            await self.feed.catch_up(name)
        if cluster.state is state:
            cluster.looked(observation)

    async def define(self, name: str, found: Mapping[str, TaskDefinition | None]) -> None:
        """Record task definitions that looks left out, None for one that ECS does not have. Raises as `see` does."""
        state = self.loaded(name)
        for observation in state.unread.looks_with(found) if state is not None else ():
            await self.see(name, observation)

    def unseen(self, name: str, failed: AwsFailed) -> None:
        """Record that ECS could not be read: what is shown of it gets old."""
        cluster = self.clusters.get(name)
        if cluster is not None:
            cluster.unseen(failed)

    def rotated(self, name: str, stale: StaleServices) -> None:
        """Record which secrets of a cluster's services changed after their tasks had started."""
        _keep(self._stale_secrets, name, stale)
        cluster = self.clusters.get(name)
        if cluster is not None:
            cluster.rotated(stale)

    def judged(self, name: str, schedules: Mapping[str, Mapping[str, Any]]) -> None:
        """Record how the schedules of a cluster go."""
        _keep(self._schedules, name, schedules)
        cluster = self.clusters.get(name)
        if cluster is not None:
            cluster.judged(schedules)

    # What REST reads

    @property
    def states(self) -> Mapping[str, ClusterState]:
        """The states of the clusters that are loaded, by name."""
        return {cluster.name: cluster.state for cluster in self.clusters if cluster.state is not None}

    def loaded(self, name: str) -> ClusterState | None:
        """The state of a cluster; None if it is not loaded."""
        cluster = self.clusters.get(name)
        return cluster.state if cluster is not None else None

    async def state(self, name: str) -> ClusterState | None:
        """The cluster's state, which is looked at from now on for a while; None if there is no such cluster."""
        first = self.askers.ask(name)
        await self.loader.load(name)
        if first:
            self.wishes.notify()
        return self.loaded(name)

    async def at(self, revision: Revision) -> ClusterState:
        """The state of the revision's cluster, at that revision or a newer one. Raises `NotFound`, `AwsFailed`.

        The first look at a cluster is waited for, at most `FIRST_LOOK_S`, and so are the task definitions by the first
        caller for a while.
        """
        name = revision.cluster
        first = self.askers.ask(name)
        await self.loader.reach_revision(revision)
        if first:
            self.wishes.notify()
        cluster = self.clusters.get(name)
        if cluster is not None:
            await self._reannouncements.hear_of(cluster)
        state = self.loaded(name)
        if state is None:
            raise NotFound(f'There is no cluster {name!r} here.')

        def is_seen() -> bool:
            return state.failing is not None or (state.observed_at is not None and not (first and state.unread))

        if self.watched and not is_seen():
            await self.askers.until(name, is_seen, FIRST_LOOK_S)
        return state

    async def close(self) -> None:
        """Record what is due, and end everything that was begun."""
        await self._records.close()
        await self._reannouncements.close()
        await self.hub.close()
        await self.summaries.close()
        await self.feed.close()


def _keep(known: dict[str, Any], cluster: str, facts: Mapping[str, Any]) -> None:
    """Keep what is known of a cluster's services, until there is nothing."""
    if facts:
        known[cluster] = facts
    else:
        known.pop(cluster, None)


def _state_of(region: RegionOf, stalled_after: float, revision: Revision, now: datetime) -> ClusterState:
    where = region(revision.cluster, document_of(revision))
    return ClusterState(revision, now, region=where, stalled_after=stalled_after)
