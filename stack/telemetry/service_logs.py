"""Pages of a service's log: the lines of all its containers, in the order of time.

A page is bounded in calls and in time, so that it answers soon however large the log group is: the cursor goes on from
there. It holds the question, so that it stays the same from page to page, and a position in each source.
"""

import asyncio
import base64
import binascii
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from stack.errors import InvalidRequest, Throttled
from stack.telemetry.log_events import EventQuery, LogEvent, LogLine, LogReader, filter_pattern, log_line
from stack.telemetry.log_sources import LogSource

# Events that one call gives; the same in each, so that a page that is read again has the same events.
EVENTS_A_CALL = 500
# What one page may cost; CloudWatch allows 5 to 25 calls a second in an account and region.
MOST_CALLS = 8
WITHIN_S = 10.0


@dataclass(frozen=True)
class LogQuestion:
    """Times in milliseconds since 1970; `task`, `container` and `text` are empty for all."""

    since: int
    until: int
    text: str = ''
    task: str = ''
    container: str = ''
    newest_first: bool = True


@dataclass(frozen=True)
class LogPosition:
    """A position in a source: the token of a page (None: the first), and the id of the last event that was given."""

    token: str | None = None
    after: str | None = None
    ended: bool = False


@dataclass(frozen=True)
class LogCursor:
    """Where the next page begins: the question, and by source the position."""

    question: LogQuestion
    positions: Mapping[str, LogPosition] = field(default_factory=dict)

    def encode(self) -> str:
        positions = {source: asdict(position) for source, position in self.positions.items()}
        text = json.dumps({'question': asdict(self.question), 'positions': positions})
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')

    @classmethod
    def decode(cls, text: str) -> 'LogCursor':
        """Raises `InvalidRequest` for text that `encode` did not make."""
        try:
            content = json.loads(base64.urlsafe_b64decode(text + '=' * (-len(text) % 4)))
            question = LogQuestion(**content['question'])
            if not (isinstance(question.since, int) and isinstance(question.until, int)):
                raise ValueError('times are integers')
            positions = {str(source): LogPosition(**each) for source, each in content['positions'].items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
            detail = 'the cursor of a page before, as it was given'
            raise InvalidRequest(f'cursor must be {detail}.', [{'path': 'cursor', 'message': detail}]) from None
        return cls(question, positions)


@dataclass(frozen=True)
class LogPage:
    """`cursor` leads to what follows; None at the end of the log."""

    lines: Sequence[LogLine]
    cursor: LogCursor | None


class _Stream:
    """The events of one source, page by page."""

    def __init__(self, source: LogSource, query: EventQuery, position: LogPosition):
        self.source = source
        self.events: list[LogEvent] = []
        self._query = query
        self._token, self._after = position.token, position.after
        self._next: str | None = position.token
        self._ended = position.ended
        self._is_read = False

    @property
    def is_missing_events(self) -> bool:
        """Whether a page must be read before it is known which event is next."""
        return not self.events and not self.is_over

    @property
    def is_over(self) -> bool:
        return self._ended and not self.events

    async def read(self, reader: LogReader) -> None:
        """Read the next page; that of the cursor first, without the events that were given."""
        token = self._next
        page = await reader.events(self._query, EVENTS_A_CALL, token)
        events = list(page.events)
        if not self._is_read and self._after is not None:
            ids = [event.id for event in events]
            events = events[ids.index(self._after) + 1 :] if self._after in ids else events
        else:
            self._after = None
        self._is_read = True
        self._token, self._next, self._ended = token, page.token, page.token is None
        self.events = events

    def take(self) -> LogEvent:
        event = self.events.pop(0)
        self._after = event.id
        return event

    def position(self) -> LogPosition:
        if self.events:
            return LogPosition(self._token, self._after)
        if self._ended:
            return LogPosition(ended=True)
        return LogPosition(self._next, None if self._is_read else self._after)


async def read_page(
    reader: LogReader,
    sources: Sequence[LogSource],
    cursor: LogCursor,
    limit: int,
    clock: Callable[[], float] = time.monotonic,
) -> LogPage:
    """The next lines of some sources, at most `limit`; fewer where AWS throttles. Raises `AwsFailed`."""
    question, end, calls = cursor.question, clock() + WITHIN_S, 0
    streams = [
        _stream(source, cursor) for source in sources if not cursor.positions or _key(source) in cursor.positions
    ]
    lines: list[LogLine] = []
    while len(lines) < limit:
        missing = [stream for stream in streams if stream.is_missing_events]
        if missing:
            if calls + len(missing) > max(MOST_CALLS, len(streams)) or clock() >= end:
                break
            calls += len(missing)
            reads = (stream.read(reader) for stream in missing)
            failed = next((each for each in await asyncio.gather(*reads, return_exceptions=True) if each), None)
            if isinstance(failed, Throttled) and lines:
                break
            if failed:
                raise failed
            continue
        waiting = [stream for stream in streams if stream.events]
        if not waiting:
            return LogPage(lines, None)
        sign = -1 if question.newest_first else 1
        stream = min(waiting, key=lambda each: sign * each.events[0].milliseconds)
        lines.append(log_line(stream.take(), stream.source))
    if all(stream.is_over for stream in streams):
        return LogPage(lines, None)
    return LogPage(lines, LogCursor(question, {_key(stream.source): stream.position() for stream in streams}))


def _stream(source: LogSource, cursor: LogCursor) -> _Stream:
    question = cursor.question
    query = EventQuery(
        source,
        question.since,
        question.until,
        filter_pattern(question.text),
        question.task,
        question.newest_first,
    )
    return _Stream(source, query, cursor.positions.get(_key(source), LogPosition()))


def _key(source: LogSource) -> str:
    return '|'.join((source.region or '', source.group, source.stream_prefix))


def page_json(page: LogPage, *, masks: bool) -> dict[str, Any]:
    return {
        'content': [line.to_json(masks=masks) for line in page.lines],
        'cursor': page.cursor.encode() if page.cursor else None,
    }
