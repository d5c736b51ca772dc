"""An event of the live channel, encoded once for each form in which subscribers want it. See docs/events.md."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from stack.live.brief import BRIEF, brief
from stack.live.forms import Detail, Form
from stack.live.lean import LEAN, lean
from stack.live.packed_text import packed, unpacked
from stack.runtime.masking import concealed
from stack.runtime.moments import stamp

Json = Mapping[str, Any]

# The key of the text with secrets and all that subscribers can have.
_WHOLE = True, Detail.ALL
# One object for all events: Python makes another for each call of `frozenset()`.
_NONE: frozenset[str] = frozenset()


class Message(Protocol):
    """What subscribers are sent: an event, or a snapshot."""

    @property
    def frames(self) -> dict[tuple[Form, int], bytes]:
        """Those that were made, by form and number of merged events."""

    @property
    def type(self) -> str: ...

    def text(self, values: bool, merged: int = 0, detail: Detail = Detail.ALL) -> bytes: ...


class Event:
    """One message. `services` are those that a `rollout` moves, `delta` is its content relative to the one before.

    Its texts are kept by whether secrets are shown and by detail, in `frames` those of its senders by form and number
    of merged events. An event that rests has only its whole text, compressed; what is made from it is kept until it
    rests again.
    """

    __slots__ = (
        '_content',
        '_frames',
        '_packed',
        '_texts',
        'cluster',
        'delta',
        'previous',
        'revision',
        'services',
        'type',
    )

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
        self._content: Json | None = {**head, **content}
        self.revision: str | None = content.get('revision')
        self.previous: str | None = content.get('previous')
        self.services = frozenset(services) or _NONE
        self.delta: Json | None = None
        self._packed: bytes | None = None
        # None instead of empty ones: most events rest.
        self._texts: dict[tuple[bool, Detail], bytes] | None = None
        self._frames: dict[tuple[Form, int], bytes] | None = None

    def __repr__(self) -> str:
        return f'<{self.type} {self.cluster} {self.revision or ""}>'

    @property
    def content(self) -> Json:
        if self._content is not None:
            return self._content
        content: Json = json.loads(self.text(values=True))
        return content

    @property
    def frames(self) -> dict[tuple[Form, int], bytes]:
        if self._frames is None:
            self._frames = {}
        return self._frames

    def rest(self) -> None:
        """Keep only the whole text, for subscribers that come back."""
        if self._packed is None:
            self._packed = packed(self.text(values=True))
        self._content = self.delta = self._texts = self._frames = None

    def text(self, values: bool, merged: int = 0, detail: Detail = Detail.ALL) -> bytes:
        """The message as JSON in UTF-8, with `values` unless secrets are masked; `merged` others are part of it."""
        if self._texts is None:
            self._texts = {} if self._packed is None else {_WHOLE: unpacked(self._packed)}
        key = values, detail
        if key not in self._texts:
            self._texts[key] = self._encode(values, detail)
        return with_merged(self._texts[key], merged)

    def readable(self, values: bool, detail: Detail) -> Json:
        """The content in a detail, with `values` unless secrets are masked."""
        shown = self.shown(self.content, detail)
        return shown if values else concealed(shown)

    def shown(self, content: Json, detail: Detail) -> Json:
        """The content in a detail."""
        if detail is Detail.SUMMARY and self.type in BRIEF:
            return brief(content)
        moved = content if detail is Detail.ALL or self.delta is None else self.delta
        return lean(moved) if detail is Detail.ROWS and self.type in LEAN else moved

    def _encode(self, values: bool, detail: Detail) -> bytes:
        whole = self.content
        shown = self.shown(whole, detail)
        if shown is whole and detail is not Detail.ALL:
            return self.text(values)
        content = shown if values else concealed(shown)
        if not values and content == shown:
            return self.text(values=True, detail=detail)
        return encoded(content)


def encoded(content: Json) -> bytes:
    """A message as it is sent."""
    return json.dumps(content, ensure_ascii=False, separators=(',', ':')).encode()


def with_merged(text: bytes, merged: int) -> bytes:
    """The text of a message that stands for so many others as well."""
    return text if not merged else b'%s,"merged":%d}' % (text[:-1], merged)


def error_event(code: str, message: str, details: Sequence[Json] = ()) -> Event:
    """An answer to what could not be done or read; the connection stays open."""
    return Event('error', None, {'code': code, 'message': message, 'details': list(details)}, at=datetime.now(UTC))
