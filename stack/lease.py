"""One at a time, however many processes: leases on clusters, kept in the bucket.

See docs/decisions/leases.md for why there, and why by conditional writes without comparing clocks.
"""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from stack.errors import AwsFailed, PreconditionFailed

log = logging.getLogger(__name__)

PREFIX = 'nysa/leases/'

# A lease that has not been renewed for so long has no holder any more, in seconds.
TERM_S = 30.0
RENEW_S = 8.0
# Its holder stops before others may begin: as long as the longest call takes that may still be under way.
MARGIN_S = 14.0


class Bucket(Protocol):
    """What is asked of the bucket: see `stack.aws.s3.Bucket`."""

    async def get(self, key: str) -> Any: ...
    async def put(self, key: str, body: bytes, *, over: str | None) -> Any: ...


@dataclass
class Seen:
    """A lease as it was last looked at: its ETag, and since when, by our clock, it has been that."""

    etag: str
    since: float


@dataclass(frozen=True)
class Deployed:
    """What a holder has made so: the digest of the desired state's content, and the revision that brought it."""

    content: str
    revision: str


class Lease:
    """Held on one cluster. `number` grows with every holder: work with a smaller one is over.

    `deployed` is for its holder to write down what it has made so: it is there for the next.
    """

    def __init__(self, cluster: str, number: int, etag: str, renewed: float, clock: Callable[[], float]):
        self.cluster = cluster
        self.number = number
        self.etag = etag
        self.renewed = renewed
        self.deployed: Deployed | None = None
        self._clock = clock

    @property
    def holds(self) -> bool:
        """Whether it is certain that nobody else may have it by now."""
        return self._clock() - self.renewed < TERM_S - MARGIN_S


class Leases:
    """The leases that one process holds or waits for."""

    def __init__(
        self,
        bucket: Bucket,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ):
        self._bucket = bucket
        self._clock = clock
        self._sleep = sleep
        self._holder = uuid.uuid4().hex
        self._seen: dict[str, Seen] = {}

    @asynccontextmanager
    async def held(self, cluster: str) -> AsyncIterator[Lease | None]:
        """The lease for the length of the block, renewed meanwhile; None where somebody else has it."""
        lease = await self._take(cluster)
        if lease is None:
            yield None
            return
        renewing = asyncio.create_task(self._renew(lease))
        try:
            yield lease
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await self._release(lease)

    async def deployed(self, cluster: str) -> Deployed | None:
        """What the last holder that deployed something wrote down."""
        found = await self._bucket.get(PREFIX + cluster)
        return _deployed(_read(found.body)) if found else None

    async def _take(self, cluster: str) -> Lease | None:
        asked = self._clock()
        found = await self._bucket.get(PREFIX + cluster)
        number, etag, deployed = 1, None, None
        if found is not None:
            if not self._is_free(cluster, found, asked):
                return None
            last = _read(found.body)
            number = last['number'] + 1 if isinstance(last.get('number'), int) else 1
            etag, deployed = found.etag, _deployed(last)
        lease = Lease(cluster, number, etag or '', asked, self._clock)
        lease.deployed = deployed
        return lease if await self._write(lease, etag) else None

    def _is_free(self, cluster: str, found: Any, now: float) -> bool:
        """Whether it was given back, or has stayed the same for a whole term while we looked.

        Our own is one whose giving back, or whose taking, was never answered: a process takes none twice at once.
        """
        if _read(found.body).get('holder') in (None, self._holder):
            return True
        seen = self._seen.get(cluster)
        if seen is None or seen.etag != found.etag:
            self._seen[cluster] = Seen(found.etag, now)
            return False
        return now - seen.since >= TERM_S

    async def _write(self, lease: Lease, over: str | None, holds: bool = True) -> bool:
        """Write the lease over what has that ETag, or over nothing; false where something else is there."""
        asked = self._clock()
        body = {
            'holder': self._holder if holds else None,
            'number': lease.number,
            'deployed': lease.deployed and asdict(lease.deployed),
            # So that no two writes have the same ETag.
            'nonce': uuid.uuid4().hex,
        }
        try:
            written = await self._bucket.put(PREFIX + lease.cluster, json.dumps(body).encode(), over=over)
        except PreconditionFailed:
            return False
        lease.etag, lease.renewed = written.etag, asked
        return True

    async def _renew(self, lease: Lease) -> None:
        while True:
            await self._sleep(RENEW_S)
            try:
                renewed = await self._write(lease, lease.etag)
            except AwsFailed as failed:
                log.warning('cluster %s: the lease could not be renewed: %s', lease.cluster, failed)
                continue
            if not renewed and not await self._still_ours(lease):
                log.warning('cluster %s: somebody else has taken the lease', lease.cluster)
                lease.renewed = float('-inf')
                return

    async def _still_ours(self, lease: Lease) -> bool:
        """Whether a renewal was refused only because an earlier one, never answered, had been written all the same."""
        asked = self._clock()
        try:
            found = await self._bucket.get(PREFIX + lease.cluster)
        except AwsFailed:
            return True
        body = _read(found.body) if found else {}
        if (body.get('holder'), body.get('number')) != (self._holder, lease.number):
            return False
        lease.etag, lease.renewed = found.etag, asked
        return True

    async def _release(self, lease: Lease) -> None:
        if lease.renewed == float('-inf'):
            return
        try:
            await self._write(lease, lease.etag, holds=False)
        except AwsFailed as failed:
            log.warning('cluster %s: the lease runs out by itself: %s', lease.cluster, failed)


def _read(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _deployed(lease: dict[str, Any]) -> Deployed | None:
    try:
        return Deployed(**lease['deployed'])
    except (KeyError, TypeError):
        return None
