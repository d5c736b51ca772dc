"""What schedulers were told again: known to every replica, so that all judge the new attempt and not the former one.

Whoever announces writes it down in the record of the cluster's rollouts; others read it there while it can be news.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from stack.cluster_state import ClusterState
from stack.errors import AwsFailed
from stack.rollout_records import RolloutRecords

log = logging.getLogger(__name__)

# How often it is asked whether another replica has announced what waits for that, or has failed.
HEAR_S = 10.0


class Announcements:
    """`note` is told of the services of a state that begin anew."""

    def __init__(
        self,
        records: RolloutRecords,
        note: Callable[[ClusterState, Iterable[str]], None],
        clock: Callable[[], float],
    ):
        self._records = records
        self._note = note
        self._clock = clock
        self._heard_at = float('-inf')

    async def made(self, state: ClusterState, at: datetime) -> None:
        """Schedulers were told of a state's revision (again)."""
        if moved := state.announce(at):
            await self._records.keep_now(state)
            self._note(state, moved)

    async def hear_of_all(self, states: Iterable[ClusterState]) -> None:
        """Learn what other replicas announced, unless that was asked a moment ago."""
        if self._clock() - self._heard_at < HEAR_S:
            return
        self._heard_at = self._clock()
        for state in list(states):
            try:
                await self.hear_of(state)
            except AwsFailed as failed:
                log.warning('cluster %s: whether it was announced is not known: %s', state.name, failed)

    async def hear_of(self, state: ClusterState) -> None:
        """The same of one cluster, at once. Raises `AwsFailed`."""
        if state.book.waits_for_word() and (moved := await self._records.hear(state)):
            self._note(state, moved)
