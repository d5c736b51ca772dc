"""Publishes on the live channel that the audit of a cluster has new entries, by any replica.

A change is published with its revision, a refusal has none. The replica that records one replaces the cluster's mark in
the bucket as well; one listing of all marks shows the other replicas which have changed.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from stack.aws.ports import ObjectLister, ObjectReplacer
from stack.changes.audit import MARKS
from stack.changes.entry_chain import Mark
from stack.errors import AwsFailed
from stack.live import cluster_events
from stack.live.event import Event
from stack.runtime.observers import Observers

log = logging.getLogger(__name__)

POLL_S = 2.0


class Bucket(ObjectReplacer, ObjectLister, Protocol):
    """The calls that replicas notify each other by."""


class Hub(Protocol):
    """Notifies the subscribers, and counts them: see `stack.live.hub.Hub`."""

    def publish(self, event: Event) -> None: ...
    def __len__(self) -> int: ...


class AuditNews:
    def __init__(self, bucket: Bucket, hub: Hub, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._bucket = bucket
        self._hub = hub
        self._now = now
        # Notified of each cluster whose mark another replica has set.
        self.heard: Observers[[str]] = Observers()
        self._marks: dict[str, str] | None = None
        self._own: dict[str, str] = {}

    async def wrote(self, cluster: str, newest: Mark) -> None:
        """Publish that this process recorded entries: the mark names their object, which nothing else is."""
        try:
            mark = await self._bucket.replace(MARKS + cluster, newest.body)
            self._own[cluster] = mark.etag
        except AwsFailed as failed:
            log.warning('cluster %s: other replicas do not know of a refusal yet: %s', cluster, failed)
        # Not before the mark: it covers what other replicas recorded until then as well.
        self._publish(cluster)

    async def run(self) -> None:
        """Look for entries by other replicas while there are subscribers."""
        while True:
            # The first look is what later ones are compared with: a subscriber is sent everything newer.
            if self._marks is None or len(self._hub):
                try:
                    await self.look()
                except AwsFailed as failed:
                    log.warning('the bucket could not be looked at for refusals: %s', failed)
            await asyncio.sleep(POLL_S)

    async def look(self) -> None:
        """Publish the entries of other replicas since the last look. Raises `AwsFailed`."""
        marks = {each.key.removeprefix(MARKS): each.etag for each in await self._bucket.objects(prefix=MARKS)}
        before, self._marks = self._marks, marks
        if before is None:
            return
        for cluster, etag in marks.items():
            if etag not in (before.get(cluster), self._own.get(cluster)):
                self._publish(cluster)
                self.heard.notify(cluster)

    def _publish(self, cluster: str) -> None:
        self._hub.publish(cluster_events.audit(cluster, self._now()))
