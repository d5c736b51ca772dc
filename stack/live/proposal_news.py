"""Publishes what becomes of proposals on the live channel, by any replica, and has unfinished ones carried out.

Clients that were away are sent the newest state of those that were written meanwhile, by the clock of the bucket.

What this replica does is published at once. The mark of an audit entry by another replica is the hint to look at the
proposals of its cluster; a look at all of them, once a minute, finds what no mark states, as after a kill.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from stack.changes.proposal import Proposal, State
from stack.changes.proposal_store import Written
from stack.errors import AwsFailed, NysaError
from stack.live import cluster_events
from stack.live.event import Event
from stack.live.missed import Missed
from stack.runtime.shared_reads import SharedReads

log = logging.getLogger(__name__)

LOOK_EACH_S = 60.0
# An approved proposal that is not carried out for so long was left by a process that has ended.
LEFT_AFTER = timedelta(seconds=30)

# AWS accepts no request of a process whose clock is 5 minutes off, so the times of a message and of the bucket differ
# by less than this: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
CLOCKS_DIFFER_BY = timedelta(minutes=6)
# More than these are not sent to a client that was away: it lists them.
MOST_MISSED = 200

# What the states of a proposal are published as; approvals of an open one are `approved` too.
KINDS = {State.REJECTED: 'rejected', State.APPROVED: 'approved', State.CARRIED_OUT: 'approved'}


class Hub(Protocol):
    """Notifies the subscribers: see `stack.live.hub.Hub`."""

    def publish(self, event: Event) -> None: ...


class Source(Protocol):
    """See `stack.changes.proposals.Proposals`."""

    async def young(self, cluster: str | None) -> list[Proposal]:
        """The proposals of a cluster, or of all, that may be open or ended a while ago. Raises `AwsFailed`."""
        ...

    async def resume(self, proposal: Proposal) -> None: ...

    async def written_since(self, at: datetime, most: int) -> Written: ...


class ProposalNews:
    def __init__(self, source: Source, hub: Hub, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._source = source
        self._hub = hub
        self._now = now
        # Each proposal as it was published last, or as the first look found it.
        self._known: dict[tuple[str, str], Proposal] = {}
        self._began = False
        self._hinted: set[str] = set()
        self._hint = asyncio.Event()
        # Clients that reconnect together share a listing.
        self._written: SharedReads[datetime, Written] = SharedReads(partial(source.written_since, most=MOST_MISSED))

    def moved(self, proposal: Proposal) -> None:
        """Publish what this replica did with a proposal."""
        self._publish(proposal)

    def heard(self, cluster: str) -> None:
        """Look at the proposals of a cluster soon."""
        self._hinted.add(cluster)
        self._hint.set()

    async def run(self) -> None:
        """Look where there was a hint, and at everything from time to time, without end."""
        next_look = 0.0
        loop = asyncio.get_running_loop()
        while True:
            hinted, self._hinted = self._hinted, set()
            self._hint.clear()
            try:
                if loop.time() >= next_look:
                    next_look = loop.time() + LOOK_EACH_S
                    await self.look()
                else:
                    await self.look_at(hinted)
            except AwsFailed as failed:
                log.warning('the bucket could not be looked at for proposals: %s', failed)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, next_look - loop.time())):
                    await self._hint.wait()

    async def look(self) -> None:
        """Publish what other replicas did, and carry out what a replica left. Raises `AwsFailed`."""
        found = await self._source.young(None)
        known = {(each.cluster, each.id) for each in found}
        for gone in self._known.keys() - known:
            del self._known[gone]
        self._publish_all(found)
        self._began = True
        for proposal in found:
            if self._is_left(proposal):
                await self._resume(proposal)

    async def missed_since(self, at: datetime) -> Missed:
        """The proposals that moved since a time, each in its newest state. Raises `AwsFailed`.

        Some moved shortly before: their `serial` shows that a client has them already.
        """
        # By the minute, so that clients that left together share a listing.
        since = at.replace(second=0, microsecond=0) - CLOCKS_DIFFER_BY
        written = await self._written.get(since)
        events = (self._event(_kind(None, newest), newest) for newest in map(self._newest, written.proposals))
        return Missed(tuple(events), written.is_complete)

    def _newest(self, proposal: Proposal) -> Proposal:
        """A proposal as it was read, or as it was published meanwhile: no client is sent an older state after it."""
        known = self._known.get((proposal.cluster, proposal.id))
        return known if known is not None and known.serial > proposal.serial else proposal

    async def look_at(self, clusters: Iterable[str]) -> None:
        """Publish what other replicas did in some clusters. Raises `AwsFailed`."""
        for cluster in clusters:
            self._publish_all(await self._source.young(cluster))

    def _is_left(self, proposal: Proposal) -> bool:
        at = proposal.approved_at
        return proposal.state is State.APPROVED and at is not None and self._now() - at > LEFT_AFTER

    async def _resume(self, proposal: Proposal) -> None:
        try:
            await self._source.resume(proposal)
        except NysaError as refusal:
            log.warning('proposal %s of %s is not carried out: %s', proposal.id, proposal.cluster, refusal)

    def _publish_all(self, proposals: Iterable[Proposal]) -> None:
        for proposal in proposals:
            if self._began:
                self._publish(proposal)
            else:
                self._known.setdefault((proposal.cluster, proposal.id), proposal)

    def _publish(self, proposal: Proposal) -> None:
        key = proposal.cluster, proposal.id
        before = self._known.get(key)
        if before is not None and before.serial >= proposal.serial:
            return
        self._known[key] = proposal
        self._hub.publish(self._event(_kind(before, proposal), proposal))

    def _event(self, kind: str, proposal: Proposal) -> Event:
        now = self._now()
        return cluster_events.proposal(kind, proposal.cluster, proposal.short(now), now)


def _kind(before: Proposal | None, proposal: Proposal) -> str:
    if proposal.state is State.OPEN:
        more = len(proposal.approvals) > (len(before.approvals) if before else 0)
        return 'approved' if more else 'proposal'
    return KINDS.get(proposal.state, 'proposal')
