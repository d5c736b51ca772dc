"""Live tails: new log lines of a service, read once for all readers of the same, and only while there is one.

CloudWatch is polled: StartLiveTail is billed by the minute, limited to 15 sessions in an account and region, and holds
a thread for each session. See docs/decisions/live-tails.md.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from stack.aws.ports import PerCluster
from stack.errors import NysaError, Throttled, TooManyRequests, Unavailable
from stack.telemetry.log_events import EventQuery, LogEvent, LogLine, LogReader, filter_pattern, log_line
from stack.telemetry.log_sources import LogSource
from stack.telemetry.tail_topic import TailTopic

log = logging.getLogger(__name__)

# Errors after which a tail goes on.
TRANSIENT = (Throttled, Unavailable)
# The pause between two polls of a tail; longer where there are so many that they would take more calls a second.
POLL_S = 2.0
CALLS_A_SECOND = 3.0
# Lines arrive some seconds late, and not in order: each poll reads so far back again, and skips what it has had.
OVERLAP = timedelta(seconds=15)
# Events that one poll reads, and lines of them that are sent, the newest.
EVENTS_A_POLL = 10_000
LINES_A_BATCH = 400
MOST_TAILS = 50
RETRY_S = 10
TAILS_A_READER = 4


@dataclass(frozen=True)
class Batch:
    """New lines of a topic, the oldest first. `dropped` counts those before them that are left out."""

    topic: TailTopic
    lines: Sequence[LogLine]
    dropped: int
    # What readers make of it once for all: by whether secrets are masked.
    frames: dict[bool, Any] = field(default_factory=dict, compare=False)


class TailReader(Protocol):
    """Who follows a topic. No method may wait."""

    def offer(self, batch: Batch) -> None:
        """Send new lines, or count them as dropped if the reader is behind."""
        ...

    def failed(self, topic: TailTopic, error: NysaError) -> None:
        """The tail has ended by an error."""
        ...


# The sources of a topic, as the service's deployments have them now. Raises `NysaError`.
Sources = Callable[[TailTopic], Awaitable[Sequence[LogSource]]]


class Tails:
    def __init__(
        self,
        logs: PerCluster[LogReader],
        sources: Sources,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ):
        self._logs = logs
        self._sources = sources
        self._now = now
        self._sleep = sleep
        self._readers: dict[TailTopic, dict[TailReader, None]] = {}
        self._loops: dict[TailTopic, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._loops)

    def follow(self, topic: TailTopic, reader: TailReader) -> None:
        """Send a reader the lines of a topic from now on. Raises `TooManyRequests`."""
        if reader in self._readers.get(topic, ()):
            return
        if sum(reader in readers for readers in self._readers.values()) >= TAILS_A_READER:
            raise TooManyRequests(f'One socket may follow {TAILS_A_READER} logs; send untail first.', RETRY_S)
        if topic not in self._loops:
            if len(self._loops) >= MOST_TAILS:
                raise TooManyRequests(f'This server follows {MOST_TAILS} logs already; try again later.', RETRY_S)
            self._loops[topic] = asyncio.get_running_loop().create_task(self._run(topic, _Window(self._now())))
        self._readers.setdefault(topic, {})[reader] = None

    def leave(self, reader: TailReader) -> None:
        """End all tails of a reader; a topic without readers is read no more."""
        for topic in [topic for topic, readers in self._readers.items() if reader in readers]:
            del self._readers[topic][reader]
            if not self._readers[topic]:
                self._end(topic)

    async def close(self) -> None:
        loops = list(self._loops.values())
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)

    def _end(self, topic: TailTopic) -> None:
        self._readers.pop(topic, None)
        loop = self._loops.pop(topic, None)
        if loop is not None and loop is not asyncio.current_task():
            loop.cancel()

    async def _run(self, topic: TailTopic, window: '_Window') -> None:
        while True:
            try:
                batch = await self._poll(topic, window)
            except NysaError as error:
                log.warning('the log of %s in %s could not be read: %s', topic.service, topic.cluster, error)
                if not isinstance(error, TRANSIENT):
                    self._fail(topic, error)
                    return
            else:
                for reader in tuple(self._readers.get(topic, ())) if batch.lines else ():
                    reader.offer(batch)
            await self._sleep(max(POLL_S, len(self._loops) / CALLS_A_SECOND))

    def _fail(self, topic: TailTopic, error: NysaError) -> None:
        readers = tuple(self._readers.get(topic, ()))
        self._end(topic)
        for reader in readers:
            reader.failed(topic, error)

    async def _poll(self, topic: TailTopic, window: '_Window') -> Batch:
        sources = await self._sources(topic)
        # Newest first: where there are more than one call gives, the newest are shown.
        query = [
            EventQuery(
                source,
                window.start,
                _milliseconds(self._now() + OVERLAP),
                filter_pattern(topic.text),
                topic.task,
                newest_first=True,
            )
            for source in sources
        ]
        logs = await self._logs.of(topic.cluster)
        pages = await asyncio.gather(*(logs.events(each, EVENTS_A_POLL) for each in query))
        events = [(event, each.source) for each, page in zip(query, pages, strict=True) for event in page.events]
        fresh = sorted(window.new(events), key=lambda found: found[0].milliseconds)
        lines = [log_line(event, source) for event, source in fresh[-LINES_A_BATCH:]]
        return Batch(topic, lines, len(fresh) - len(lines))


class _Window:
    """From when on events are read, and which of them were read before."""

    def __init__(self, now: datetime):
        self._first = self._newest = _milliseconds(now)
        self._known: OrderedDict[str, int] = OrderedDict()

    @property
    def start(self) -> int:
        return max(self._first, self._newest - int(OVERLAP.total_seconds() * 1000))

    def new(self, events: Iterable[tuple[LogEvent, LogSource]]) -> list[tuple[LogEvent, LogSource]]:
        """Those of the events that were not read before."""
        fresh = [found for found in events if found[0].id not in self._known]
        self._known.update((event.id, event.milliseconds) for event, _ in fresh)
        self._newest = max(self._newest, *(event.milliseconds for event, _ in fresh), 0)
        self._known = OrderedDict((id, at) for id, at in self._known.items() if at >= self.start)
        return fresh


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
