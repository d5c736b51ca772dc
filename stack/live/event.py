"""An event of the live channel, in two encodings: with secrets, and for viewers without. See docs/events.md."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from stack.runtime.masking import concealed
from stack.runtime.moments import stamp

Json = Mapping[str, Any]


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


def error_event(code: str, message: str, details: Sequence[Json] = ()) -> Event:
    """An answer to what could not be done or read; the connection stays open."""
    return Event('error', None, {'code': code, 'message': message, 'details': list(details)}, at=datetime.now(UTC))
