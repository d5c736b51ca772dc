"""Who wants to know of a cluster: callers over REST, those that wait there, subscribers, and open rollouts."""

import asyncio
from collections import Counter
from collections.abc import Callable

from stack.errors import ShuttingDown
from stack.live.cluster import Cluster
from stack.live.clusters import Clusters

# For how long a cluster is looked at after a caller asked for it.
ASKED_S = 30.0


class Askers:
    """The callers that asked for a cluster within `ASKED_S`, and those that wait for a condition of one."""

    def __init__(self, clock: Callable[[], float]):
        self._clock = clock
        self._stopping = False
        self._asked: dict[str, float] = {}
        self._waiting: Counter[str] = Counter()
        self._moved: dict[str, asyncio.Event] = {}

    def __bool__(self) -> bool:
        """Whether any caller asked lately, or waits."""
        self._forget()
        return bool(self._asked or +self._waiting)

    def __contains__(self, cluster: str) -> bool:
        """Whether a caller asked for the cluster lately, or waits for a condition of it."""
        return self._clock() - self._asked.get(cluster, float('-inf')) <= ASKED_S or self.waits(cluster)

    def ask(self, cluster: str) -> bool:
        """Record that a caller asks for a cluster; returns whether it is the first one lately."""
        first = cluster not in self
        self._asked[cluster] = self._clock()
        return first

    def waits(self, cluster: str) -> bool:
        return self._waiting[cluster] > 0

    async def until(self, cluster: str, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition of a cluster is true; it is evaluated after each change of the cluster.

        Returns whether it is true. Raises `ShuttingDown` if the process stops before: another process knows the result.
        """
        self._waiting[cluster] += 1
        try:
            async with asyncio.timeout(seconds):
                while not condition() and not self._stopping:
                    await self._moved.setdefault(cluster, asyncio.Event()).wait()
        except TimeoutError:
            pass
        finally:
            self._waiting[cluster] -= 1
        if not condition():
            if self._stopping:
                raise ShuttingDown('The server is stopping. Ask again: another one answers.')
            return False
        return True

    def moved(self, cluster: str) -> None:
        """Have the callers that wait evaluate their conditions: the cluster changed."""
        moved = self._moved.pop(cluster, None)
        if moved is not None:
            moved.set()

    def stop(self) -> None:
        """End every wait."""
        self._stopping = True
        for cluster in list(self._moved):
            self.moved(cluster)

    def _forget(self) -> None:
        oldest = self._clock() - ASKED_S
        self._asked = {name: at for name, at in self._asked.items() if at >= oldest}


class Interest:
    """Which clusters are worth a read of S3, or a look at ECS."""

    def __init__(self, clusters: Clusters, askers: Askers):
        self._clusters = clusters
        self._askers = askers

    def is_wanted(self, cluster: Cluster) -> bool:
        """Whether a subscriber or a caller wants the newest revision of the cluster."""
        return bool(cluster.readers or cluster.awaited) or cluster.name in self._askers

    def is_worth_a_look(self, cluster: Cluster) -> bool:
        """Whether a subscriber or a caller wants to know what ECS runs, or a rollout is open."""
        state = cluster.state
        # Last what takes longest: all rollouts of a cluster are looked at for it.
        return state is not None and (bool(cluster.readers) or cluster.name in self._askers or state.moving())

    def may_have_news(self, cluster: Cluster) -> bool:
        """Whether the records of other replicas may contain something that matters here."""
        return self.is_worth_a_look(cluster) or (cluster.state is not None and cluster.state.book.unconfirmed())

    def worth_a_look(self) -> list[str]:
        return [cluster.name for cluster in self._clusters if self.is_worth_a_look(cluster)]

    def is_any(self) -> bool:
        """Whether any caller is there, or any cluster is worth a read."""
        return bool(self._askers) or any(each.followed or self.is_worth_a_look(each) for each in self._clusters)
