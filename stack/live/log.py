"""The numbered events of one cluster, and which of them a subscriber at a position is still owed. Pure.

Two counters number the events: `rollout` events describe a state, so that a newer one replaces those before it; all
others (`desired`, `deleted`, `frozen` …) are sent one by one.
"""

from collections.abc import Sequence
from typing import NamedTuple

from stack.live.event import Event

# What is kept for subscribers that are behind, or that come back.
MOST_EVENTS = 100
MOST_BYTES = 256 * 1024

# Events that a newer state of the cluster replaces.
STATES = frozenset({'rollout', 'cluster'})
# Events after which the revisions before lead to the newest one no longer.
BREAKS = frozenset({'cluster', 'deleted'})


class Position(NamedTuple):
    """What one subscriber was sent of one cluster: a value, shared by all subscribers at the same position.

    `events` and `rollouts` are the numbers of the last event and the last `rollout` that were sent; -1 stands for
    none of them: such a subscriber is owed the whole state. `missed` are earlier events that lead to `events`, still
    to be sent. `covers` is the revision that the subscriber knew, where no events lead from there to the newest one.
    """

    events: int
    rollouts: int
    missed: tuple[Event, ...] = ()
    covers: str | None = None


NOTHING = Position(0, 0)
# A subscriber that knows nothing of a cluster yet, and is owed the whole of it.
FROM_NOTHING = Position(-1, -1)


class Entry(NamedTuple):
    """An event and its number among those of its kind."""

    number: int
    event: Event

    @property
    def is_rollout(self) -> bool:
        return self.event.type == 'rollout'


class Log:
    """`end` is the position of a subscriber that was sent everything, `floor` the number below which events are gone.

    `moved` has the number of the newest `rollout` that names a service, `bytes` the size of the events that are kept.
    """

    __slots__ = ('_before', '_entries', 'bytes', 'end', 'floor', 'moved')

    def __init__(self) -> None:
        self.end = NOTHING
        self.floor = 0
        self.moved: dict[str, int] = {}
        self._entries: list[Entry] = []
        # `desired` events of before the log began, for subscribers that come back.
        self._before: list[Event] = []
        self.bytes = 0

    def add(self, event: Event) -> None:
        events, rollouts = self.end[:2]
        if event.type == 'rollout':
            self.skip_rollout(event.services)
            self._entries.append(Entry(rollouts + 1, event))
            return
        self.end = Position(events + 1, rollouts)
        self._entries.append(Entry(events + 1, event))
        self.bytes += _size(event)
        if event.type in BREAKS:
            self._forget_before()
        self._trim()

    def skip_rollout(self, services: Sequence[str] | frozenset[str]) -> None:
        """Count a `rollout` that is not made, because no subscriber is there."""
        self.end = Position(self.end.events, self.end.rollouts + 1)
        self.moved.update(dict.fromkeys(services, self.end.rollouts))

    def skip_all(self) -> None:
        """Have every position before this point owed the whole state."""
        self.end = Position(self.end.events + 1, self.end.rollouts)
        self._drop_until(self.end.events)
        self._forget_before()

    def handed_out(self, end: Position) -> None:
        """Drop the states up to a position: a subscriber that is behind is owed a newer one. The others rest."""
        covered = [each.number for each in self._entries if each.event.type == 'cluster' and each.number <= end.events]
        if covered:
            self._drop_until(covered[-1])
        self._entries = [each for each in self._entries if not (each.is_rollout and each.number <= end.rollouts)]
        for number, event in self._entries:
            if event.type not in STATES and number <= end.events:
                event.rest()

    def after(self, position: Position) -> list[Entry] | None:
        """The entries after a position, in order; None where the log does not reach back to it."""
        if position.events < self.floor:
            return None
        events, rollouts = position.events, position.rollouts
        return [entry for entry in self._entries if entry.number > (rollouts if entry.is_rollout else events)]

    def moved_after(self, rollouts: int) -> frozenset[str] | None:
        """The services that the rollouts after a number name; None, which is all of them, after none."""
        return None if rollouts < 0 else frozenset(name for name, number in self.moved.items() if number > rollouts)

    def replay(self, known: str) -> tuple[Event, ...]:
        """The `desired` events from a revision to the newest; none where the log does not know that revision."""
        chain = self._chain()
        begins = [index for index, event in enumerate(chain) if event.previous == known]
        return tuple(chain[begins[-1] :]) if begins else ()

    def position_of(self, known: str, current: str) -> Position:
        """The position of a subscriber that knows a revision; `current` is the newest one."""
        if known == current:
            return Position(self.end.events, -1)
        missed = self.replay(known)
        return Position(self.end.events, -1, missed) if missed else FROM_NOTHING._replace(covers=known)

    def prepend(self, events: Sequence[Event], current: str) -> None:
        """Remember `desired` events of the history, as far as they lead to where the log begins.

        `current` is the newest revision, where a log without such events begins.
        """
        begin = next((each.previous for each in self._chain()), current)
        revisions = [each.revision for each in events]
        if begin in revisions:
            earlier = events[: revisions.index(begin) + 1]
            self._before = [*earlier, *self._before]
            self.bytes += sum(_size(each) for each in earlier)
            for each in earlier:
                each.rest()
            self._trim()

    def _forget_before(self) -> None:
        self.bytes -= sum(map(_size, self._before))
        self._before.clear()

    def _chain(self) -> list[Event]:
        """The `desired` events that follow each other up to the newest revision."""
        chain = list(self._before)
        for each in self._entries:
            if each.event.type in BREAKS:
                chain.clear()
            elif each.event.type == 'desired':
                chain.append(each.event)
        return chain

    def _drop_until(self, number: int) -> None:
        """Drop everything up to an event, which is no `rollout`."""
        self.floor = number
        indices = [i for i, each in enumerate(self._entries) if not each.is_rollout and each.number <= number]
        end = indices[-1] + 1 if indices else 0
        dropped, self._entries = self._entries[:end], self._entries[end:]
        self.bytes -= sum(_size(each.event) for each in dropped)

    def _trim(self) -> None:
        while self._is_full() and self._before:
            self.bytes -= _size(self._before.pop(0))
        while self._is_full():
            self._drop_until(next(each.number for each in self._entries if not each.is_rollout))

    def _is_full(self) -> bool:
        kept = len(self._before) + sum(each.event.type not in STATES for each in self._entries)
        return kept > MOST_EVENTS or (self.bytes > MOST_BYTES and kept > 1)


def _size(event: Event) -> int:
    """Bytes that count against the limit; states are dropped soon in any case, and are not encoded for this."""
    return 0 if event.type in STATES else len(event.text(values=True))
