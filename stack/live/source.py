"""What the hub needs to bring a subscriber up to date."""

from typing import Protocol

from stack.live.event import Event
from stack.live.missed import Missed


class Source(Protocol):
    """All but `synced` raise `NysaError`: see `stack.live.loader.Loader`."""

    async def refresh(self, now: bool = False) -> None:
        """Have `Clusters` know which clusters are there; with `now` as of the call, otherwise as of a moment ago."""
        ...

    async def reach(self, cluster: str, known: str | None) -> None:
        """Load a cluster, and read its history back to a revision that a subscriber knows."""
        ...

    async def prove_summaries(self) -> None:
        """Find out which clusters that are not loaded have a summary; without effect where S3 fails."""
        ...

    def summary(self, cluster: str, known: str | None) -> Event | None:
        """What a new subscriber in the detail `summary` is sent; None where the cluster has to be loaded."""
        ...

    def synced(self, clusters: list[str], missed: Missed) -> Event: ...
