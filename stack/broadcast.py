"""Fan-out: every event to every subscriber that wants it, in order, and no reader ever waits for another.

A reader that was behind gets the newest state, and is told how many messages that stands for.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Mapping

from stack import events
from stack.errors import NysaError
from stack.event_source import Source
from stack.events import Event, Subscribe, matcher
from stack.newest import Newest
from stack.subscriber import Behind, Subscriber

log = logging.getLogger(__name__)

# Writes in one turn of the loop: more would hold up every request that comes meanwhile.
WRITES_A_TURN = 100
# How often those that are behind are looked at; also the pause between two batches for whoever wants to be paced.
TICK_S = 0.1
# The pause before a subscriber that could not be brought up to date is tried again, and its limit.
RETRY_S = 1.0
LONGEST_RETRY_S = 30.0


class Hub:
    """`framing` wraps an encoded event as the outlets send it; `interest` is told when what is listened to changes."""

    def __init__(
        self,
        source: Source,
        framing: Callable[[bytes], bytes] = bytes,
        interest: Callable[[], None] = lambda: None,
        retry_s: float = RETRY_S,
    ):
        self._retry_s = retry_s
        self._source = source
        self._newest = Newest(source)
        self._framing = framing
        self._interest = interest
        self._subscribers: dict[Subscriber, None] = {}
        # By cluster, for those that were asked about: finding the readers anew costs a match for each subscriber.
        self._interested: dict[str, dict[Subscriber, None]] = {}
        self._queue: deque[tuple[int, Event]] = deque()
        self._published = 0
        self._handed_out = 0
        self._tasks: set[asyncio.Task] = set()
        self._pump: asyncio.Task | None = None
        self._late: dict[Subscriber, None] = {}
        self._looking: asyncio.Task | None = None

    def __len__(self) -> int:
        return len(self._subscribers)

    def listens(self, cluster: str) -> bool:
        """Whether anybody wants to hear of the cluster."""
        return bool(self._readers(cluster))

    def owed(self) -> list[int]:
        """The bytes of events that are kept for each subscriber that is behind."""
        return [sum(each.bytes for each in subscriber.behind.values()) for subscriber in self._late]

    def publish(self, event: Event) -> None:
        """Send an event to whoever wants it. Events of one cluster arrive in the order of the calls."""
        self._newest.forget(event.cluster)
        self._published += 1
        self._queue.append((self._published, event))
        if self._pump is None:
            self._pump = self._start(self._run())

    def subscribe(self, subscriber: Subscriber, wish: Subscribe) -> None:
        """Bring a subscriber up to date with what it wants, and keep it so; replaces what it wanted before."""
        if subscriber.bringing_up is not None:
            subscriber.bringing_up.cancel()
        subscriber.fits = matcher(wish.clusters)
        subscriber.behind.clear()
        subscriber.syncing.clear()
        subscriber.beginning = True
        self._subscribers[subscriber] = None
        for cluster, readers in self._interested.items():
            readers.pop(subscriber, None)
            if subscriber.wants(cluster):
                readers[subscriber] = None
        subscriber.bringing_up = self._start(self._bring_up(subscriber, wish.known))
        self._interest()

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a subscriber; its outlet is not written to any more."""
        if subscriber.bringing_up is not None:
            subscriber.bringing_up.cancel()
        self._subscribers.pop(subscriber, None)
        self._late.pop(subscriber, None)
        for readers in self._interested.values():
            readers.pop(subscriber, None)
        if not self._subscribers:
            self._interested.clear()
        self._interest()

    def writable(self, subscriber: Subscriber) -> None:
        """Told by an outlet whose reader has caught up: send on without waiting for the next tick."""
        subscriber.wake()
        if subscriber.behind and not subscriber.held:
            self._catch_up(subscriber)

    async def drain(self) -> None:
        """Wait until everything that was published has been handed out or kept for those that are behind."""
        while self._pump is not None:
            await asyncio.wait([self._pump])

    async def close(self) -> None:
        await self.drain()
        self._newest.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _readers(self, cluster: str) -> dict[Subscriber, None]:
        readers = self._interested.get(cluster)
        if readers is None:
            readers = self._interested[cluster] = {each: None for each in self._subscribers if each.wants(cluster)}
        return readers

    async def _run(self) -> None:
        written = 0
        try:
            while self._queue:
                number, event = self._queue.popleft()
                for subscriber in tuple(self._readers(event.cluster)):
                    self._deliver(subscriber, number, event)
                    written += 1
                    if written % WRITES_A_TURN == 0:
                        await asyncio.sleep(0)
                self._handed_out = number
        finally:
            self._pump = None

    def _deliver(self, subscriber: Subscriber, number: int, event: Event) -> None:
        kept = subscriber.behind or subscriber.held or subscriber.waits(event.cluster)
        if not kept and subscriber.outlet.offer(self._frame(event, subscriber.values)):
            if subscriber.paced:
                self._hold(subscriber)
            return
        subscriber.keep(number, event)
        self._look_later(subscriber)

    def _hold(self, subscriber: Subscriber) -> None:
        subscriber.held = True
        self._look_later(subscriber)

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
        subscriber.wake()
        before = len(subscriber.behind)
        self._catch_up(subscriber)
        if subscriber.paced and before:
            subscriber.held = True
        if subscriber.behind or subscriber.held:
            self._late[subscriber] = None

    def _catch_up(self, subscriber: Subscriber) -> None:
        """Send what is owed, cluster by cluster, until the reader is behind again."""
        for cluster in [each for each in subscriber.behind if not subscriber.waits(each)]:
            if not subscriber.outlet.ready() or not self._settle(subscriber, cluster, subscriber.behind[cluster]):
                return
            del subscriber.behind[cluster]

    def _settle(self, subscriber: Subscriber, cluster: str, behind: Behind) -> bool:
        if behind.snapshot:
            event = self._newest.snapshot(cluster)
            return event is None or self._send(subscriber, event, behind.merged)
        while behind.events:
            _, event = behind.events[0]
            if not self._send(subscriber, event):
                return False
            behind.events.popleft()
            behind.bytes -= len(event.text(subscriber.values))
        if not behind.rollout:
            return True
        event = self._newest.movement(cluster, behind.moved)
        return event is None or self._send(subscriber, event, behind.merged)

    def _send(self, subscriber: Subscriber, event: Event, merged: int = 0) -> bool:
        if merged:
            return subscriber.outlet.offer(self._framing(event.text(subscriber.values, merged)))
        return subscriber.outlet.offer(self._frame(event, subscriber.values))

    def _frame(self, event: Event, values: bool) -> bytes:
        frame = event.frames.get(values)
        if frame is None:
            frame = event.frames[values] = self._framing(event.text(values))
        return frame

    async def _bring_up(self, subscriber: Subscriber, known: Mapping[str, str]) -> None:
        pause = self._retry_s
        try:
            while True:
                try:
                    return await self._bring_up_once(subscriber, known)
                except NysaError as failed:
                    await self._send_patiently(subscriber, events.error(failed.code, failed.message))
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_RETRY_S)
        except Exception:
            log.exception('a subscriber could not be brought up to date')
        finally:
            if subscriber.bringing_up is asyncio.current_task():
                subscriber.bringing_up = None

    async def _bring_up_once(self, subscriber: Subscriber, known: Mapping[str, str]) -> None:
        names = await self._source.names()
        if any(subscriber.wants(each) for each in set(known).difference(names)):
            # Another replica may have told of it a moment ago.
            names = await self._source.names(anew=True)
        there = frozenset(names)
        gone = sorted(set(known) - there)
        wanted = [each for each in [*names, *gone] if subscriber.wants(each)]
        subscriber.syncing.update(wanted)
        subscriber.beginning = False
        for cluster in wanted:
            if cluster in subscriber.syncing:
                if cluster in there:
                    await self._source.ready(cluster)
                if not await self._resume(subscriber, cluster, known.get(cluster)):
                    await self._start_anew(subscriber, cluster, known.get(cluster))
        await self._send_patiently(subscriber, self._source.synced(wanted))

    async def _resume(self, subscriber: Subscriber, cluster: str, known: str | None) -> bool:
        """Send every revision since the known one, and what runs now; false where that cannot be done."""
        while known is not None:
            current = self._source.revision(cluster)
            if current is None:
                return False
            if known == current:
                number, movement = self._published, self._newest.movement(cluster, None)
                if movement:
                    await self._send_patiently(subscriber, movement)
                await self._go_live(subscriber, cluster, number, ('desired', 'cluster'))
                return True
            found = await self._source.since(cluster, known)
            if found is None:
                return False
            missed, known = found
            for event in missed:
                await self._send_patiently(subscriber, event)
        return False

    async def _start_anew(self, subscriber: Subscriber, cluster: str, known: str | None) -> None:
        number, snapshot = self._published, self._newest.snapshot(cluster, known)
        if snapshot:
            await self._send_patiently(subscriber, snapshot)
        await self._go_live(subscriber, cluster, number)

    async def _go_live(
        self, subscriber: Subscriber, cluster: str, number: int, kinds: Collection[str] | None = None
    ) -> None:
        """Send on what was kept meanwhile, but for what was sent instead of the events up to `number`."""
        while self._handed_out < number:  # noqa: ASYNC110  the pump has its turn in this very loop
            await asyncio.sleep(0)
        subscriber.syncing.discard(cluster)
        behind = subscriber.behind.get(cluster)
        if behind is None:
            return
        behind.forget_until(number, kinds)
        if behind:
            self._look_later(subscriber)
        else:
            del subscriber.behind[cluster]

    async def _send_patiently(self, subscriber: Subscriber, event: Event) -> None:
        while not self._send(subscriber, event):
            subscriber.room = room = asyncio.Event()
            self._look_later(subscriber)
            await room.wait()
