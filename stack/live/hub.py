"""Fan-out: every subscriber is sent what it is owed of each cluster, and none ever waits for another.

A subscriber's position in a cluster moves only when a frame was accepted, and what is owed is always the difference
between that position and the newest state: a subscriber that is behind costs a position, not a queue.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime
from functools import partial

from stack.errors import NysaError
from stack.live.batches import Batch, next_batch
from stack.live.client_messages import Subscribe
from stack.live.cluster import Cluster
from stack.live.clusters import Clusters
from stack.live.event import Event, Message, error_event
from stack.live.forms import Detail, Framing, plain
from stack.live.later_loads import LaterLoads
from stack.live.log import NOTHING
from stack.live.missed import NOTHING_MISSED, Missed, no_source
from stack.live.owed import join
from stack.live.read_ahead import ReadAhead
from stack.live.shared import Shared
from stack.live.slow_sync import SlowSync
from stack.live.source import Source
from stack.live.subscriber import Subscriber
from stack.runtime.observers import Observers
from stack.runtime.patterns import matcher

log = logging.getLogger(__name__)

# Writes in one turn of the loop: more would hold up every request that comes meanwhile.
WRITES_A_TURN = 100
# How often those that are behind are looked at; also the pause between two batches for a paced subscriber.
TICK_S = 0.1
# The pause before a subscriber that could not be brought up to date is tried again, and its limit.
RETRY_S = 1.0
LONGEST_RETRY_S = 30.0
# For so long after a load began, a subscriber counts as waiting for loads, in seconds.
LOADING_S = 1.0
# The code and the message for a subscriber where the log has the reason.
INTERNAL = ('internal', 'Something went wrong here; the log has it.')


class Hub:
    """`framing` wraps an event as the outlets send it; `wishes` is notified when subscribers want something else."""

    def __init__(
        self,
        source: Source,
        clusters: Clusters,
        framing: Framing = plain,
        retry_s: float = RETRY_S,
    ):
        self._retry_s = retry_s
        self._source = source
        self._clusters = clusters
        self._framing = framing
        self.wishes: Observers[[]] = Observers()
        # What happened since a time, of what the revisions of clusters do not cover. Raises `NysaError`.
        self.missed_since: Callable[[datetime], Awaitable[Missed]] = no_source
        self._shared = Shared()
        self._later = LaterLoads(lambda name: source.reach(name, None), retry_s)
        self._subscribers: dict[Subscriber, None] = {}
        # By the time of the event loop.
        self._loading_until = float('-inf')
        # Clusters that have newer events than were handed out.
        self._moved: dict[Cluster, None] = {}
        self._late: dict[Subscriber, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._pump: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        clusters.additions.subscribe(self._added)

    def __len__(self) -> int:
        return len(self._subscribers)

    def listens(self, name: str) -> bool:
        """Whether any subscriber wants to know of the cluster."""
        return bool(self._clusters.of(name).readers)

    @property
    def is_loading(self) -> bool:
        """Whether a subscriber waits for clusters to be loaded."""
        return asyncio.get_running_loop().time() < self._loading_until

    def publish(self, event: Event) -> None:
        """Send an event of a cluster that changes nothing in it."""
        if event.cluster is not None:
            self._clusters.of(event.cluster).publish(event)

    def _added(self, cluster: Cluster) -> None:
        """Give the subscribers that want a new cluster their position in it: they were sent nothing of it so far."""
        for subscriber in self._subscribers:
            if not subscriber.beginning and cluster.name not in subscriber.joining and subscriber.wants(cluster.name):
                cluster.readers[subscriber] = NOTHING

    def moved(self, cluster: Cluster) -> None:
        """A cluster has a newer event."""
        if not cluster.readers:
            cluster.log.handed_out(cluster.log.end)
            return
        self._moved[cluster] = None
        if self._pump is None:
            self._pump = self._start(self._run())

    def subscribe(self, subscriber: Subscriber, wish: Subscribe) -> None:
        """Bring a subscriber up to date with what it wants, and keep it so; replaces what it wanted before."""
        self._forget(subscriber)
        subscriber.fits = matcher(wish.clusters)
        subscriber.form = subscriber.form._replace(detail=wish.detail)
        subscriber.batches = wish.batches
        subscriber.beginning = True
        self._subscribers[subscriber] = None
        subscriber.bringing_up = self._start(self._bring_up(subscriber, wish))
        self.wishes.notify()

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a subscriber; its outlet is not written to any more."""
        self._forget(subscriber)
        self._subscribers.pop(subscriber, None)
        self._late.pop(subscriber, None)
        self.wishes.notify()

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
        await self.drain()
        self._shared.close()
        await self._later.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _forget(self, subscriber: Subscriber) -> None:
        """Forget what a subscriber wanted, and what it was sent of it."""
        if subscriber.bringing_up is not None:
            subscriber.bringing_up.cancel()
        subscriber.joining.clear()
        subscriber.pending.clear()
        for cluster in self._clusters:
            cluster.readers.pop(subscriber, None)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

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
        if subscriber.held or subscriber.pending or not self._send_owed(subscriber, cluster):
            subscriber.pending[cluster.name] = None
            self._look_later(subscriber)
        elif subscriber.paced:
            subscriber.held = True
            self._look_later(subscriber)

    def _send_owed(self, subscriber: Subscriber, cluster: Cluster) -> bool:
        """Send what a subscriber is owed of a cluster; false where it does not accept all of it now."""
        position = cluster.readers.get(subscriber)
        if position is None or position == cluster.log.end:
            return True
        if not subscriber.outlet.ready():
            return False
        for owed in self._shared.owed(cluster, position):
            if not self._send(subscriber, owed.event, owed.merged):
                return False
            cluster.readers[subscriber] = owed.position
        return True

    def _send(self, subscriber: Subscriber, event: Message, merged: int = 0) -> bool:
        form = subscriber.form
        frame = event.frames.get((form, merged))
        if frame is None:
            text = event.text(form.values, merged, form.detail)
            frame = event.frames[form, merged] = self._framing(text, form.deflated)
        return subscriber.outlet.offer(frame)

    # Those that are behind

    def _look_later(self, subscriber: Subscriber) -> None:
        self._late[subscriber] = None
        if self._looking is None:
            self._looking = self._start(self._look_after_the_late())

    async def _look_after_the_late(self) -> None:
        try:
            while self._late:
                await asyncio.sleep(TICK_S)
                late, self._late = self._late, {}
                for number, subscriber in enumerate(late, 1):
                    if subscriber in self._subscribers:
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
                if cluster is not None and not self._send_owed(subscriber, cluster):
                    return
            except Exception:
                # The top of a loop: what is owed of the other clusters is sent, and the other readers are looked at.
                log.exception('an event of %s could not be sent', name)
            del subscriber.pending[name]

    # Those that have just subscribed

    async def _bring_up(self, subscriber: Subscriber, wish: Subscribe) -> None:
        known, missed, pause = wish.known, NOTHING_MISSED, self._retry_s
        slow = SlowSync(lambda: _waits_for(subscriber))
        try:
            while True:
                left = len(subscriber.joining)
                try:
                    if subscriber.beginning:
                        await self._refresh(subscriber, known)
                        if subscriber.form.detail is Detail.SUMMARY:
                            await self._source.prove_summaries()
                        wanted = self._begin(subscriber, wish)
                    try:
                        await self._join(subscriber)
                    finally:
                        self.wishes.notify()
                    if wish.since is not None:
                        missed = await self.missed_since(wish.since)
                    break
                except NysaError as error:
                    slow.failure, failure = error, (error.code, error.message)
                except Exception as error:
                    log.exception('a subscriber could not be brought up to date, and is tried again')
                    slow.failure, failure = error, INTERNAL
                await self._send_patiently(subscriber, partial(error_event, *failure))
                if len(subscriber.joining) < left:
                    pause = self._retry_s
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_RETRY_S)
            for event in missed.events:
                if event.cluster is None or subscriber.wants(event.cluster):
                    await self._send_patiently(subscriber, partial(_made, event))
            await self._send_patiently(subscriber, lambda: self._source.synced(wanted, missed))
            self._later.start()
        except Exception:
            log.exception('a subscriber could not be brought up to date')
        finally:
            slow.end()
            if subscriber.bringing_up is asyncio.current_task():
                subscriber.bringing_up = None

    async def _refresh(self, subscriber: Subscriber, known: Mapping[str, str]) -> None:
        await self._source.refresh()
        there = frozenset(self._clusters.names())
        if any(subscriber.wants(name) for name in known if name not in there):
            # Another replica may have published it a moment ago.
            await self._source.refresh(now=True)

    def _begin(self, subscriber: Subscriber, wish: Subscribe) -> list[str]:
        """Have a subscriber join the clusters that are there, and those that it knows; it is owed nothing of others.

        Clusters that it names come before those that only match a pattern.
        """
        known, names = wish.known, self._clusters.names()
        names += sorted(set(known).difference(names))
        named = frozenset(wish.clusters)
        wanted = sorted(filter(subscriber.wants, names), key=lambda name: name not in named)
        subscriber.joining = {name: known.get(name) for name in wanted}
        subscriber.beginning = False
        for cluster in self._clusters:
            if cluster.name not in subscriber.joining and subscriber.wants(cluster.name):
                cluster.readers[subscriber] = cluster.log.end
        return wanted

    async def _join(self, subscriber: Subscriber) -> None:
        """Give a subscriber its position in each cluster, and send what it is owed from there."""
        ahead = ReadAhead(self._source.reach, partial(self._must_load, subscriber))
        try:
            while subscriber.joining:
                if not (subscriber.batches and self._join_loaded(subscriber)):
                    await self._join_next(subscriber, ahead)
                # A subscriber to a thousand clusters holds up nothing else.
                await asyncio.sleep(0)
        finally:
            ahead.close()

    def _must_load(self, subscriber: Subscriber, name: str, known: str | None) -> bool:
        """Whether a cluster has to be read before a subscriber can join it: it is about to be."""
        cluster = self._clusters.of(name)
        is_brief = subscriber.form.detail is Detail.SUMMARY
        if cluster.state is not None or (is_brief and cluster.stand_in.proof is not None):
            return False
        self._loading_until = asyncio.get_running_loop().time() + LOADING_S
        return True

    async def _join_next(self, subscriber: Subscriber, ahead: ReadAhead) -> None:
        name, known = next(iter(subscriber.joining.items()))
        if await self._join_by_summary(subscriber, name, known):
            return
        with self._clusters.awaiting(name) as cluster:
            try:
                await ahead.reach(subscriber.joining)
            except Exception:
                # Have the others go first the next time.
                subscriber.joining[name] = subscriber.joining.pop(name)
                raise
            cluster.readers[subscriber] = join(cluster, known)
            del subscriber.joining[name]
            while not self._send_owed(subscriber, cluster):
                await self._room(subscriber)

    def _join_loaded(self, subscriber: Subscriber) -> bool:
        """Send what is owed of the next clusters together; false where none is loaded, or it is not accepted now."""
        if not subscriber.outlet.ready():
            return False
        batch = next_batch(subscriber, self._clusters, self._shared)
        if not batch.positions or not self._send_batch(subscriber, batch):
            return False
        for cluster, position in batch.positions.items():
            cluster.readers[subscriber] = position
            del subscriber.joining[cluster.name]
        return True

    def _send_batch(self, subscriber: Subscriber, batch: Batch) -> bool:
        if len(batch.events) < 2:
            return all(self._send(subscriber, event, merged) for event, merged in batch.events)
        form = subscriber.form
        frame = self._shared.frame((form, batch.events), lambda: self._framing(batch.text(form), form.deflated))
        return subscriber.outlet.offer(frame)

    async def _join_by_summary(self, subscriber: Subscriber, name: str, known: str | None) -> bool:
        """Send the summary of a cluster that is not loaded; false where the cluster has to be loaded."""
        while subscriber.form.detail is Detail.SUMMARY:
            cluster, event = self._clusters.of(name), self._source.summary(name, known)
            if event is None or (cluster.readers and not cluster.stand_in.repeats()):
                # Subscribers that know nothing of it yet, or something else, are owed what the loaded cluster shows.
                return False
            if self._send(subscriber, event):
                cluster.stand_in.was_sent()
                cluster.readers[subscriber] = cluster.log.end
                del subscriber.joining[name]
                self._later.add(cluster)
                return True
            await self._room(subscriber)
        return False

    async def _send_patiently(self, subscriber: Subscriber, make: Callable[[], Event]) -> None:
        """Send an event that is about no cluster, after everything that is owed."""
        while subscriber.pending or not self._send(subscriber, make()):
            await self._room(subscriber)

    async def _room(self, subscriber: Subscriber) -> None:
        subscriber.room = room = asyncio.Event()
        self._look_later(subscriber)
        await room.wait()


def _waits_for(subscriber: Subscriber) -> str:
    """What a subscriber that is brought up to date waits for."""
    if subscriber.beginning:
        return 'the list of clusters, or their summaries'
    reader = 'its reader, which accepts no frames, ' if subscriber.room is not None else ''
    if not subscriber.joining:
        return f'{reader}what happened since it was there last'
    return f'{reader}{next(iter(subscriber.joining))!r}, and {len(subscriber.joining) - 1} clusters after it'


def _made(event: Event) -> Event:
    """An event that needs no making."""
    return event
