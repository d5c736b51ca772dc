"""Who is subscribed, and what each subscriber wants; `Delivery` sends, `Synchronization` brings up to date."""

from stack.live.client_messages import Subscribe
from stack.live.cluster import Cluster
from stack.live.clusters import Clusters
from stack.live.delivery import Delivery
from stack.live.event import Event
from stack.live.forms import Framing, plain
from stack.live.log import NOTHING
from stack.live.source import Source
from stack.live.subscriber import Subscriber
from stack.live.synchronization import RETRY_S, Synchronization
from stack.runtime.observers import Observers
from stack.runtime.patterns import matcher


class Hub:
    """`framing` wraps an event as the outlets send it; `wishes` is notified when subscribers want something else."""

    def __init__(
        self,
        source: Source,
        clusters: Clusters,
        framing: Framing = plain,
        retry_s: float = RETRY_S,
    ):
        self._clusters = clusters
        self._subscribers: dict[Subscriber, None] = {}
        self.wishes: Observers[[]] = Observers()
        self.delivery = Delivery(clusters, framing)
        self.synchronization = Synchronization(source, clusters, self.delivery, self.wishes, retry_s)
        clusters.additions.subscribe(self._added)

    def __len__(self) -> int:
        return len(self._subscribers)

    def listens(self, name: str) -> bool:
        """Whether any subscriber wants to know of the cluster."""
        return bool(self._clusters.of(name).readers)

    def publish(self, event: Event) -> None:
        """Send an event of a cluster that changes nothing in it."""
        if event.cluster is not None:
            self._clusters.of(event.cluster).publish(event)

    def _added(self, cluster: Cluster) -> None:
        """Give the subscribers that want a new cluster their position in it: they were sent nothing of it so far."""
        for subscriber in self._subscribers:
            if not subscriber.beginning and cluster.name not in subscriber.joining and subscriber.wants(cluster.name):
                cluster.readers[subscriber] = NOTHING

    def subscribe(self, subscriber: Subscriber, wish: Subscribe) -> None:
        """Bring a subscriber up to date with what it wants, and keep it so; replaces what it wanted before."""
        self._forget(subscriber)
        subscriber.fits = matcher(wish.clusters)
        subscriber.form = subscriber.form._replace(detail=wish.detail)
        subscriber.batches = wish.batches
        subscriber.beginning = True
        self._subscribers[subscriber] = None
        self.synchronization.start(subscriber, wish)
        self.wishes.notify()

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a subscriber; its outlet is not written to any more."""
        self._forget(subscriber)
        self._subscribers.pop(subscriber, None)
        self.delivery.forget(subscriber)
        self.wishes.notify()

    async def close(self) -> None:
        await self.synchronization.close()
        await self.delivery.close()

    def _forget(self, subscriber: Subscriber) -> None:
        """Forget what a subscriber wanted, and what it was sent of it."""
        if subscriber.bringing_up is not None:
            subscriber.bringing_up.cancel()
        subscriber.joining.clear()
        subscriber.pending.clear()
        for cluster in self._clusters:
            cluster.readers.pop(subscriber, None)
