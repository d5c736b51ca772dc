"""What the hub brings subscribers up to date with: see `stack.live.Live`."""

from collections.abc import Iterable
from typing import Protocol

from stack.events import Event


class Source(Protocol):
    """The state behind the events, and the way from an older one to it."""

    async def names(self, anew: bool = False) -> list[str]:
        """The clusters that are there; with `anew` as of now, otherwise as of a moment ago."""
        ...

    async def ready(self, cluster: str) -> None:
        """Have the cluster's newest revision in memory."""
        ...

    def revision(self, cluster: str) -> str | None:
        """The revision up to which events were published; None where there is no such cluster."""
        ...

    async def since(self, cluster: str, known: str) -> tuple[list[Event], str] | None:
        """The `desired` events after `known`, and the revision up to which they lead.

        None where there are too many, or where nobody knows `known`.
        """
        ...

    def snapshot(self, cluster: str, covers_since: str | None = None) -> Event | None:
        """The `cluster` event of the newest state, or the `deleted` one; None where it was never heard of.

        With `covers_since` it says that it stands for every revision since that one.
        """
        ...

    def movement(self, cluster: str, services: Iterable[str] | None) -> Event | None:
        """The `rollout` event with the newest state of some services, or of all; None where nothing was observed."""
        ...

    def synced(self, clusters: Iterable[str]) -> Event: ...
