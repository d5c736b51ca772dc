"""Load clusters, and bring them to the revision that a caller or a subscriber knows.

Every method raises `AwsFailed`, but for `synced` and those about summaries.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from stack.live import cluster_events
from stack.live.clusters import Clusters
from stack.live.event import Event
from stack.live.feed import Feed
from stack.live.missed import Missed
from stack.live.reader import Reader
from stack.live.summaries import Summaries
from stack.state.revisions import Revision


class Loader:
    """The source of the hub: see `stack.live.source.Source`."""

    def __init__(
        self, clusters: Clusters, feed: Feed, reader: Reader, summaries: Summaries, now: Callable[[], datetime]
    ):
        self._clusters = clusters
        self._summaries = summaries
        self._feed = feed
        self._reader = reader
        self._now = now

    async def refresh(self, now: bool = False) -> None:
        await self._feed.refresh(now)

    async def load(self, name: str) -> None:
        """Load a cluster if it exists."""
        known = self._clusters.get(name)
        if known is not None and known.state is not None:
            return
        with self._clusters.awaiting(name):
            await self._feed.catch_up(name)

    async def reach(self, name: str, known: str | None) -> None:
        """Load a cluster, and read its history back to the revision that a subscriber knows."""
        with self._clusters.awaiting(name) as cluster:
            if cluster.gone:
                return
            await self.load(name)
            if known is None or cluster.replays(known):
                return
            # The subscriber may know more, from another replica, than this one has read yet.
            await self._feed.catch_up(name)
            revision = cluster.revision
            if revision is None or cluster.replays(known):
                return
            cluster.remember(await self._reader.path(name, known, revision.id))

    async def reach_revision(self, revision: Revision) -> None:
        """Load a cluster at a revision, or at a newer one."""
        name = revision.cluster
        await self.load(name)
        if self.revision(name) != revision.id:
            await self._feed.catch_up(name)

    def revision(self, name: str) -> str | None:
        """The id of the revision up to which events of a cluster were published; None if it is not loaded."""
        cluster = self._clusters.get(name)
        revision = cluster.revision if cluster is not None else None
        return revision.id if revision is not None else None

    async def prove_summaries(self) -> None:
        await self._summaries.prove()

    def summary(self, name: str, known: str | None) -> Event | None:
        cluster = self._clusters.of(name)
        return cluster.stand_in.event(known, self._now()) if cluster.state is None else None

    def synced(self, names: Sequence[str], missed: Missed) -> Event:
        there = ((name, self._clusters.get(name)) for name in names)
        revisions = {name: cluster.revision_sent if cluster is not None else None for name, cluster in there}
        return cluster_events.synced(revisions, missed, self._now())
