"""The owners of all clusters, one for each name that was listed, changed or asked for."""

import contextlib
from collections.abc import Callable, Iterator

from stack.live.cluster import Cluster
from stack.runtime.observers import Observers


class Clusters:
    """`additions` is notified of each new owner, before anything is known of its cluster."""

    def __init__(self, make: Callable[[str], Cluster]):
        self._make = make
        self.additions: Observers[[Cluster]] = Observers()
        self._by_name: dict[str, Cluster] = {}

    def __iter__(self) -> Iterator[Cluster]:
        return iter(list(self._by_name.values()))

    def get(self, name: str) -> Cluster | None:
        return self._by_name.get(name)

    def of(self, name: str) -> Cluster:
        """The owner of a cluster, which is made where there is none yet."""
        cluster = self._by_name.get(name)
        if cluster is None:
            cluster = self._by_name[name] = self._make(name)
            self.additions.notify(cluster)
        return cluster

    @contextlib.contextmanager
    def awaiting(self, name: str) -> Iterator[Cluster]:
        """The owner of a cluster, kept and read to its newest state for as long as a caller waits for that."""
        cluster = self.of(name)
        cluster.awaited += 1
        try:
            yield cluster
        finally:
            cluster.awaited -= 1

    def names(self) -> list[str]:
        """The clusters that are there, sorted."""
        return sorted(cluster.name for cluster in self._by_name.values() if cluster.there)

    def prune(self) -> None:
        """Forget clusters that are gone, once every subscriber was sent that."""
        for cluster in self:
            if not cluster.there and not cluster.followed and cluster.is_settled():
                del self._by_name[cluster.name]
