"""Leases on clusters, kept in the bucket: one process at a time works on a cluster.

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
from typing import Any

from stack.aws.ports import ObjectStore
from stack.errors import AwsFailed
from stack.state.lease_record import PREFIX, Deployed, Recorded, deployed_in, read_lease, recorded

log = logging.getLogger(__name__)

# A lease that has not been renewed for so long has no holder any more, in seconds.
TERM_S = 30.0
RENEW_S = 8.0
# The holder stops this long before others may begin: as long as the longest call that may still be under way.
MARGIN_S = 14.0


@dataclass
class Seen:
    """A lease at the last look: its ETag, and since when, by the local clock, it has been the same."""

    etag: str
    since: float


class Lease:
    """The lease of one cluster. `number` grows with every holder: work with a smaller one is over.

    `deployed` is what its holder deploys, or the last holder did; `Leases.record` stores it for the next one. `outcome`
    gives the state of the holder's work that every write records, as plain JSON; at first that of the last holder.
    `gates` gives the ledger of gates in the same way, None where there are none.
    """

    def __init__(self, cluster: str, number: int, etag: str | None, renewed: float, clock: Callable[[], float]):
        self.cluster = cluster
        self.number = number
        self.etag = etag
        # When the write was begun that last proved the lease.
        self.renewed = renewed
        self.deployed: Deployed | None = None
        self.outcome: Callable[[], Any] = lambda: None
        self.gates: Callable[[], Any] = lambda: None
        self.lost = False
        # When each write was begun that may still be stored, by its nonce; the last one's nonce.
        self.begun: dict[str, float] = {}
        self.last = ''
        # One write at a time, so that a holder never competes with its own renewal.
        self.writing = asyncio.Lock()
        self._clock = clock

    @property
    def holds(self) -> bool:
        """Whether no other process can hold it by now."""
        return not self.lost and self._clock() - self.renewed < TERM_S - MARGIN_S


class Leases:
    """The leases that one process holds or waits for."""

    def __init__(
        self,
        bucket: ObjectStore,
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
        """The lease for the length of the block, renewed meanwhile; None where another process has it."""
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

    async def recorded(self, cluster: str) -> Recorded:
        """What the last holders recorded. Raises `AwsFailed`."""
        return await recorded(self._bucket, cluster)

    async def record(self, lease: Lease, deployed: Deployed) -> bool:
        """Record what the holder is about to deploy; false where the lease is lost, so that nothing may be deployed.

        Raises `AwsFailed`.
        """
        lease.deployed = deployed
        return await self._write(lease)

    async def _take(self, cluster: str) -> Lease | None:
        asked = self._clock()
        found = await self._bucket.get(PREFIX + cluster)
        if found is not None and not self._is_free(cluster, found, asked):
            return None
        last = read_lease(found.body) if found else {}
        number = last['number'] + 1 if isinstance(last.get('number'), int) else 1
        lease = Lease(cluster, number, found.etag if found else None, asked, self._clock)
        lease.deployed, outcome, gates = deployed_in(last), last.get('outcome'), last.get('gates')
        lease.outcome, lease.gates = (lambda: outcome), (lambda: gates)
        return lease if await self._write(lease) else None

    def _is_free(self, cluster: str, found: Any, now: float) -> bool:
        """Whether it was released, or has stayed the same for a whole term under observation.

        One of this process is free too: the answer to its release, or to its acquisition, was lost, since a process
        never acquires a lease twice at once.
        """
        if read_lease(found.body).get('holder') in (None, self._holder):
            return True
        seen = self._seen.get(cluster)
        if seen is None or seen.etag != found.etag:
            self._seen[cluster] = Seen(found.etag, now)
            return False
        return now - seen.since >= TERM_S

    async def _renew(self, lease: Lease) -> None:
        while True:
            await self._sleep(RENEW_S)
            try:
                if not await self._write(lease):
                    log.warning('cluster %s: another process has taken the lease', lease.cluster)
                    return
            except AwsFailed as failed:
                log.warning('cluster %s: the lease could not be renewed: %s', lease.cluster, failed)

    async def _release(self, lease: Lease) -> None:
        """Release the lease: the next holder need not wait for it to expire."""
        try:
            # Also where a renewal is still under way in a thread: it is either found here, or refused by S3.
            await self._write(lease, holds=False)
        except AwsFailed as failed:
            log.warning('cluster %s: the lease expires by itself: %s', lease.cluster, failed)

    async def _write(self, lease: Lease, holds: bool = True) -> bool:
        """Write the lease over its last version; false where another one is stored, so that it is lost.

        Raises `AwsFailed` where it is not known to be written.
        """
        async with lease.writing:
            while not lease.lost:
                failed = await self._put(lease, holds)
                if failed is None:
                    return True
                nonce = await self._look(lease)
                if nonce == lease.last:
                    return True
                if nonce is None:
                    raise failed
            return False

    async def _put(self, lease: Lease, holds: bool) -> AwsFailed | None:
        """Write once, with a nonce by which the write is recognised where its answer is lost."""
        lease.last = uuid.uuid4().hex
        body = {
            'holder': self._holder if holds else None,
            'number': lease.number,
            'deployed': lease.deployed and asdict(lease.deployed),
            'outcome': lease.outcome(),
            'nonce': lease.last,
        }
        if (gates := lease.gates()) is not None:
            body['gates'] = gates
        asked = lease.begun[lease.last] = self._clock()
        try:
            written = await self._bucket.put(PREFIX + lease.cluster, json.dumps(body).encode(), over=lease.etag)
        except AwsFailed as failed:
            return failed
        lease.begun = {lease.last: asked}
        lease.etag, lease.renewed = written.etag, asked
        return None

    async def _look(self, lease: Lease) -> str | None:
        """The nonce of the holder's own write that has been stored since; None where nothing has been.

        The lease is lost where another process has written. Raises `AwsFailed`.
        """
        found = await self._bucket.get(PREFIX + lease.cluster)
        if (found and found.etag) == lease.etag:
            return None
        nonce = read_lease(found.body).get('nonce') if found else None
        if found is None or not isinstance(nonce, str) or nonce not in lease.begun:
            lease.lost = True
            return ''
        # Other processes count the term from when it was stored, which may be long before this look.
        lease.etag, lease.renewed = found.etag, lease.begun[nonce]
        return nonce
