"""A reader of the live channel, and what it has still to be told.

What a slow reader has not taken yet is kept in a bounded form: a few events in their order, and beyond that only which
clusters it must be told of anew.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from typing import Protocol

from stack.events import Event, matcher

# What a subscriber may be behind, in one cluster and in all, before its events are merged into the newest state.
MOST_EVENTS = 100
MOST_BYTES = 64 * 1024


class Outlet(Protocol):
    """Where a subscriber's frames go."""

    def ready(self) -> bool:
        """Whether `offer` would take a frame: to describe a cluster for nothing costs more than to ask."""
        ...

    def offer(self, frame: bytes) -> bool:
        """Send a frame, without waiting; false, and nothing sent, where the reader is behind already.

        One that has gone takes everything.
        """
        ...


class Behind:
    """What a subscriber has still to be told of one cluster.

    `rollout` is the number of the newest rollout event, 0 where none is owed: one without services tells of the
    cluster as a whole. `moved` has the services of them all.
    """

    __slots__ = ('bytes', 'events', 'merged', 'moved', 'rollout', 'snapshot')

    def __init__(self) -> None:
        self.events: deque[tuple[int, Event]] = deque()
        self.rollout = 0
        self.moved: dict[str, int] = {}
        self.snapshot = False
        self.merged = 0
        self.bytes = 0

    def add(self, number: int, event: Event, size: int) -> None:
        if event.type == 'rollout':
            self.merged += bool(self.rollout)
            self.rollout = number
            self.moved.update(dict.fromkeys(event.services, number))
        elif self.snapshot:
            self.merged += 1
        else:
            self.events.append((number, event))
            self.bytes += size
            if len(self.events) > MOST_EVENTS:
                self.collapse()

    def collapse(self) -> None:
        """Keep only that the newest state is owed."""
        self.merged += len(self.events)
        self.events.clear()
        self.bytes = 0
        self.snapshot = True

    def forget_until(self, number: int, kinds: Collection[str] | None = None) -> None:
        """Drop what a newer state that was sent meanwhile holds already; of some kinds of events only, if told."""
        self.events = deque(
            each for each in self.events if each[0] > number or (kinds is not None and each[1].type not in kinds)
        )
        self.moved = {name: at for name, at in self.moved.items() if at > number}
        if self.rollout <= number:
            self.rollout = 0

    def __bool__(self) -> bool:
        return bool(self.events or self.rollout or self.snapshot)


class Subscriber:
    """One reader. `values` says whether it may read the values of environment variables.

    A paced one gets at most ten batches a second, for pages that have to paint what they are told. Events of clusters
    in `syncing` are kept until it has been brought up to date with those, and while it is `beginning` all are.
    """

    __slots__ = (
        'beginning',
        'behind',
        'bringing_up',
        'fits',
        'held',
        'may_see',
        'outlet',
        'paced',
        'room',
        'syncing',
        'values',
    )

    def __init__(
        self,
        outlet: Outlet,
        *,
        values: bool = True,
        paced: bool = False,
        may_see: Callable[[str], bool] = lambda _: True,
    ):
        self.outlet = outlet
        self.values = values
        self.paced = paced
        self.may_see = may_see
        self.fits = matcher(())
        self.behind: dict[str, Behind] = {}
        self.syncing: set[str] = set()
        self.held = False
        self.beginning = False
        # Set when a frame may be taken again; None while nobody waits for that.
        self.room: asyncio.Event | None = None
        self.bringing_up: asyncio.Task | None = None

    def wake(self) -> None:
        """There may be room for a frame: whoever waits for that may try."""
        if self.room is not None:
            self.room.set()
            self.room = None

    def waits(self, cluster: str) -> bool:
        return self.beginning or cluster in self.syncing

    def wants(self, cluster: str) -> bool:
        return self.fits(cluster) and self.may_see(cluster)

    def keep(self, number: int, event: Event) -> None:
        """Put an event aside; beyond the limit, what is largest is merged into its newest state."""
        behind = self.behind.setdefault(event.cluster, Behind())
        behind.add(number, event, len(event.text(self.values)))
        if behind.bytes and sum(each.bytes for each in self.behind.values()) > MOST_BYTES:
            max(self.behind.values(), key=lambda each: each.bytes).collapse()
