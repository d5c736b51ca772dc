"""Send every subscriber what it is owed of each cluster; none ever waits for another.

A subscriber's position in a cluster moves only when a frame was accepted, and what is owed is always the difference
between that position and the newest state: a subscriber that is behind costs a position, not a queue.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine

from stack.live.batches import Batch
from stack.live.cluster import Cluster
from stack.live.clusters import Clusters
from stack.live.event import Event, Message
from stack.live.forms import Framing
from stack.live.shared import Shared
from stack.live.subscriber import Subscriber

log = logging.getLogger(__name__)

# Writes in one turn of the loop: more would hold up every request that comes meanwhile.
WRITES_A_TURN = 100
# How often those that are behind are looked at; also the pause between two batches for a paced subscriber.
TICK_S = 0.1


class Delivery:
    """`framing` wraps an event as the outlets send it."""

    def __init__(self, clusters: Clusters, framing: Framing):
        self._clusters = clusters
        self._framing = framing
        self.shared = Shared()
        # Clusters that have newer events than were handed out.
        self._moved: dict[Cluster, None] = {}
        self._late: dict[Subscriber, None] = {}
        self._pump: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    @property
    def is_behind(self) -> bool:
        """Whether a subscriber is owed events that it does not accept now."""
        return bool(self._late)

    def moved(self, cluster: Cluster) -> None:
        """A cluster has a newer event."""
        if not cluster.readers:
            cluster.log.handed_out(cluster.log.end)
            return
        self._moved[cluster] = None
        if self._pump is None:
            self._pump = _start(self._run())

    def forget(self, subscriber: Subscriber) -> None:
        """A subscriber has gone: its outlet is not written to any more."""
        self._late.pop(subscriber, None)

    def writable(self, subscriber: Subscriber) -> None:
        """The outlet of a subscriber accepts frames again: send on without waiting for the next tick."""
        subscriber.wake()
        if not subscriber.held:
            self._send_pending(subscriber)

    async def drain(self) -> None:
        """Wait until everything that was published has been handed out, or is kept for those that are behind."""
        while self._pump is not None:
            await asyncio.wait([self._pump])

    async def close(self) -> None:
        """Hand out what was published, and write nothing any more."""
        await self.drain()
        self.shared.close()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    # Those that keep up

    async def _run(self) -> None:
        written = 0
        try:
            while self._moved:
                cluster = next(iter(self._moved))
                del self._moved[cluster]
                end = cluster.log.end
                for subscriber in tuple(cluster.readers):
                    try:
                        self._deliver(subscriber, cluster)
                    except Exception:
                        log.exception('an event of %s could not be sent', cluster.name)
                    written += 1
                    if written % WRITES_A_TURN == 0:
                        await asyncio.sleep(0)
                cluster.log.handed_out(end)
        finally:
            self._pump = None

    def _deliver(self, subscriber: Subscriber, cluster: Cluster) -> None:
        """Send what is owed now, or have it pending for a subscriber that is behind, or paced."""
        if subscriber.held or subscriber.pending or not self.send_owed(subscriber, cluster):
            subscriber.pending[cluster.name] = None
            self.look_later(subscriber)
        elif subscriber.paced:
            subscriber.held = True
            self.look_later(subscriber)

    def send_owed(self, subscriber: Subscriber, cluster: Cluster) -> bool:
        """Send what a subscriber is owed of a cluster; false where it does not accept all of it now."""
        position = cluster.readers.get(subscriber)
        if position is None or position == cluster.log.end:
            return True
        if not subscriber.outlet.ready():
            return False
        for owed in self.shared.owed(cluster, position):
            if not self.send(subscriber, owed.event, owed.merged):
                return False
            cluster.readers[subscriber] = owed.position
        return True

    def send(self, subscriber: Subscriber, event: Message, merged: int = 0) -> bool:
        form = subscriber.form
        frame = event.frames.get((form, merged))
        if frame is None:
            text = event.text(form.values, merged, form.detail)
            frame = event.frames[form, merged] = self._framing(text, form.deflated)
        return subscriber.outlet.offer(frame)

    def send_batch(self, subscriber: Subscriber, batch: Batch) -> bool:
        """Send the events of several clusters in one frame; false, and nothing sent, where it is not accepted."""
        if len(batch.events) < 2:
            return all(self.send(subscriber, event, merged) for event, merged in batch.events)
        form = subscriber.form
        frame = self.shared.frame((form, batch.events), lambda: self._framing(batch.text(form), form.deflated))
        return subscriber.outlet.offer(frame)

    async def send_patiently(self, subscriber: Subscriber, make: Callable[[], Event]) -> None:
        """Send an event that is about no cluster, after everything that is owed."""
        while subscriber.pending or not self.send(subscriber, make()):
            await self.room(subscriber)

    async def room(self, subscriber: Subscriber) -> None:
        """Wait until a subscriber may accept a frame again."""
        subscriber.room = room = asyncio.Event()
        self.look_later(subscriber)
        await room.wait()

    # Those that are behind

    def look_later(self, subscriber: Subscriber) -> None:
        self._late[subscriber] = None
        if self._looking is None:
            self._looking = _start(self._look_after_the_late())

    async def _look_after_the_late(self) -> None:
        try:
            while self._late:
                await asyncio.sleep(TICK_S)
                for number, subscriber in enumerate(tuple(self._late), 1):
                    # It may have gone during a pause of this round.
                    if subscriber in self._late:
                        del self._late[subscriber]
                        self._look_at(subscriber)
                    if number % WRITES_A_TURN == 0:
                        await asyncio.sleep(0)
        finally:
            self._looking = None

    def _look_at(self, subscriber: Subscriber) -> None:
        subscriber.held = False
        sends = bool(subscriber.pending)
        self._send_pending(subscriber)
        subscriber.held = subscriber.paced and sends
        subscriber.wake()
        if subscriber.pending or subscriber.held:
            self._late[subscriber] = None

    def _send_pending(self, subscriber: Subscriber) -> None:
        """Send what is owed, cluster by cluster, until the reader is behind again."""
        for name in list(subscriber.pending):
            cluster = self._clusters.get(name)
            try:
                if cluster is not None and not self.send_owed(subscriber, cluster):
                    return
            except Exception:
                # The top of a loop: what is owed of the other clusters is sent, and the other readers are looked at.
                log.exception('an event of %s could not be sent', name)
            del subscriber.pending[name]


def _start(work: Coroutine[None, None, None]) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(work)
