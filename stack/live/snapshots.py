"""Snapshots of clusters for new subscribers, encoded once and kept while the clusters show the same.

To describe and encode a cluster takes longer than to send it, and most clusters are at rest while pages come and go.
What is kept has none of the times that each message has of its own: when it was made, and when ECS was last looked at.
"""

import asyncio
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from stack.live import cluster_events
from stack.live.cluster_events import Rows
from stack.live.event import Event, encoded, with_merged
from stack.live.forms import Detail, Form
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.cluster_view import service_row
from stack.rollouts.revision_view import depends_on_look
from stack.runtime.lru import LruCache
from stack.runtime.moments import stamp
from stack.runtime.off_loop import call_off_loop

Json = Mapping[str, Any]
# A `cluster` event, or a `rollout` event with all services.
Kind = Literal['cluster', 'rollout']
# Of a text: the name of the cluster, with what it is, whether with values, and in which detail.
Key = tuple[str, Kind, bool, Detail]

# Of the texts that are kept, all together and compressed, and what a text takes beside its bytes. Those of a thousand
# clusters of 100 services have room: a cache without room for all clusters is of no use to pages that show all.
MOST_BYTES = 16 * 1024 * 1024
OVERHEAD = 1000
# The fastest: to compress a text takes a twentieth of the time to make it.
LEVEL = 1
# Between parts of a text: JSON has no such byte.
_BETWEEN = b'\0'

# The members of a message that are not kept.
AT, OBSERVED_AT = 'at', 'observed_at'

_DESCRIBE: Mapping[Kind, Callable[[ClusterState, datetime, Rows | None], Event]] = {
    'cluster': cluster_events.cluster,
    'rollout': lambda state, at, rows: cluster_events.rollout(state, None, at, rows),
}

# The services that are described in one turn of the event loop, where there is time.
ROWS_A_TURN = 250


@dataclass(frozen=True, slots=True)
class Text:
    """The JSON of a message without the members that are not kept: `own` are their names, each between two `parts`.

    It is that of a state with these `facts`; where `look` is one, only until the next look at ECS.
    """

    parts: bytes
    own: tuple[str, ...]
    facts: tuple[Any, ...]
    look: datetime | None

    def shows(self, state: ClusterState) -> bool:
        return self.facts == _facts(state) and self.look in (None, state.observed_at)

    def at(self, made_at: datetime, observed_at: datetime | None) -> bytes:
        """The whole message with its own times."""
        times = {AT: made_at, OBSERVED_AT: observed_at}
        first, *others = zlib.decompress(self.parts).split(_BETWEEN)
        members = [first]
        for name, part in zip(self.own, others, strict=True):
            members += [_member(name, times[name]), part]
        return b'{%s}' % b','.join(filter(None, members))


class Snapshots:
    """The texts of snapshots, an LRU cache by bytes: by cluster, kind, detail, and whether secrets are shown."""

    def __init__(self, most_bytes: int = MOST_BYTES):
        self._texts: LruCache[Key, Text] = LruCache(most_bytes, _size)
        # Set once that text is made, or given up.
        self._preparing: dict[Key, asyncio.Event] = {}

    def text(self, kind: Kind, state: ClusterState, at: datetime, values: bool, detail: Detail) -> bytes:
        """The text of a message with a state as it is now, made `at` that time."""
        key = state.name, kind, values, detail
        text = self._texts.get(key)
        if text is None or not text.shows(state):
            packed = _packed(_DESCRIBE[kind](state, at, None).readable(values, detail))
            text = Text(*packed, _facts(state), _look_of(state))
            self._texts.put(key, text)
        return text.at(at, state.observed_at)

    async def prepare(self, kind: Kind, state: ClusterState, at: datetime, values: bool, detail: Detail) -> None:
        """Have the text of a large cluster made in several turns of the event loop, before `text` is called.

        It is given up where the cluster shows something else by then.
        """
        key = state.name, kind, values, detail
        text = self._texts.get(key)
        if not is_large(state) or (text is not None and text.shows(state)):
            return
        if (others := self._preparing.get(key)) is not None:
            await others.wait()
            return
        self._preparing[key] = done = asyncio.Event()
        try:
            await self._prepare(kind, state, at, values, detail)
        finally:
            del self._preparing[key]
            done.set()

    async def _prepare(self, kind: Kind, state: ClusterState, at: datetime, values: bool, detail: Detail) -> None:
        facts, names = (_facts(state), state.observed_at), state.names()
        rows: list[dict[str, Any]] = []
        for begin in range(0, len(names), ROWS_A_TURN):
            rows += [service_row(state, name) for name in names[begin : begin + ROWS_A_TURN]]
            await asyncio.sleep(0)
            if facts != (_facts(state), state.observed_at):
                return
        content = _DESCRIBE[kind](state, at, rows).readable(values, detail)
        look = _look_of(state)
        packed = await call_off_loop(_packed, content)
        self._texts.put((state.name, kind, values, detail), Text(*packed, facts[0], look))


class Snapshot:
    """A message with the newest state of a cluster, for subscribers that are owed all of it."""

    __slots__ = ('_at', '_encoded', '_snapshots', '_state', 'frames', 'type')

    def __init__(self, kind: Kind, state: ClusterState, at: datetime, snapshots: Snapshots):
        self.type: Kind = kind
        self.frames: dict[tuple[Form, int], bytes] = {}
        self._state = state
        self._at = at
        self._snapshots = snapshots
        self._encoded: dict[tuple[bool, Detail], bytes] = {}

    def text(self, values: bool, merged: int = 0, detail: Detail = Detail.ALL) -> bytes:
        """See `stack.live.event.Event.text`."""
        key = values, detail
        if key not in self._encoded:
            self._encoded[key] = self._snapshots.text(self.type, self._state, self._at, values, detail)
        return with_merged(self._encoded[key], merged)


def _look_of(state: ClusterState) -> datetime | None:
    """The time of the look that a text of this state depends on; None where it depends on none."""
    return state.observed_at if depends_on_look(state) else None


def is_large(state: ClusterState) -> bool:
    """Whether to describe a cluster takes longer than one turn of the event loop should."""
    return len(state.wanted) > ROWS_A_TURN


def _facts(state: ClusterState) -> tuple[Any, ...]:
    """What tells whether a text still shows a state; in the detail `rows` a time that is not known is no member."""
    return *state.facts(), state.observed_at is None


def _packed(content: Json) -> tuple[bytes, tuple[str, ...]]:
    """The parts of a text, and the names of what is between them."""
    own = tuple(name for name in content if name in (AT, OBSERVED_AT))
    parts: list[dict[str, Any]] = [{}]
    for name, value in content.items():
        if name in own:
            parts.append({})
        else:
            parts[-1][name] = value
    # Without the braces.
    return zlib.compress(_BETWEEN.join(encoded(part)[1:-1] for part in parts), LEVEL), own


def _member(name: str, at: datetime | None) -> bytes:
    return f'"{name}":{json.dumps(stamp(at) if at else None)}'.encode()


def _size(text: Text) -> int:
    return OVERHEAD + len(text.parts)
