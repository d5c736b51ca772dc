"""What a subscriber has missed: the events from a revision that it knows to the newest, from memory or the history."""

from collections.abc import Callable
from itertools import pairwise

from stack import cluster_events
from stack.event_log import EventLog
from stack.events import Event
from stack.revision_feed import RevisionFeed
from stack.revisions import Revision


class Missed:
    """`newest` gives the revision of a cluster up to which everything was told; None where there is none."""

    def __init__(self, feed: RevisionFeed, newest: Callable[[str], str | None]):
        self._feed = feed
        self._newest = newest
        self._log = EventLog()

    def told(self, before: Revision, after: Revision) -> Event:
        """The event of a new revision, which is remembered."""
        event = cluster_events.desired(before, after)
        self._log.add(after.cluster, before.id, after.id, event)
        return event

    def forget(self, cluster: str) -> None:
        self._log.forget(cluster)

    async def since(self, cluster: str, known: str) -> tuple[list[Event], str] | None:
        """See `stack.broadcast.Source`. Raises `AwsFailed`."""
        found = self._log.since(cluster, known, self._newest(cluster) or '')
        if found is None:
            # A subscriber may have heard of more at another replica than this one has seen yet.
            await self._feed.catch_up(cluster)
        last = self._newest(cluster)
        if last is None or last == known:
            return [], known
        found = found or self._log.since(cluster, known, last)
        if found is None:
            path = await self._feed.path(cluster, known, last)
            found = path and self._remember(cluster, path)
        return (found, last) if found else None

    def _remember(self, cluster: str, path: list[Revision]) -> list[Event]:
        """The events along a path up to the current revision, which others may ask for as well."""
        found = [cluster_events.desired(before, after) for before, after in pairwise(path)]
        if self._newest(cluster) == path[-1].id:
            self._log.forget(cluster)
            for before, event in zip(path, found, strict=False):
                self._log.add(cluster, before.id, event.content['revision'], event)
        return found
