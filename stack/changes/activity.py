"""Activity of all clusters: their audits merged, the newest first.

Each cluster's entries are kept as far as they were read. Two listings prove them: the ETag of its desired state, and
that of the mark that every process sets with an entry that creates no revision. So a request reads only the clusters
that have changed, and deeper pages only as far as it needs them.
"""

import asyncio
import base64
import heapq
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, Protocol

from stack.aws.ports import ObjectLister
from stack.changes.audit import MARKS, Audit
from stack.changes.entry_chain import Entry
from stack.errors import InvalidRequest, NotFound
from stack.runtime.shared_reads import SharedReads
from stack.state.revision_store import RevisionStore

# How many entries are read at once from one cluster, and are looked at for one answer.
PAGE = 50
MOST_SCANNED = 5_000
# A longer stream is read again from its start, so that deep searches do not fill the memory.
MOST_KEPT = 2_000
READ_AT_ONCE = 8


@dataclass(frozen=True)
class ActivityQuery:
    """Filters; an empty one matches everything. Clusters and services may have wildcards, as `prod-*`.

    `kinds` are kinds of entries (change, override, refusal, deletion) or verbs of changes, as `rollback`.
    """

    clusters: Sequence[str] = ()
    by: Sequence[str] = ()
    services: Sequence[str] = ()
    kinds: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None

    def covers(self, cluster: str) -> bool:
        return _matches(cluster, self.clusters)

    def matches(self, entry: Entry, at: datetime) -> bool:
        """Whether an entry passes every filter but `since`."""
        verb = (entry.get('did') or {}).get('verb')
        return (
            (self.until is None or at < self.until)
            and (not self.by or entry.get('by') in self.by)
            and (not self.kinds or entry['kind'] in self.kinds or verb in self.kinds)
            and (not self.services or any(_matches(name, self.services) for name in services_of(entry)))
        )


class Position(NamedTuple):
    """The place of an entry among all: later ones have an older time, a later cluster, or a higher number."""

    at: datetime
    cluster: str
    number: int

    @property
    def order(self) -> tuple[float, str, int]:
        return -self.at.timestamp(), self.cluster, self.number


@dataclass
class Stream:
    """The entries of one cluster, the newest first, as far as they were read; `following` is None at their end."""

    proof: tuple[str | None, str | None]
    entries: list[tuple[Position, Entry]] = field(default_factory=list)
    following: str | None = ''
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def index_after(self, position: Position | None) -> int:
        """The index of the first known entry behind a position."""
        return bisect_right(self.entries, position.order, key=lambda item: item[0].order) if position else 0

    def extend(self, cluster: str, entries: Iterable[Entry], following: str | None) -> None:
        """Add older entries. Times never increase: a clock that was wrong does not hide what came before."""
        self.following = following
        for entry in entries:
            at, last = datetime.fromisoformat(entry['at']), self.entries[-1][0] if self.entries else None
            if last is not None and at >= last.at:
                position = Position(last.at, cluster, last.number + 1)
            else:
                position = Position(at, cluster, 0)
            self.entries.append((position, entry))


class Bucket(ObjectLister, Protocol):
    """The listings that prove what is known."""


class Activity:
    def __init__(self, bucket: Bucket, store: RevisionStore, audit: Audit):
        self._bucket = bucket
        self._store = store
        self._audit = audit
        self._streams: dict[str, Stream] = {}
        self._proofs: SharedReads[str, dict[str, tuple[str | None, str | None]]] = SharedReads(self._list)
        self._reading = asyncio.Semaphore(READ_AT_ONCE)

    async def page(
        self, query: ActivityQuery, may_see: Callable[[str], bool], limit: int, after: str | None = None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Up to `limit` entries of the clusters that the caller may see, and the cursor of the next page.

        A page may be short, and have a next one, where few of many entries match. Raises `InvalidRequest` for an
        unknown cursor, and `AwsFailed`.
        """
        start = _read_cursor(after)
        proofs = await self._proofs.get('')
        names = [name for name in proofs if may_see(name) and query.covers(name)]
        streams = await asyncio.gather(*(self._stream(name, proofs[name]) for name in names))
        merge = _Merge(self, dict(zip(names, streams, strict=True)), query, start)
        return await merge.take(limit)

    async def read_on(self, cluster: str, stream: Stream) -> None:
        """Read the next older entries of a cluster into its stream."""
        behind = stream.following
        async with stream.reading, self._reading:
            # Another request may have read them meanwhile.
            if behind is not None and stream.following == behind:
                entries, following = await self._read(cluster, behind or None)
                stream.extend(cluster, entries, following)

    async def _stream(self, cluster: str, proof: tuple[str | None, str | None]) -> Stream:
        stream = self._streams.get(cluster)
        if stream is None or stream.proof != proof or len(stream.entries) > MOST_KEPT:
            stream = Stream(proof)
            await self.read_on(cluster, stream)
            self._streams[cluster] = stream
        return stream

    async def _read(self, cluster: str, after: str | None) -> tuple[list[Entry], str | None]:
        try:
            return await self._audit.page(cluster, PAGE, after)
        except NotFound:
            return [], None

    async def _list(self, _: str) -> dict[str, tuple[str | None, str | None]]:
        """By cluster, also a removed one, what proves its entries."""
        stored, marks, removed = await asyncio.gather(
            self._store.objects(), self._bucket.objects(prefix=MARKS), self._store.removed()
        )
        etags = {listed.key: listed.etag for listed in stored}
        marked = {listed.key.removeprefix(MARKS): listed.etag for listed in marks}
        names = sorted({*etags, *removed})
        for gone in self._streams.keys() - set(names):
            del self._streams[gone]
        return {name: (etags.get(name), marked.get(name)) for name in names}


class _Merge:
    """The merge of several streams behind a position."""

    def __init__(self, activity: Activity, streams: dict[str, Stream], query: ActivityQuery, start: Position | None):
        self._activity = activity
        self._streams = streams
        self._query = query
        self._last = start
        # The next entry of each stream, by its place among all.
        self._heads: list[tuple[tuple[float, str, int], int]] = []

    async def take(self, limit: int) -> tuple[list[dict[str, Any]], str | None]:
        """The matching entries, and the cursor of what follows them."""
        for name, stream in self._streams.items():
            await self._push(name, stream.index_after(self._last))
        content: list[dict[str, Any]] = []
        for _ in range(MOST_SCANNED):
            if not self._heads:
                return content, None
            if len(content) == limit:
                break
            (_, cluster, _), index = heapq.heappop(self._heads)
            position, entry = self._streams[cluster].entries[index]
            await self._push(cluster, index + 1)
            self._last = position
            if self._query.matches(entry, position.at):
                content.append({'cluster': cluster, **entry, 'services': services_of(entry)})
        return content, _cursor(self._last)

    async def _push(self, name: str, index: int) -> None:
        """Make an entry of a stream its next one, if it has that many since the time of the query."""
        stream = self._streams[name]
        while index >= len(stream.entries) and self._goes_on(stream):
            await self._activity.read_on(name, stream)
            index = max(index, stream.index_after(self._last))
        if index < len(stream.entries) and not self._is_too_old(stream.entries[index][0]):
            heapq.heappush(self._heads, (stream.entries[index][0].order, index))

    def _goes_on(self, stream: Stream) -> bool:
        return stream.following is not None and not (stream.entries and self._is_too_old(stream.entries[-1][0]))

    def _is_too_old(self, position: Position) -> bool:
        return self._query.since is not None and position.at < self._query.since


def services_of(entry: Entry) -> list[str]:
    """The services that an entry concerns, sorted: those that it names, else those that its revision changed."""
    did = entry.get('did') or {}
    named = {*_names(did.get('service')), *_names(did.get('services')), *_names(did.get('destroyed'))}
    return sorted(named or _names(entry.get('services')))


def _names(value: Any) -> Iterator[str]:
    for name in [value] if isinstance(value, str) else value or ():
        yield str(name)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _cursor(position: Position | None) -> str | None:
    if position is None:
        return None
    text = json.dumps([position.at.isoformat(), position.cluster, position.number])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(after: str | None) -> Position | None:
    if after is None:
        return None
    try:
        at, cluster, number = json.loads(base64.urlsafe_b64decode(after))
        position = Position(datetime.fromisoformat(at).astimezone(UTC), str(cluster), int(number))
        _ = position.order  # raises for a time that is out of range
    except (ValueError, TypeError, OverflowError):
        raise InvalidRequest(
            'after must be the `next` of a page.', [{'path': 'after', 'message': 'the `next` of a page'}]
        ) from None
    return position
