"""moto's Logs with the lines of running containers, which are made when they are read; and paging as AWS has it.

A stream's lines follow from its source (a plain mapping on moto's object, so that a snapshot has it) and from time.
"""

import hashlib
import heapq
import json
import math
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogGroup, LogsBackend, LogStream
from moto.logs.responses import LogsResponse

from stack.sandbox.patching import replace
from stack.sandbox.telemetry.log_lines import LogSource, lines, newest_first
from stack.sandbox.telemetry.log_patterns import InvalidPattern, compiled

_SOURCE = 'log_source'
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
_MOST = 10_000
# One call reads at most so many lines; the rest is behind its token, as in AWS.
_SCANNED = 20_000

_CLOCKS: dict[str, Callable[[], float]] = {}


def connect(account: str, now: Callable[[], float]) -> None:
    """Have an account's containers write until that time (seconds since 1970), until `disconnect`."""
    _CLOCKS[account] = now


def disconnect(account: str) -> None:
    _CLOCKS.pop(account, None)


@cache
def install() -> None:
    replace(LogsResponse, 'filter_log_events', _filter_log_events)
    replace(LogsResponse, 'get_log_events', _get_log_events)
    replace(LogStream, '_update', _with_source(LogStream._update))


def set_source(stream: LogStream, source: LogSource) -> None:
    """Have a stream get the lines of a container from now on."""
    vars(stream)[_SOURCE] = vars(source).copy()


def end_source(stream: LogStream, at: float) -> None:
    """The container has stopped: no lines after that time."""
    if _SOURCE in vars(stream):
        vars(stream)[_SOURCE]['end'] = at


class Event(NamedTuple):
    """A log event. Ids sort as events do: by time, then by stream, then by position."""

    id: str
    at: int
    message: str
    stream: str
    ingested: int

    def shown(self) -> dict[str, Any]:
        return {'timestamp': self.at, 'message': self.message, 'ingestionTime': self.ingested}


def events(stream: LogStream, start: float, end: float, *, reverse: bool = False) -> Iterator[Event]:
    """A stream's events between two times in seconds, both inclusive; the oldest first unless `reverse`."""
    name, number = stream.log_stream_name, int(hashlib.sha256(stream.arn.encode()).hexdigest()[:15], 16)

    def event(at: int, sequence: int, message: str, ingested: int) -> Event:
        return Event(f'{at:016d}{number:020d}{sequence:020d}', at, message, name, ingested)

    stored = [
        event(entry.timestamp, 10**12 + entry.event_id, entry.message, entry.ingestion_time)
        for entry in stream.events
        if start * 1000 <= entry.timestamp <= end * 1000
    ]
    stored.sort(reverse=reverse)
    source = _source(stream)
    if source is None:
        return iter(stored)
    until = min(end, _CLOCKS.get(stream.account_id, lambda: math.inf)())
    made = (newest_first if reverse else lines)(source, stream.arn, start, until)
    written = (event(line.at, line.number, line.message, line.at) for line in made)
    return heapq.merge(stored, written, reverse=reverse)


def _source(stream: LogStream) -> LogSource | None:
    fields = vars(stream).get(_SOURCE)
    return LogSource(**fields) if fields else None


def _with_source(update: Callable[[LogStream], None]) -> Any:
    def updated(self: LogStream) -> None:
        """The time of the last event counts the lines that are made when they are read."""
        update(self)
        last = next(events(self, 0, math.inf, reverse=True), None) if _source(self) and self.events else None
        if last is not None:
            vars(self)['last_event_timestamp'] = last.at

    return updated


def _group(response: LogsResponse) -> LogGroup:
    backend: LogsBackend = response.logs_backend
    name = response._get_param('logGroupName')
    identifier = response._get_param('logGroupIdentifier')
    return backend._find_log_group(log_group_id=identifier, log_group_name=name)


def _limit(response: LogsResponse) -> int:
    limit = response._get_param('limit')
    if limit is not None and not 1 <= limit <= _MOST:
        raise InvalidParameterException(
            constraint='Member must have value less than or equal to 10000', parameter='limit', value=limit
        )
    return limit or _MOST


def _times(response: LogsResponse) -> tuple[float, float]:
    start, end = response._get_param('startTime'), response._get_param('endTime')
    return (start or 0) / 1000, math.inf if end is None else end / 1000


def _filter_log_events(self: LogsResponse) -> str:
    """Of several streams, sorted by time; the token names the last event that was read."""
    names, prefix = self._get_param('logStreamNames', []), self._get_param('logStreamNamePrefix')
    if names and prefix:
        raise InvalidParameterException('Only one of logStreamNames or logStreamNamePrefix can be provided.')
    try:
        matches = compiled(self._get_param('filterPattern') or '')
    except InvalidPattern as error:
        raise InvalidParameterException(str(error)) from error
    streams = [
        stream
        for name, stream in _group(self).streams.items()
        if (name in names if names else name.startswith(prefix or ''))
    ]
    start, end = _times(self)
    reverse = self._get_param('startFromHead') is False
    token = self._get_param('nextToken')
    if token:
        start, end = (start, _time(token)) if reverse else (_time(token), end)
    merged = heapq.merge(*(events(stream, start, end, reverse=reverse) for stream in streams), reverse=reverse)
    page, position = _page(_beyond(merged, token, reverse), matches, _limit(self))
    answer: dict[str, Any] = {
        'events': [event.shown() | {'eventId': event.id, 'logStreamName': event.stream} for event in page],
        'searchedLogStreams': [],
    }
    return json.dumps(answer | ({'nextToken': position} if position else {}))


def _time(token: str) -> float:
    if not token.isdecimal() or len(token) != 56:
        raise InvalidParameterException('The specified nextToken is invalid.')
    return int(token[:16]) / 1000


def _beyond(merged: Iterable[Event], token: str | None, reverse: bool) -> Iterator[Event]:
    for event in merged:
        if not token or (event.id < token if reverse else event.id > token):
            yield event


def _page(merged: Iterator[Event], matches: Callable[[str], bool], limit: int) -> tuple[list[Event], str]:
    """The matching events of one page, and the id of the last event read if there are more."""
    page: list[Event] = []
    last = ''
    for event in islice(merged, _SCANNED):
        if len(page) == limit:
            return page, last
        last = event.id
        if matches(event.message):
            page.append(event)
    return page, last if next(merged, None) is not None else ''


def _get_log_events(self: LogsResponse) -> str:
    """Of one stream. A token is a direction (`f` or `b`) and the id of the event to go on from."""
    stream = _group(self).streams.get(self._get_param('logStreamName'))
    if stream is None:
        raise ResourceNotFoundException('The specified log stream does not exist.')
    start, end = _times(self)
    direction, _, position = (self._get_param('nextToken') or '').partition('/')
    forward = direction == 'f' if direction else bool(self._get_param('startFromHead', False))
    if direction not in ('', 'f', 'b'):
        raise InvalidParameterException('The specified nextToken is invalid.')
    if position:
        start, end = (max(start, _time(position)), end) if forward else (start, min(end, _time(position)))
    found = _beyond(events(stream, start, end, reverse=not forward), position, not forward)
    page = sorted(islice(found, _limit(self)))
    edge = position or f'{0:056d}'
    return json.dumps(
        {
            'events': [event.shown() for event in page],
            'nextBackwardToken': f'b/{page[0].id if page else edge}',
            'nextForwardToken': f'f/{page[-1].id if page else edge}',
        }
    )
