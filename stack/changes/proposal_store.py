"""Proposals in the bucket.

`proposals/<cluster>/<id>` is the record, replaced by conditional writes; `proposal-plans/<cluster>/<id>/<plan>` is what
it would do, written once, before the record that names it. Ids count down with time, so that a listing has the newest
first and the age of a proposal is known without reading it.
"""

import asyncio
import json
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from voluptuous import Invalid

from stack.aws.ports import ListedObject, ObjectLister, ObjectStore
from stack.changes.proposal import Body, Proposal, read_proposal
from stack.errors import NotFound, OutcomeUnknown, PreconditionFailed, StateUnreadable
from stack.runtime.lru import LruCache
from stack.state.revision_store import is_key

RECORDS = 'proposals/'
BODIES = 'proposal-plans/'

# Ids count down from here, in milliseconds.
END_OF_TIME = 10**14
# No proposal can be approved for longer: see `expires` in stack/stackfile/approval_fields.py.
LONGEST_OPEN = timedelta(days=14)

KNOWN = 2_000
READ_AT_ONCE = 16


class Bucket(ObjectStore, ObjectLister, Protocol):
    """The calls that proposals are stored by."""


@dataclass(frozen=True)
class Stored:
    """A proposal as it was read, and the ETag that proves it."""

    proposal: Proposal
    etag: str


@dataclass(frozen=True)
class Written:
    """Proposals that were written since a time, in that order; none, and not complete, where there are too many."""

    proposals: tuple[Proposal, ...]
    is_complete: bool


class ProposalStore:
    def __init__(self, bucket: Bucket):
        self._bucket = bucket
        self._known: LruCache[str, Stored] = LruCache(KNOWN)
        self._reading = asyncio.Semaphore(READ_AT_ONCE)

    async def create(self, proposal: Proposal, body: Body) -> Stored:
        """Store a new proposal. Raises `AwsFailed`, `OutcomeUnknown`."""
        await self.put_body(proposal, body)
        key = _record_key(proposal.cluster, proposal.id)
        try:
            written = await self._bucket.put(key, _dump(proposal.to_json()), over=None)
        except OutcomeUnknown as unknown:
            where = f'Look at /api/v1/clusters/{proposal.cluster}/proposals before you try again.'
            raise unknown.about('the proposal is stored', where) from unknown
        return Stored(proposal, written.etag)

    async def put_body(self, proposal: Proposal, body: Body) -> None:
        """Store what a plan would do; what is there already is the same."""
        try:
            await self._bucket.put(_body_key(proposal), _dump(body.to_json()), over=None)
        except PreconditionFailed:
            return
        except OutcomeUnknown as unknown:
            raise unknown.cause from unknown

    async def read(self, cluster: str, id: str) -> Stored:
        """The proposal as it is stored now. Raises `NotFound`, `StateUnreadable`."""
        key = _record_key(cluster, id)
        stored = await self._bucket.get(key) if is_key(cluster) and is_key(id) else None
        if stored is None:
            raise NotFound(f'The cluster {cluster!r} has no proposal {id[:100]!r}.')
        return Stored(load(key, stored.body), stored.etag)

    async def body(self, proposal: Proposal) -> Body:
        """What a proposal would do. Raises `NotFound`, `StateUnreadable`."""
        key = _body_key(proposal)
        stored = await self._bucket.get(key)
        if stored is None:
            raise NotFound(f'The plan {proposal.plan_id} of the proposal {proposal.id} is no longer kept.')
        try:
            return Body(**json.loads(stored.body))
        except (ValueError, TypeError) as error:
            raise StateUnreadable(f'{key} holds no plan.') from error

    async def write(self, stored: Stored, proposal: Proposal) -> Stored:
        """Replace a proposal as it was read.

        Raises `PreconditionFailed` where it has changed since, `OutcomeUnknown`.
        """
        renewed = replace(proposal, serial=stored.proposal.serial + 1)
        key = _record_key(proposal.cluster, proposal.id)
        try:
            written = await self._bucket.put(key, _dump(renewed.to_json()), over=stored.etag)
        except OutcomeUnknown as unknown:
            where = f'Look at /api/v1/clusters/{proposal.cluster}/proposals/{proposal.id} before you try again.'
            raise unknown.about('the decision is stored', where) from unknown
        return Stored(renewed, written.etag)

    async def keys(self, cluster: str | None, after: str | None = None, limit: int | None = None) -> list[ListedObject]:
        """The records of a cluster, or of all, as the bucket lists them: by cluster, the newest first."""
        prefix = RECORDS if cluster is None else f'{RECORDS}{cluster}/'
        if cluster is not None and not is_key(cluster):
            return []
        return await self._bucket.objects(prefix=prefix, after=after, limit=limit)

    async def written_since(self, at: datetime, most: int) -> Written:
        """The proposals of all clusters whose records were written at a time of the bucket or later."""
        listed = sorted((each for each in await self.keys(None) if each.modified >= at), key=lambda each: each.modified)
        if len(listed) > most:
            return Written((), is_complete=False)
        found = await asyncio.gather(*(self.listed(each) for each in listed))
        return Written(tuple(each for each in found if each), is_complete=True)

    async def listed(self, listed: ListedObject) -> Proposal | None:
        """A listed proposal; None where it is gone or cannot be read."""
        known = self._known.get(listed.key)
        if known and known.etag == listed.etag:
            return known.proposal
        async with self._reading:
            stored = await self._bucket.get(listed.key)
        try:
            proposal = load(listed.key, stored.body) if stored else None
        except StateUnreadable:
            return None
        if proposal and stored:
            self._known.put(listed.key, Stored(proposal, stored.etag))
        return proposal


def new_id(at: datetime) -> str:
    """An id that sorts before those of all older proposals."""
    return f'{END_OF_TIME - _milliseconds(at):014d}-{uuid.uuid4().hex[:8]}'


def may_be_open(key: str, now: datetime) -> bool:
    """Whether a record is young enough to be open or under way still, by its key alone."""
    number = key.rpartition('/')[2].partition('-')[0]
    if not number.isdecimal():
        return False
    return END_OF_TIME - int(number) > _milliseconds(now - LONGEST_OPEN)


def cluster_of(key: str) -> str:
    """The cluster of a record's key."""
    return key.removeprefix(RECORDS).partition('/')[0]


def _milliseconds(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp() * 1000)


def _record_key(cluster: str, id: str) -> str:
    return f'{RECORDS}{cluster}/{id}'


def _body_key(proposal: Proposal) -> str:
    return f'{BODIES}{proposal.cluster}/{proposal.id}/{proposal.plan_id}'


def _dump(record: Any) -> bytes:
    return json.dumps(record).encode()


def load(key: str, body: bytes) -> Proposal:
    """The proposal in a stored record. Raises `StateUnreadable`."""
    try:
        return read_proposal(json.loads(body))
    except (ValueError, KeyError, TypeError, Invalid) as error:
        raise StateUnreadable(f'{key} holds no proposal.') from error
