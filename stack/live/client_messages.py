"""Messages of clients on the live channel: subscriptions and pings. See docs/events.md."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stack.errors import InvalidRequest

MOST_NAMES = 10_000
MOST_PATTERNS = 100
MOST_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class Subscribe:
    """The clusters that a client subscribes to, and the revisions that it has."""

    clusters: tuple[str, ...]
    known: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ping:
    pass


def read_message(text: str | bytes) -> Subscribe | Ping:
    """Parse a message of a client. Raises `InvalidRequest`."""
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
    if kind != 'subscribe':
        allowed = 'subscribe or ping'
        raise InvalidRequest(f'type must be {allowed}.', [{'path': 'type', 'message': allowed}])
    return subscription(message.get('clusters'), message.get('known', {}))


def subscription(clusters: Any, known: Any) -> Subscribe:
    """Parse a subscription. Raises `InvalidRequest`."""
    texts = isinstance(clusters, list) and all(clusters) and _are_texts(clusters)
    patterns = sum('*' in name for name in clusters) if texts else 0
    if not texts or not 1 <= len(clusters) <= MOST_NAMES or patterns > MOST_PATTERNS:
        allowed = f'a list of 1 to {MOST_NAMES:,} names, of which {MOST_PATTERNS} may be patterns, as ["prod", "stag*"]'
        raise InvalidRequest(f'clusters must be {allowed}.', [{'path': 'clusters', 'message': allowed}])
    fits = isinstance(known, dict) and _are_texts([*known, *known.values()])
    if not fits or len(known) > MOST_KNOWN:
        allowed = f'an object of cluster names and revisions, at most {MOST_KNOWN:,}'
        raise InvalidRequest(f'known must be {allowed}.', [{'path': 'known', 'message': allowed}])
    return Subscribe(tuple(dict.fromkeys(clusters)), known)


def _are_texts(values: Iterable[Any]) -> bool:
    """Whether all are text that UTF-8 can encode: JSON may contain lone surrogates."""
    try:
        ''.join(values).encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return True
