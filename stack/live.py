"""The newest known state of every cluster that anybody cares for, and the events that it gives rise to."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from stack import cluster_events
from stack.announcements import Announcements
from stack.askers import Askers
from stack.broadcast import Hub
from stack.cluster_state import ClusterState
from stack.errors import AwsFailed, NotFound
from stack.events import Event
from stack.freezes import Freezes, Frozen
from stack.missed import Missed
from stack.observation import Observation
from stack.revision_feed import RevisionFeed
from stack.revision_store import RevisionStore
from stack.revisions import Revision
from stack.rollout import STALLED_AFTER_S, Rollout
from stack.rollout_records import RolloutRecords

log = logging.getLogger(__name__)

# For how long an answer waits for the first look at a cluster.
FIRST_LOOK_S = 3.0

# A cluster that nobody looks at, and that is changed time and again, is followed once it was left alone for so long.
CALM_S = 1.0

# Rollouts of what was stored longer ago are over, one way or the other, when a server starts.
RECENT = timedelta(minutes=30)

# Told of a rollout that has ended: the cluster's state, and the rollout.
Ended = Callable[[ClusterState, Rollout], None]


class Live:
    """What the hub reads (`Source`), what the feed tells (`Listener`), and where the watcher puts what it saw."""

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
        self.states: dict[str, ClusterState] = {}
        self.feed = RevisionFeed(store, self, feed_s, clock)
        self.hub = Hub(self, framing, self._interest)
        self.askers = Askers(clock)
        self.freezes = Freezes(self.states, self.hub.publish, frozen, now)
        self.ended: list[Ended] = []
        # Called when somebody begins to care for a cluster; set by whoever looks at them.
        self.wake: Callable[[], None] | None = None
        self._records = records
        self._region = region
        self._stalled_after = stalled_after
        self._feed_s = feed_s
        self._clock = clock
        self._now = now
        self._missed = Missed(self.feed, self.revision)
        self._announcements = Announcements(records, self._note, clock)
        self._loading: dict[str, asyncio.Lock] = {}
        self._unfollowed: dict[str, str] = {}
        store.tell(self.feed)

    # Source: what the hub brings subscribers up to date with

    async def names(self, anew: bool = False) -> list[str]:
        return await self.feed.names(anew)

    async def ready(self, cluster: str) -> None:
        if cluster in self.states:
            return
        async with self._loading.setdefault(cluster, asyncio.Lock()):
            if cluster in self.states:
                return
            revision = await self.feed.load(cluster)
            if revision is None:
                return
            state = self._new_state(cluster)
            await self._records.take_up(state, revision, self.feed.path, self._now())
            await self.freezes.learn(state, revision)
            # Revisions may have been told meanwhile, to a state that was not there.
            newest = self.feed.newest(cluster)
            if newest is not None:
                self.states[cluster] = state
                if newest.id != revision.id:
                    state.take_revision(newest, self._now())
                    self.freezes.doubt(cluster)
                if self.hub.listens(cluster) and not self.feed.lists(cluster):
                    # Whoever asked for it was faster than the listing, which would have told of it.
                    self.hub.publish(cluster_events.cluster(state, self._now()))

    def revision(self, cluster: str) -> str | None:
        state = self.states.get(cluster)
        return state.revision.id if state and state.revision else None

    async def since(self, cluster: str, known: str) -> tuple[list[Event], str] | None:
        return await self._missed.since(cluster, known)

    def snapshot(self, cluster: str, covers_since: str | None = None) -> Event:
        state = self.states.get(cluster)
        if state is None:
            return cluster_events.deleted(cluster, None, self._now())
        covers = {'covers_since': covers_since} if covers_since is not None else {}
        return cluster_events.cluster(state, self._now(), **covers)

    def movement(self, cluster: str, services: Iterable[str] | None) -> Event | None:
        state = self.states.get(cluster)
        return cluster_events.rollout(state, services, self._now()) if state else None

    def synced(self, clusters: Iterable[str]) -> Event:
        return cluster_events.synced({each: self.revision(each) for each in clusters}, self._now())

    # Listener: what the feed tells

    async def run(self) -> None:
        """Look for the changes of others, for as long as anybody wants to know, or anything rolls out."""
        try:
            await self.begin()
        except AwsFailed as failed:
            log.warning('what may still roll out could not be taken up: %s', failed)
        while True:
            if self.anybody or self.of_interest():
                try:
                    await self.feed.poll()
                except AwsFailed as failed:
                    log.warning('the bucket could not be looked at for changes: %s', failed)
            await self.freezes.check()
            await self.hear()
            await asyncio.sleep(self._feed_s)

    async def begin(self, within: timedelta = RECENT) -> None:
        """Take up what may still roll out: the clusters whose desired state changed lately. Raises `AwsFailed`."""
        await self.feed.poll()
        recent = self.feed.changed_since(self._now() - within)
        await asyncio.gather(*(self.ready(cluster) for cluster in recent))

    def wants(self, cluster: str) -> bool:
        return self.hub.listens(cluster) or cluster in self.askers

    async def unfollowed(self, revision: Revision) -> None:
        """How a rollout that begins here ends is to be known, whether or not anybody looks on."""
        if all(change.announce is None for change in revision.changes):
            return
        cluster = revision.cluster
        self._unfollowed[cluster] = revision.id
        await asyncio.sleep(CALM_S)
        if self._unfollowed.get(cluster) != revision.id:
            return
        del self._unfollowed[cluster]
        try:
            await self.ready(cluster)
        except AwsFailed as failed:
            log.warning('cluster %s: how its rollout goes is not followed: %s', cluster, failed)
        self._interest()

    def appeared(self, revision: Revision) -> None:
        state = self._new_state(revision.cluster)
        state.take_revision(revision, self._now())
        self.states[revision.cluster] = state
        self._missed.forget(revision.cluster)
        self.freezes.doubt(revision.cluster)
        self.hub.publish(cluster_events.cluster(state, self._now()))
        self.askers.moved(revision.cluster)

    def changed(self, before: Revision, after: Revision) -> None:
        self.hub.publish(self._missed.told(before, after))
        self._take(after)
        self.freezes.take(after)

    def jumped(self, before: Revision, after: Revision) -> None:
        self._missed.forget(after.cluster)
        state = self.states.get(after.cluster)
        if state is not None:
            state.take_revision(after, self._now())
            self.freezes.doubt(after.cluster)
            self.hub.publish(cluster_events.cluster(state, self._now(), covers_since=before.id))
            self.askers.moved(after.cluster)

    def vanished(self, cluster: str, last: Revision | None) -> None:
        state = self.states.pop(cluster, None)
        self._missed.forget(cluster)
        if state is not None:
            self._note(state, state.remove(self._now()))
        self.hub.publish(cluster_events.deleted(cluster, last, self._now()))
        self.askers.moved(cluster)

    def _take(self, revision: Revision) -> None:
        state = self.states.get(revision.cluster)
        if state is None:
            return
        before = dict(state.rollouts)
        state.take_revision(revision, self._now())
        self._note(state, {name for name, each in state.rollouts.items() if before.get(name) is not each})
        self._records.keep(state)

    # What schedulers are told again

    async def announced(self, revision: Revision, at: datetime) -> None:
        """Schedulers were told of a revision (again): what waited for that, or had failed, begins anew everywhere."""
        try:
            state = await self._up_to(revision)
        except AwsFailed as failed:
            log.warning('cluster %s: that it was announced is not known here: %s', revision.cluster, failed)
            return
        if state is not None:
            await self._announcements.made(state, at)

    async def hear(self) -> None:
        """Learn what other replicas announced, of the clusters that anybody cares for."""
        await self._announcements.hear_of_all(self.states[name] for name in self.of_interest())

    async def _up_to(self, revision: Revision) -> ClusterState | None:
        """The state of the revision's cluster, at that revision or a newer one; None where it is gone."""
        await self.ready(revision.cluster)
        if self.revision(revision.cluster) != revision.id:
            await self.feed.catch_up(revision.cluster)
        return self.states.get(revision.cluster)

    # What the watcher sees

    def of_interest(self) -> list[str]:
        """The clusters that are worth a look: somebody listens, asks or waits, or something rolls out."""
        return [name for name, state in self.states.items() if self._is_of_interest(name, state)]

    def _is_of_interest(self, name: str, state: ClusterState) -> bool:
        return state.moving() or name in self.askers or self.hub.listens(name)

    @property
    def anybody(self) -> bool:
        """Whether anybody wants to hear of changes."""
        return bool(len(self.hub) or self.askers)

    async def see(self, cluster: str, observation: Observation) -> None:
        """Take in what ECS shows. Raises `AwsFailed` where S3 does not tell whether a newer revision asked for it."""
        state = self.states.get(cluster)
        if state is not None and state.surprised_by(observation):
            await self.feed.catch_up(cluster)
            state = self.states.get(cluster)
        if state is None:
            return
        before = dict(state.rollouts)
        moved = state.look(observation)
        recovered, state.failing = state.failing is not None, None
        if moved or recovered:
            self._note(state, moved)
        ended = state.book.ended_since(before)
        for rollout in ended:
            for tell in self.ended:
                tell(state, rollout)
        if ended:
            self._records.keep(state)

    def unseen(self, cluster: str, failed: AwsFailed) -> None:
        """ECS could not be asked: what is shown is getting old, and says so."""
        state = self.states.get(cluster)
        if state is not None and state.failing is None:
            state.failing = {
                'since': cluster_events.stamp(self._now()),
                'error': failed.code,
                'message': failed.message,
            }
            self._note(state, ())

    # What REST asks

    @property
    def watched(self) -> bool:
        """Whether anybody looks at ECS in this process."""
        return self.wake is not None

    async def state(self, cluster: str) -> ClusterState | None:
        """The cluster's state, which is looked at from now on for a while; None where there is no such cluster."""
        first = self.askers.ask(cluster)
        await self.ready(cluster)
        if first:
            self._interest()
        return self.states.get(cluster)

    async def at(self, revision: Revision) -> ClusterState:
        """The state of the revision's cluster, at that revision or a newer one. Raises `NotFound`, `AwsFailed`.

        Where nobody has looked at it yet, that is waited for a moment.
        """
        await self.state(revision.cluster)
        state = await self._up_to(revision)
        if state is None:
            raise NotFound(f'There is no cluster {revision.cluster!r} here.')
        await self._announcements.hear_of(state)
        if state.observed_at is None and self.watched:
            await self.askers.until(revision.cluster, lambda: bool(state.observed_at or state.failing), FIRST_LOOK_S)
        return state

    async def close(self) -> None:
        """Write down what is due, and let go."""
        await self._records.close()
        await self.hub.close()
        await self.feed.close()

    def _interest(self) -> None:
        if self.wake is not None:
            self.wake()

    def _new_state(self, cluster: str) -> ClusterState:
        return ClusterState(cluster, self._region, self._stalled_after)

    def _note(self, state: ClusterState, moved: Iterable[str]) -> None:
        self.hub.publish(cluster_events.rollout(state, moved, self._now()))
        self.askers.moved(state.name)
