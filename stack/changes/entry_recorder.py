"""Records entries in chained logs: equal ones are counted for a while, and stored together in one object.

What is accepted is stored within a second. Failures could come in any number: the first ones are stored within a second
as well, and from then on one object a minute has all further ones, those beyond a bound as one entry with their number.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from enum import Enum

from stack.changes.chained_log import Batch, Bucket, ChainedLog
from stack.changes.entry_chain import Entry, Linked, Mark
from stack.errors import AwsFailed, Conflict

log = logging.getLogger(__name__)

WRITTEN_EACH_S = 1.0
RETRIED_EACH_S = 5.0
FAILURES_EACH_S = 60.0
# Different failures of one object.
FAILURES_MOST = 50

Wrote = Callable[[str, Mark], Awaitable[None]]


class Urgency(Enum):
    """SOON: within a second. AS_FAILURE: within a minute, and within a second after a minute without failures."""

    SOON = 'soon'
    AS_FAILURE = 'as a failure'


class EntryRecorder:
    """Logs by name; `prefix` gives the keys of each, and `mark` the key of its mark, which `wrote` stores."""

    def __init__(self, bucket: Bucket, prefix: Callable[[str], str], mark: Callable[[str], str]):
        # Called for each object once it is stored: with the log's name, and with its mark.
        self.wrote: list[Wrote] = []
        self._bucket = bucket
        self._prefix = prefix
        self._mark = mark
        self._logs: dict[str, ChainedLog] = {}
        self._waiting: dict[str, dict[str, Entry]] = {}
        # Batches that S3 did not store, to be stored again as they are.
        self._unstored: dict[str, Batch] = {}
        # The tasks that wait until it is time to write, and when that is.
        self._sleeping: dict[str, tuple[float, asyncio.Task[None]]] = {}
        # Held while entries are written to the bucket: readers wait for them.
        self._locks: dict[str, asyncio.Lock] = {}
        self._failures_at: dict[str, float] = {}

    def note(self, name: str, entry: Entry, urgency: Urgency = Urgency.SOON) -> None:
        """Record an entry; one that is equal but for its time adds to the count of the first."""
        waiting = self._waiting.setdefault(name, {})
        identity = json.dumps({key: value for key, value in entry.items() if key != 'at'}, sort_keys=True)
        if urgency is Urgency.AS_FAILURE and identity not in waiting and len(waiting) >= FAILURES_MOST:
            entry = {**_further(entry), 'at': entry['at']}
            identity = json.dumps(_further(entry), sort_keys=True)
        same = waiting.setdefault(identity, entry)
        same['count'] = same.get('count', 0) + 1
        self._locks.setdefault(name, asyncio.Lock())
        self._write_in(name, WRITTEN_EACH_S if urgency is Urgency.SOON else self._until_failures(name))

    async def flush(self, name: str) -> None:
        """Store what waits in one log, so that a reader finds it."""
        if name in self._locks:
            await self._write(name)

    async def close(self) -> None:
        """Store what waits."""
        for _, task in self._sleeping.values():
            task.cancel()
        self._sleeping.clear()
        for name in list(self._locks):
            await self._write(name)

    def _until_failures(self, name: str) -> float:
        now = asyncio.get_running_loop().time()
        last = self._failures_at.get(name, float('-inf'))
        due = max(now + WRITTEN_EACH_S, last + FAILURES_EACH_S)
        if name not in self._sleeping:
            self._failures_at[name] = due
        return due - now

    def _write_in(self, name: str, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        if name in self._sleeping:
            if self._sleeping[name][0] <= due:
                return
            self._sleeping[name][1].cancel()
        self._sleeping[name] = due, loop.create_task(self._write_later(name, seconds))

    async def _write_later(self, name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        del self._sleeping[name]
        await self._write(name)

    async def _write(self, name: str) -> None:
        """Store what waits now. What is noted meanwhile has a time of its own: a flood is not stored piecemeal."""
        async with self._locks[name]:
            if batch := self._unstored.pop(name, None):
                await self._write_batch(name, batch)
            if name not in self._unstored and (batch := self._next_batch(name)):
                await self._write_batch(name, batch)

    async def _write_batch(self, name: str, batch: Batch) -> None:
        stored = await self._store(name, batch)
        if stored is None:
            self._unstored[name] = batch
            self._write_in(name, RETRIED_EACH_S)
            return
        for notify in self.wrote:
            await notify(name, stored.mark)

    def _next_batch(self, name: str) -> Batch | None:
        entries = sorted(self._waiting.pop(name, {}).values(), key=lambda entry: entry['at'], reverse=True)
        return Batch(entries) if entries else None

    async def _store(self, name: str, batch: Batch) -> Linked | None:
        chained = self._logs.setdefault(name, ChainedLog(self._bucket, self._prefix(name), self._mark(name)))
        try:
            return await chained.append(batch)
        except (AwsFailed, Conflict) as failed:
            log.warning('audit %s: %d entries are not recorded yet: %s', name, len(batch.entries), failed)
            return None


def _further(entry: Entry) -> Entry:
    """What is recorded of failures beyond the bound: their kind alone."""
    return {
        'kind': entry['kind'],
        'by': None,
        'source': 'several',
        'message': None,
        'did': {'verb': entry.get('did', {}).get('verb')},
        'error': entry.get('error'),
        'reason': f'Further failures, of which more than {FAILURES_MOST} kinds came at once.',
    }
