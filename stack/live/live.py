"""The live channel of one replica, put together: the owners of the clusters, what feeds them, and who reads them."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from stack.errors import AwsFailed, NotFound
from stack.live import cluster_events
from stack.live.cluster import Cluster, Surroundings
from stack.live.clusters import Clusters
from stack.live.feed import Feed
from stack.live.freezes import Freezes
from stack.live.hub import Hub
from stack.live.interest import Askers
from stack.live.reader import Frozen, Reader
from stack.live.reannouncements import Reannouncements
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.observation import Observation
from stack.rollouts.rollout import STALLED_AFTER_S, Rollout
from stack.rollouts.rollout_records import RolloutRecords
from stack.runtime.events import Event
from stack.state.revision_store import RevisionStore
from stack.state.revisions import Revision

log = logging.getLogger(__name__)

# For how long an answer waits for the first look at a cluster.
FIRST_LOOK_S = 3.0

# Rollouts of what was stored longer ago are over, one way or the other, when a server starts.
RECENT = timedelta(minutes=30)

# Called for a rollout that has ended: the cluster's state, and the rollout.
Ended = Callable[[ClusterState, Rollout], None]


class Live:
    """What REST asks, what the watcher reports, and the loop that looks for the changes of others."""

    def __init__(
        self,
        store: RevisionStore,
        records: RolloutRecords,
        *,
        region: str | None = None,
        framing: Callable[[bytes], bytes] = bytes,
        stalled_after: float = STALLED_AFTER_S,
        feed_s: float = 2.0,
        frozen: Frozen | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        around = Surroundings(
            make_state=lambda name: ClusterState(name, region, stalled_after),
            now=now,
            moved=self._moved,
            keep=records.keep,
            ended=self._ended,
            watched=lambda: self.watched,
        )
        self.clusters = Clusters(lambda name: Cluster(name, around), lambda cluster: self.hub.added(cluster))
        self.hub = Hub(self, self.clusters, framing, self._interest)
        self.askers = Askers(clock)
        self._reader = Reader(store, records, frozen)
        self.feed = Feed(store, self.clusters, self._reader, self._wanted, feed_s, clock)
        self.freezes = Freezes(self.clusters, self._reader, now)
        self.ended: list[Ended] = []
        # Called when a subscriber or a caller begins to want something; set by the watcher.
        self.wake: Callable[[], None] | None = None
        self._reannouncements = Reannouncements(records, clock)
        self._records = records
        self._feed_s = feed_s
        self._now = now
        records.of(self.clusters.get)
        store.tell(self.feed)

    # The hub's source

    async def refresh(self, now: bool = False) -> None:
        await self.feed.refresh(now)

    async def ready(self, name: str) -> None:
        """Load a cluster, where it is there. Raises `AwsFailed`."""
        with self.clusters.awaiting(name) as cluster:
            if cluster.state is None:
                await self.feed.catch_up(name)

    async def reach(self, name: str, known: str | None) -> None:
        """Load a cluster, and have it know the revisions since one that a subscriber knows. Raises `AwsFailed`."""
        with self.clusters.awaiting(name) as cluster:
            if cluster.gone:
                return
            await self.ready(name)
            if cluster.replays(known):
                return
            # The subscriber may know more, from another replica, than this one has read yet.
            await self.feed.catch_up(name)
            if cluster.replays(known):
                return
            path = await self._reader.path(name, known, cluster.revision.id)
            cluster.remember(path or ())

    def synced(self, names: list[str]) -> Event:
        return cluster_events.synced({name: self.revision(name) for name in names}, self._now())

    # The loop

    async def run(self) -> None:
        """Look for the changes of others, for as long as there is a subscriber or a caller, or anything rolls out."""
        try:
            await self.begin()
        except AwsFailed as failed:
            log.warning('what may still roll out is not known yet: %s', failed)
        while True:
            if self.anybody or any(cluster.followed or self._is_of_interest(cluster) for cluster in self.clusters):
                try:
                    await self.feed.poll()
                except AwsFailed as failed:
                    log.warning('the bucket could not be listed for changes: %s', failed)
            await self.freezes.check()
            await self.hear()
            await asyncio.sleep(self._feed_s)

    async def begin(self, within: timedelta = RECENT) -> None:
        """Follow what may still roll out: the clusters whose desired state changed lately. Raises `AwsFailed`."""
        await self.feed.poll()
        recent = self.feed.changed_since(self._now() - within)
        for cluster in recent:
            cluster.followed = cluster.state is None
        await asyncio.gather(*(self.ready(cluster.name) for cluster in recent))

    # What is announced to schedulers again

    async def announced(self, revision: Revision, at: datetime) -> None:
        """Schedulers were notified of a revision (again): what waited for that, or failed, begins again everywhere."""
        with self.clusters.awaiting(revision.cluster) as cluster:
            try:
                await self._reach_revision(revision)
            except AwsFailed as failed:
                log.warning('cluster %s: its announcement is not known here: %s', revision.cluster, failed)
                return
            await self._reannouncements.made(cluster, at)

    async def hear(self) -> None:
        """Read what other replicas recorded of the clusters that are of interest, or have an end to be confirmed."""
        await self._reannouncements.hear_of_all(filter(self._may_have_news, self.clusters))

    async def _reach_revision(self, revision: Revision) -> None:
        """Have a cluster at a revision or at a newer one."""
        await self.ready(revision.cluster)
        if self.revision(revision.cluster) != revision.id:
            await self.feed.catch_up(revision.cluster)

    # What the watcher sees

    def of_interest(self) -> list[str]:
        """The clusters that are worth a look: a subscriber or a caller wants them, or something rolls out."""
        return [cluster.name for cluster in self.clusters if self._is_of_interest(cluster)]

    @property
    def anybody(self) -> bool:
        """Whether any subscriber or caller is there."""
        return bool(len(self.hub) or self.askers)

    async def see(self, name: str, observation: Observation) -> None:
        """Have a cluster know what ECS shows. Raises `AwsFailed` where S3 does not answer whether that was wanted."""
        cluster = self.clusters.get(name)
        if cluster is None or cluster.state is None:
            return
        state = cluster.state
        if state.surprised_by(observation):
            await self.feed.catch_up(name)
        if cluster.state is state:
            cluster.looked(observation)

    def unseen(self, name: str, failed: AwsFailed) -> None:
        """ECS could not be asked: what is shown of it gets old."""
        cluster = self.clusters.get(name)
        if cluster is not None:
            cluster.unseen(failed)

    # What REST asks

    @property
    def watched(self) -> bool:
        """Whether ECS is looked at in this process."""
        return self.wake is not None

    @property
    def states(self) -> Mapping[str, ClusterState]:
        """The states of the clusters that are loaded, by name."""
        return {cluster.name: cluster.state for cluster in self.clusters if cluster.state is not None}

    def loaded(self, name: str) -> ClusterState | None:
        """The state of a cluster, where it is loaded."""
        cluster = self.clusters.get(name)
        return cluster.state if cluster is not None else None

    def revision(self, name: str) -> str | None:
        """The revision up to which events of a cluster were published; None where it is not loaded."""
        state = self.loaded(name)
        return state.revision.id if state is not None else None

    async def state(self, name: str) -> ClusterState | None:
        """The cluster's state, which is looked at from now on for a while; None where there is no such cluster."""
        first = self.askers.ask(name)
        await self.ready(name)
        if first:
            self._interest()
        return self.loaded(name)

    async def at(self, revision: Revision) -> ClusterState:
        """The state of the revision's cluster, at that revision or a newer one. Raises `NotFound`, `AwsFailed`.

        Where it was never looked at, the first look is waited for a moment.
        """
        name = revision.cluster
        await self.state(name)
        await self._reach_revision(revision)
        cluster = self.clusters.get(name)
        if cluster is not None:
            await self._reannouncements.hear_of(cluster)
        state = self.loaded(name)
        if state is None:
            raise NotFound(f'There is no cluster {name!r} here.')
        if state.observed_at is None and self.watched:
            await self.askers.until(name, lambda: bool(state.observed_at or state.failing), FIRST_LOOK_S)
        return state

    async def close(self) -> None:
        """Record what is due, and end everything that was begun."""
        await self._records.close()
        await self.hub.close()
        await self.feed.close()

    # What the owners report

    def _moved(self, cluster: Cluster) -> None:
        self.hub.moved(cluster)
        self.askers.moved(cluster.name)

    def _ended(self, state: ClusterState, rollout: Rollout) -> None:
        for ended in self.ended:
            ended(state, rollout)

    def _wanted(self, cluster: Cluster) -> bool:
        return bool(cluster.readers or cluster.awaited) or cluster.name in self.askers

    def _is_of_interest(self, cluster: Cluster) -> bool:
        state = cluster.state
        return state is not None and (state.moving() or bool(cluster.readers) or cluster.name in self.askers)

    def _may_have_news(self, cluster: Cluster) -> bool:
        return self._is_of_interest(cluster) or (cluster.state is not None and cluster.state.book.unconfirmed())

    def _interest(self) -> None:
        if self.wake is not None:
            self.wake()
