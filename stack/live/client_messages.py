"""The messages that clients send on the live channel. See docs/events.md."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stack.errors import InvalidRequest
from stack.live.forms import Detail
from stack.telemetry.tail_topic import TailTopic

MOST_NAMES = 10_000
MOST_PATTERNS = 100
MOST_KNOWN = 10_000
LONGEST_FILTER = 1024
LONGEST_NAME = 255
# Nothing was stored before.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

TYPES = ('subscribe', 'ping', 'tail', 'untail')


@dataclass(frozen=True, slots=True)
class Subscribe:
    """The clusters that a client wants, by name or pattern, the revisions that it has, and when it was last here."""

    clusters: tuple[str, ...]
    known: Mapping[str, str]
    detail: Detail = Detail.ALL
    # The `at` of the last message that the client received in step; None where it does not want to know what it missed.
    since: datetime | None = None
    # Whether it accepts the events of several clusters as one message, while it is sent what it asked for.
    batches: bool = False


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks for a `pong`."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Follows the log of a service."""

    topic: TailTopic


@dataclass(frozen=True, slots=True)
class Untail:
    """Ends all tails of the socket."""


Message = Subscribe | Ping | Tail | Untail


def read_message(text: str | bytes) -> Message:
    """The message in a frame. Raises `InvalidRequest`."""
    if isinstance(text, bytes):
        raise InvalidRequest('A message is JSON in a text frame; this one is binary.')
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidRequest('A message must be JSON.') from None
    if not isinstance(message, dict):
        raise InvalidRequest('A message must be a JSON object.')
    kind = message.get('type')
    if kind == 'ping':
        return Ping()
    if kind == 'tail':
        return Tail(tail_topic(message))
    if kind == 'untail':
        return Untail()
    if kind != 'subscribe':
        allowed = ', '.join(TYPES[:-1]) + f' or {TYPES[-1]}'
        raise InvalidRequest(f'type must be {allowed}.', [{'path': 'type', 'message': allowed}])
    return subscription(
        message.get('clusters'),
        message.get('known', {}),
        message.get('detail'),
        message.get('since'),
        message.get('batches', False),
    )


def subscription(clusters: Any, known: Any, detail: Any = None, since: Any = None, batches: Any = False) -> Subscribe:
    """A subscription from what a client sent. Raises `InvalidRequest`."""
    is_texts = isinstance(clusters, list) and all(clusters) and _are_texts(clusters)
    patterns = sum('*' in name for name in clusters) if is_texts else 0
    if not is_texts or not 1 <= len(clusters) <= MOST_NAMES or patterns > MOST_PATTERNS:
        allowed = f'a list of 1 to {MOST_NAMES:,} names, of which {MOST_PATTERNS} may be patterns, as ["prod", "stag*"]'
        raise InvalidRequest(f'clusters must be {allowed}.', [{'path': 'clusters', 'message': allowed}])
    is_map = isinstance(known, dict) and _are_texts([*known, *known.values()])
    if not is_map or len(known) > MOST_KNOWN:
        allowed = f'an object of cluster names and revisions, at most {MOST_KNOWN:,}'
        raise InvalidRequest(f'known must be {allowed}.', [{'path': 'known', 'message': allowed}])
    return Subscribe(tuple(dict.fromkeys(clusters)), known, _detail(detail), _since(since), _batches(batches))


def _detail(value: Any) -> Detail:
    """Without a detail, a client knows no deltas."""
    if value is None:
        return Detail.ALL
    for detail in (Detail.SUMMARY, Detail.ROWS, Detail.SERVICES):
        if value == detail.value:
            return detail
    allowed = 'summary, rows or services'
    raise InvalidRequest(f'detail must be {allowed}.', [{'path': 'detail', 'message': allowed}])


def _batches(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidRequest('batches must be true or false.', [{'path': 'batches', 'message': 'true or false'}])
    return value


def _since(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return max(EARLIEST, moment.astimezone(UTC))
    except (TypeError, ValueError, OverflowError):
        allowed = 'the time of a message, with its UTC offset'
        raise InvalidRequest(f'since must be {allowed}.', [{'path': 'since', 'message': allowed}]) from None


def tail_topic(message: Mapping[str, Any]) -> TailTopic:
    """What a client wants to follow. Raises `InvalidRequest`."""
    cluster, service, task, container = (
        _text(message, name, LONGEST_NAME) for name in ('cluster', 'service', 'task', 'container')
    )
    missing = [name for name, value in (('cluster', cluster), ('service', service)) if not value]
    if missing:
        raise InvalidRequest(
            f'A tail needs {" and ".join(missing)}.', [{'path': name, 'message': 'a name'} for name in missing]
        )
    return TailTopic(cluster, service, task, container, _text(message, 'filter', LONGEST_FILTER))


def _text(message: Mapping[str, Any], name: str, longest: int) -> str:
    value = message.get(name, '')
    if value is None:
        return ''
    if not isinstance(value, str) or len(value) > longest or not _are_texts([value]):
        allowed = f'text of at most {longest} characters'
        raise InvalidRequest(f'{name} must be {allowed}.', [{'path': name, 'message': allowed}])
    return value


def _are_texts(values: Iterable[Any]) -> bool:
    """Whether all are text that UTF-8 can encode: JSON may hold halves of surrogate pairs."""
    try:
        ''.join(values).encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return True
