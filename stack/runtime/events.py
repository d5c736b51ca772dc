"""The messages of the live channel: what each holds, in its two forms, and what a client may say. See docs/events.md.

The second form is for callers who may only look: see `stack.runtime.masking.concealed`.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stack.errors import InvalidRequest
from stack.runtime.masking import concealed

Json = Mapping[str, Any]

MOST_NAMES = 10_000
MOST_PATTERNS = 100
MOST_KNOWN = 10_000


class Event:
    """One message, encoded at most once for each form however many read it; `frames` is for its senders.

    `services` are those that a `rollout` moves.
    """

    __slots__ = ('cluster', 'content', 'encoded', 'frames', 'services', 'type')

    def __init__(
        self,
        kind: str,
        cluster: str | None,
        content: Json,
        *,
        at: datetime,
        services: Iterable[str] = (),
    ):
        head = {'type': kind} | ({'cluster': cluster} if cluster is not None else {}) | {'at': stamp(at)}
        self.type = kind
        self.cluster = cluster
        self.content = {**head, **content}
        self.services = frozenset(services)
        self.encoded: dict[bool, bytes] = {}
        self.frames: dict[bool, bytes] = {}

    def __repr__(self) -> str:
        return f'<{self.type} {self.cluster} {self.content.get("revision", "")}>'

    def text(self, values: bool, merged: int = 0) -> bytes:
        """The message as JSON in UTF-8, with `values` unless secrets are masked; `merged` others are part of it."""
        if values not in self.encoded:
            self.encoded[values] = self._encode(values)
        text = self.encoded[values]
        return text if not merged else b'%s,"merged":%d}' % (text[:-1], merged)

    def _encode(self, values: bool) -> bytes:
        content = self.content if values else concealed(self.content)
        if not values and content == self.content:
            return self.text(values=True)
        return json.dumps(content, ensure_ascii=False, separators=(',', ':')).encode()


def error(code: str, message: str, details: Sequence[Json] = ()) -> Event:
    """An answer to what could not be done or read; the connection stays open."""
    return Event('error', None, {'code': code, 'message': message, 'details': list(details)}, at=datetime.now(UTC))


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec='milliseconds')


@dataclass(frozen=True, slots=True)
class Subscribe:
    """What a client wants to hear of, and the revisions that it has."""

    clusters: tuple[str, ...]
    known: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ping:
    pass


def read_message(text: str | bytes) -> Subscribe | Ping:
    """What a client says. Raises `InvalidRequest`."""
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
    """A subscription from what a client gave. Raises `InvalidRequest`."""
    texts = isinstance(clusters, list) and all(clusters) and _are_texts(clusters)
    patterns = sum('*' in each for each in clusters) if texts else 0
    if not texts or not 1 <= len(clusters) <= MOST_NAMES or patterns > MOST_PATTERNS:
        allowed = f'a list of 1 to {MOST_NAMES:,} names, of which {MOST_PATTERNS} may be patterns, as ["prod", "stag*"]'
        raise InvalidRequest(f'clusters must be {allowed}.', [{'path': 'clusters', 'message': allowed}])
    fits = isinstance(known, dict) and _are_texts([*known, *known.values()])
    if not fits or len(known) > MOST_KNOWN:
        allowed = f'an object of cluster names and revisions, at most {MOST_KNOWN:,}'
        raise InvalidRequest(f'known must be {allowed}.', [{'path': 'known', 'message': allowed}])
    return Subscribe(tuple(dict.fromkeys(clusters)), known)


def _are_texts(given: Iterable[Any]) -> bool:
    """Whether it is text that can be said again: JSON may hold halves of characters, UTF-8 may not."""
    try:
        ''.join(given).encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return True


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a name fits one of the patterns; `*` stands for any characters.

    Whoever listens chooses them: a regular expression of a few stars could be busy with one name for minutes.
    """
    patterns = frozenset(patterns)
    names = frozenset(each for each in patterns if '*' not in each)
    parted = [each.split('*') for each in patterns - names]
    return lambda name: name in names or any(_fits(parts, name) for parts in parted)


def _fits(parts: Sequence[str], name: str) -> bool:
    first, *middle, last = parts
    at, end = len(first), len(name) - len(last)
    if at > end or not (name.startswith(first) and name.endswith(last)):
        return False
    for part in middle:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
