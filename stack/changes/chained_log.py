"""An append-only log in the bucket: objects of entries, each entry with the hash of the one before.

An object's key is its number, and it is stored only where there is none: of two replicas that append at once, one gets
the number, and the other links its entries to those. So the log cannot fork, needs no lock, and an append takes one
call as long as no other replica appends. Keys count down, so that a listing has the newest first.
See docs/decisions/audit-chain.md.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stack.aws.ports import ObjectLister, ObjectStore
from stack.changes.entry_chain import Entry, Head, Linked, linked, mark_in, newest_hash, number_of
from stack.errors import Conflict, PreconditionFailed

ATTEMPTS = 20
PAUSE_S = 0.25


class Bucket(ObjectStore, ObjectLister, Protocol):
    """The calls that a log is stored by."""


@dataclass
class Batch:
    """Entries to be stored in one object, the newest first; `linked` is what was tried last."""

    entries: Sequence[Entry]
    linked: Linked | None = field(default=None, repr=False)


class ChainedLog:
    """One log. Its caller appends one batch at a time.

    `mark` is the key beside it that names its newest object: see `stack.changes.entry_chain.Mark`.
    """

    def __init__(self, bucket: Bucket, prefix: str, mark: str):
        self._bucket = bucket
        self._prefix = prefix
        self._mark = mark
        self._head: Head | None = None

    async def append(self, batch: Batch) -> Linked:
        """Store a batch and give it as it is stored.

        Raises `AwsFailed`, and `Conflict` where other replicas were faster each time. The same batch may be appended
        again after that: it is stored once.
        """
        for attempt in range(ATTEMPTS):
            if batch.linked is None:
                batch.linked = linked(self._prefix, batch.entries, self._head or await self._read_head())
            trial, self._head = batch.linked, None
            try:
                await self._bucket.put(trial.key, trial.body, over=None)
            except PreconditionFailed:
                stored = await self._bucket.get(trial.key)
                if stored is None or stored.body != trial.body:
                    batch.linked = None
                    await asyncio.sleep(random.uniform(0, PAUSE_S) * attempt / ATTEMPTS)  # noqa: S311  no secret
                    continue
            self._head = trial.head
            return trial
        raise Conflict(f'Other replicas kept adding to {self._prefix}; the entries are not recorded yet.')

    async def _read_head(self) -> Head:
        """What the next object follows: the newest object, or the one that the mark has, if that is missing.

        So a number is never used again, and a check finds that the object is missing.
        """
        head = await self._newest()
        marked = await self._bucket.get(self._mark)
        mark = mark_in(marked.body if marked else b'')
        number = number_of(self._prefix, mark.key)
        return Head(number, mark.hash) if number and number > head.number and mark.hash else head

    async def _newest(self) -> Head:
        listed = await self._bucket.objects(prefix=self._prefix, after=None, limit=1)
        if listed and number_of(self._prefix, listed[0].key) is None:
            # Of an earlier release, and so is every other one; or another program stored it before the newest one.
            listed = await self._bucket.objects(prefix=self._prefix)
        for each in listed:
            number = number_of(self._prefix, each.key)
            if number is not None:
                stored = await self._bucket.get(each.key)
                return Head(number, newest_hash(stored.body if stored else b''))
        return Head(before=len(listed))
