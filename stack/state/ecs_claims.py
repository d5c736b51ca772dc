"""Claims to ECS clusters: one object for each, so that no two managed clusters are one ECS cluster.

A cluster claims its ECS cluster by a conditional write before its first desired state is stored. A claim counts while
its cluster is managed and is that ECS cluster; a cluster without a claim, which an older version has stored, has a
right to the ECS cluster of its own name. See docs/decisions/ecs-names.md.
"""

import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from stack.aws.ports import ObjectDeleter, ObjectReader, ObjectWriter
from stack.configuration.accounts import AccountTable, Address
from stack.errors import AwsFailed, Misplaced, NotFound, PreconditionFailed, Unprocessable
from stack.state.revisions import Revision

log = logging.getLogger(__name__)

PREFIX = 'nysa/ecs-clusters/'

# A younger claim of a cluster that is not managed may be of one that is being stored: no call of S3 takes as long.
BEING_STORED = timedelta(minutes=5)


class Bucket(ObjectReader, ObjectWriter, ObjectDeleter, Protocol):
    """The calls that claims are stored by."""


@dataclass(frozen=True)
class Claim:
    """A stored claim of a cluster."""

    key: str
    cluster: str
    etag: str
    at: datetime


class Claims(Protocol):
    """Keeps managed clusters apart in ECS: see `EcsClaims`."""

    async def check(self, cluster: str, document: Any, /) -> None: ...
    async def claim(self, cluster: str, document: Any, /) -> Claim | None: ...
    async def hold(self, cluster: str, document: Any, /) -> None: ...
    async def held(self, cluster: str, document: Any, /) -> Claim | None: ...
    async def release(self, claim: Claim | None, /) -> None: ...


class NoClaims:
    """Claims where every cluster has its own name in ECS: none is stored."""

    async def check(self, _cluster: str, _document: Any) -> None: ...
    async def claim(self, _cluster: str, _document: Any) -> None: ...
    async def hold(self, _cluster: str, _document: Any) -> None: ...
    async def held(self, _cluster: str, _document: Any) -> None: ...
    async def release(self, _claim: Claim | None) -> None: ...


class Revisions(Protocol):
    """Reads desired states: see `stack.state.revision_store.RevisionStore`."""

    async def read(self, cluster: str, /) -> Revision: ...


class EcsClaims:
    """The claims in the bucket.

    `check`, `claim` and `hold` raise `Misplaced` and other `AwsFailed`, and `Unprocessable` where the ECS cluster is
    that of another cluster.
    """

    def __init__(
        self,
        bucket: Bucket,
        table: AccountTable,
        revisions: Revisions,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self._bucket = bucket
        self._table = table
        self._revisions = revisions
        self._now = now

    async def check(self, cluster: str, document: Any) -> None:
        """Check that the ECS cluster of a desired state is that of no other cluster."""
        address = self._table.address(cluster, document)
        await self._refuse(cluster, address, await self._read(self._key(address)))

    async def claim(self, cluster: str, document: Any) -> Claim:
        """Claim the ECS cluster of a desired state that is to be stored."""
        address = self._table.address(cluster, document)
        claim = await self._put(cluster, address, None)
        if not claim.is_new:
            found = claim.claim
            await self._refuse(cluster, address, found)
            if found.cluster != cluster and self._now() - found.at < BEING_STORED:
                raise Unprocessable(
                    f'{_named(address)} is being taken under management as {found.cluster}. Try again in '
                    f'{BEING_STORED.seconds // 60} min if that fails. Nothing was changed.'
                )
            claim = await self._put(cluster, address, found.etag)
            if not claim.is_new:
                raise _refusal(address, claim.claim.cluster)
        # A cluster of an older version has none: it is looked for once the claim keeps others from being stored.
        try:
            await self._refuse(cluster, address, None)
        except Unprocessable:
            await self.release(claim.claim)
            raise
        return claim.claim

    async def hold(self, cluster: str, document: Any) -> None:
        """Check before a pass that the ECS cluster is that of no other cluster, and claim it where it has no claim."""
        address = self._table.address(cluster, document)
        found = await self._read(self._key(address))
        if found is not None and found.cluster == cluster:
            return
        await self._refuse(cluster, address, found)
        if address.name != cluster:
            other = (await self._put(cluster, address, found.etag if found else None)).claim
            if other.cluster != cluster:
                raise _refusal(address, other.cluster)

    async def held(self, cluster: str, document: Any) -> Claim | None:
        """The claim of a cluster that is to be removed; None where it has none, or where that cannot be read."""
        try:
            found = await self._read(self._key(self._table.address(cluster, document)))
        except AwsFailed as failed:
            log.warning('cluster %s: its claim to an ECS cluster cannot be read: %s', cluster, failed)
            return None
        return found if found is not None and found.cluster == cluster else None

    async def release(self, claim: Claim | None) -> None:
        """Delete a claim whose cluster is not managed, unless it was renewed. Where that fails, it no longer counts."""
        if claim is None:
            return
        try:
            await self._bucket.delete(claim.key, over=claim.etag)
        except AwsFailed as failed:
            log.warning('cluster %s: its claim to an ECS cluster is not released: %s', claim.cluster, failed)

    async def _put(self, cluster: str, address: Address, over: str | None) -> '_Put':
        """Store a claim, or find the one that is there instead."""
        key = self._key(address)
        # The id makes the ETag of each claim another one.
        body = json.dumps({'cluster': cluster, 'id': uuid.uuid4().hex}).encode()
        try:
            written = await self._bucket.put(key, body, over=over)
        except PreconditionFailed:
            found = await self._read(key)
            # Released meanwhile: the next one is stored over nothing.
            return _Put(found, False) if found else await self._put(cluster, address, None)
        return _Put(Claim(key, cluster, written.etag, self._now()), True)

    async def _read(self, key: str) -> Claim | None:
        stored = await self._bucket.get(key)
        return Claim(key, _cluster_in(stored.body), stored.etag, stored.modified) if stored else None

    async def _refuse(self, cluster: str, address: Address, found: Claim | None) -> None:
        """Raise `Unprocessable` where another cluster is that ECS cluster, by its claim or by its name."""
        candidates = [found.cluster] if found else []
        for other in dict.fromkeys([*candidates, address.name]):
            if other not in ('', cluster) and await self._is_at(other, address):
                raise _refusal(address, other)

    async def _is_at(self, cluster: str, address: Address) -> bool:
        try:
            revision = await self._revisions.read(cluster)
            its = self._table.address(cluster, revision.placing)
        except (NotFound, Misplaced):
            return False
        if revision.is_removal:
            return False
        # Where a desired state cannot be read, its ECS cluster is unknown.
        return bool(revision.unreadable) or self._key(its) == self._key(address)

    def _key(self, address: Address) -> str:
        """The key of a claim. Two accounts of the setting may be one account of AWS, with two roles."""
        place = address.place
        return f'{PREFIX}{self._table.account_id(place.account)}/{place.region or "-"}/{address.name}'


@dataclass(frozen=True)
class _Put:
    """The claim that is stored; `is_new` where it was just stored for the caller."""

    claim: Claim
    is_new: bool


def read_claim(body: bytes) -> str:
    """The cluster that a claim is of. Raises ValueError, KeyError, TypeError where it is none."""
    return str(json.loads(body)['cluster'])


def _cluster_in(body: bytes) -> str:
    """The cluster of a claim; empty where what is stored is no claim, so that it counts for no cluster."""
    try:
        return read_claim(body)
    except (ValueError, KeyError, TypeError):
        return ''


def _named(address: Address) -> str:
    text = str(address)
    return text[:1].upper() + text[1:]


def _refusal(address: Address, other: str) -> Unprocessable:
    return Unprocessable(
        f'{_named(address)} is managed as {other}: each would remove the services of the other. Nothing was changed.'
    )
