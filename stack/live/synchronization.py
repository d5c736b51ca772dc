"""Bring a subscriber up to date with what it wants: a position in each cluster, what it missed, and `synced`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial

from stack.errors import NysaError
from stack.live.batches import next_batch
from stack.live.client_messages import Subscribe
from stack.live.clusters import Clusters
from stack.live.delivery import Delivery
from stack.live.event import Event, error_event
from stack.live.forms import Detail
from stack.live.later_loads import LaterLoads
from stack.live.missed import NOTHING_MISSED, Missed, no_source
from stack.live.owed import join
from stack.live.read_ahead import ReadAhead
from stack.live.slow_sync import SlowSync
from stack.live.source import Source
from stack.live.subscriber import Subscriber
from stack.runtime.observers import Observers

log = logging.getLogger(__name__)

# The pause before a subscriber that could not be brought up to date is tried again, and its limit.
RETRY_S = 1.0
LONGEST_RETRY_S = 30.0
# For so long after a load began, a subscriber counts as waiting for loads, in seconds.
LOADING_S = 1.0
# The code and the message for a subscriber where the log has the reason.
INTERNAL = ('internal', 'Something went wrong here; the log has it.')


class Synchronization:
    """`wishes` is notified when a subscriber has joined the clusters that it wants."""

    def __init__(self, source: Source, clusters: Clusters, delivery: Delivery, wishes: Observers[[]], retry_s: float):
        self._source = source
        self._clusters = clusters
        self._delivery = delivery
        self._wishes = wishes
        self.retry_s = retry_s
        # What happened since a time, of what the revisions of clusters do not cover. Raises `NysaError`.
        self.missed_since: Callable[[datetime], Awaitable[Missed]] = no_source
        self._later = LaterLoads(lambda name: source.reach(name, None), retry_s)
        # By the time of the event loop.
        self._loading_until = float('-inf')
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_loading(self) -> bool:
        """Whether a subscriber waits for clusters to be loaded."""
        return asyncio.get_running_loop().time() < self._loading_until

    def start(self, subscriber: Subscriber, wish: Subscribe) -> None:
        """Bring a subscriber up to date in the background; `Subscriber.bringing_up` is the task."""
        subscriber.bringing_up = task = asyncio.get_running_loop().create_task(self._bring_up(subscriber, wish))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        await self._later.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _bring_up(self, subscriber: Subscriber, wish: Subscribe) -> None:
        known, missed, pause = wish.known, NOTHING_MISSED, self.retry_s
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
                        self._wishes.notify()
                    if wish.since is not None:
                        missed = await self.missed_since(wish.since)
                    break
                except NysaError as error:
                    slow.failure, failure = error, (error.code, error.message)
                except Exception as error:
                    log.exception('a subscriber could not be brought up to date, and is tried again')
                    slow.failure, failure = error, INTERNAL
                await self._delivery.send_patiently(subscriber, partial(error_event, *failure))
                if len(subscriber.joining) < left:
                    pause = self.retry_s
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_RETRY_S)
            for event in missed.events:
                if event.cluster is None or subscriber.wants(event.cluster):
                    await self._delivery.send_patiently(subscriber, partial(_made, event))
            await self._delivery.send_patiently(subscriber, lambda: self._source.synced(wanted, missed))
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
                await self._describe_next(subscriber)
                if not (subscriber.batches and self._join_loaded(subscriber)):
                    await self._join_next(subscriber, ahead)
                # A subscriber to a thousand clusters holds up nothing else.
                await asyncio.sleep(0)
        finally:
            ahead.close()

    async def _describe_next(self, subscriber: Subscriber) -> None:
        """Have the next cluster of a subscriber described, where that takes long and it is loaded."""
        name, known = next(iter(subscriber.joining.items()))
        cluster, form = self._clusters.get(name), subscriber.form
        if cluster is not None:
            await cluster.prepare_snapshot(known, form.values, form.detail)

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
            await self._describe_next(subscriber)
            cluster.readers[subscriber] = join(cluster, known)
            del subscriber.joining[name]
            while not self._delivery.send_owed(subscriber, cluster):
                await self._delivery.room(subscriber)

    def _join_loaded(self, subscriber: Subscriber) -> bool:
        """Send what is owed of the next clusters together; false where none is loaded, or it is not accepted now."""
        if not subscriber.outlet.ready():
            return False
        batch = next_batch(subscriber, self._clusters, self._delivery.shared)
        if not batch.positions or not self._delivery.send_batch(subscriber, batch):
            return False
        for cluster, position in batch.positions.items():
            cluster.readers[subscriber] = position
            del subscriber.joining[cluster.name]
        return True

    async def _join_by_summary(self, subscriber: Subscriber, name: str, known: str | None) -> bool:
        """Send the summary of a cluster that is not loaded; false where the cluster has to be loaded."""
        while subscriber.form.detail is Detail.SUMMARY:
            cluster, event = self._clusters.of(name), self._source.summary(name, known)
            if event is None or (cluster.readers and not cluster.stand_in.repeats()):
                # Subscribers that know nothing of it yet, or something else, are owed what the loaded cluster shows.
                return False
            if self._delivery.send(subscriber, event):
                cluster.stand_in.was_sent()
                cluster.readers[subscriber] = cluster.log.end
                del subscriber.joining[name]
                self._later.add(cluster)
                return True
            await self._delivery.room(subscriber)
        return False


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
