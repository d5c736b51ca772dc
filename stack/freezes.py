"""Freezes as the live channel tells of them: each beginning and each end once, whoever or whatever brought it about."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from stack import cluster_events
from stack.cluster_state import ClusterState
from stack.errors import NysaError
from stack.events import Event
from stack.guards import freeze_of
from stack.revisions import Revision

log = logging.getLogger(__name__)

# Who froze a revision's cluster, as the API shows it; None where it takes changes.
Frozen = Callable[[Revision], Awaitable[Mapping[str, Any] | None]]


class Freezes:
    """Keeps `frozen` of each of some states; `publish` is given an event wherever that changes."""

    def __init__(
        self,
        states: Mapping[str, ClusterState],
        publish: Callable[[Event], None],
        frozen: Frozen | None,
        now: Callable[[], datetime],
    ):
        self._states = states
        self._publish = publish
        self._frozen = frozen
        self._now = now
        self._unknown: set[str] = set()

    async def learn(self, state: ClusterState, revision: Revision) -> None:
        """Have a state know whether its cluster is frozen, without telling anybody. Raises `AwsFailed`."""
        state.frozen = await self._frozen(revision) if self._frozen else None

    def take(self, revision: Revision) -> None:
        """A revision is told of; it may begin a freeze, or end one."""
        for change in revision.changes:
            verb = change.did.get('verb')
            if verb == 'freeze':
                self._become(revision.cluster, freeze_of(change).to_json())
            elif verb == 'thaw':
                self._become(revision.cluster, None, change.origin.by)

    def doubt(self, cluster: str) -> None:
        """What lies between two revisions was not told: the next `check` finds out what holds now."""
        self._unknown.add(cluster)

    async def check(self) -> None:
        """Tell of freezes that have ended by themselves, and of what was in doubt."""
        for name in list(self._unknown):
            await self._find_out(name)
        for name, state in self._states.items():
            until = state.frozen.get('until') if state.frozen else None
            if until and datetime.fromisoformat(until) <= self._now():
                self._become(name, None)

    async def _find_out(self, cluster: str) -> None:
        state = self._states.get(cluster)
        if state is None or state.revision is None or self._frozen is None:
            self._unknown.discard(cluster)
            return
        revision = state.revision
        try:
            found = await self._frozen(revision)
        except NysaError as failed:
            log.warning('cluster %s: whether it is frozen is not known: %s', cluster, failed)
            return
        if self._states.get(cluster) is state and state.revision is revision:
            self._unknown.discard(cluster)
            if found != state.frozen:
                self._become(cluster, found)

    def _become(self, cluster: str, freeze: Mapping[str, Any] | None, by: str | None = None) -> None:
        state = self._states.get(cluster)
        if state is not None:
            if freeze is None and state.frozen is None:
                # Somebody thawed what had ended by itself before this process heard of it.
                return
            state.frozen = freeze
        self._publish(cluster_events.frozen(cluster, freeze, self._now(), by))
