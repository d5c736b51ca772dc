"""A reader of the live channel: what it wants, and which clusters it is still to be brought up to date with.

What it was sent of each cluster is its position there: see `stack.live.log.Position` and `Cluster.readers`.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from stack.live.forms import Form
from stack.runtime.patterns import matcher


class Outlet(Protocol):
    """Where a subscriber's frames go."""

    def ready(self) -> bool:
        """Whether `offer` would accept a frame: to describe a cluster for nothing costs more than to ask."""
        ...

    def offer(self, frame: bytes) -> bool:
        """Send a frame, without waiting; false, and nothing sent, where the reader is behind already.

        One that has gone accepts everything.
        """
        ...


class Subscriber:
    """One reader. `form` is how it is sent events: with values of environment variables or without, in which detail.

    A paced one gets at most ten batches a second, for pages that repaint. With `batches`, clusters that it joins come
    together.
    """

    __slots__ = (
        'batches',
        'beginning',
        'bringing_up',
        'fits',
        'form',
        'held',
        'joining',
        'may_see',
        'outlet',
        'paced',
        'pending',
        'room',
    )

    def __init__(
        self,
        outlet: Outlet,
        *,
        form: Form = Form(),  # noqa: B008  a value that cannot change
        paced: bool = False,
        may_see: Callable[[str], bool] = lambda _: True,
    ):
        self.outlet = outlet
        self.form = form
        self.paced = paced
        self.may_see = may_see
        self.fits = matcher(())
        self.batches = False
        # Until it is known which clusters there are.
        self.beginning = False
        # The clusters that it has no position in yet, each with the revision that it knows.
        self.joining: dict[str, str | None] = {}
        # The clusters of which it is owed events, because it was behind, or is paced.
        self.pending: dict[str, None] = {}
        # Sent a batch a moment ago, and paced.
        self.held = False
        # Set when a frame may be accepted again; None while nothing waits for that.
        self.room: asyncio.Event | None = None
        self.bringing_up: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """There may be room for a frame."""
        if self.room is not None:
            self.room.set()
            self.room = None

    def wants(self, cluster: str) -> bool:
        return self.fits(cluster) and self.may_see(cluster)
