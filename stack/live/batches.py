"""The events of several clusters as one message, for a new subscriber: a page pays for each message."""

from collections.abc import Mapping
from dataclasses import dataclass

from stack.live.cluster import Cluster
from stack.live.clusters import Clusters
from stack.live.event import Message
from stack.live.forms import Form
from stack.live.log import Position
from stack.live.owed import join
from stack.live.shared import Shared
from stack.live.snapshots import is_large
from stack.live.subscriber import Subscriber

# Of the texts in one message: to describe so many clusters holds up other requests for some 10 ms.
MOST_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """Events, each with the number of others that are part of it, and the positions of a subscriber that has them."""

    events: tuple[tuple[Message, int], ...]
    positions: Mapping[Cluster, Position]

    def text(self, form: Form) -> bytes:
        texts = (event.text(form.values, merged, form.detail) for event, merged in self.events)
        return b'{"type":"batch","messages":[%s]}' % b','.join(texts)


def next_batch(subscriber: Subscriber, clusters: Clusters, shared: Shared) -> Batch:
    """What a subscriber is owed of the clusters that it joins next, as far as they are loaded."""
    events: list[tuple[Message, int]] = []
    positions: dict[Cluster, Position] = {}
    form, size = subscriber.form, 0
    for name, known in subscriber.joining.items():
        cluster = clusters.get(name)
        if cluster is None or cluster.state is None or not cluster.replays(known):
            break
        if positions and is_large(cluster.state):
            # It is described before the next batch.
            break
        position = join(cluster, known)
        owed = shared.owed(cluster, position) if position != cluster.log.end else ()
        size += sum(len(each.event.text(form.values, each.merged, form.detail)) for each in owed)
        if positions and size > MOST_BYTES:
            break
        events += [(each.event, each.merged) for each in owed]
        positions[cluster] = owed[-1].position if owed else position
    return Batch(tuple(events), positions)
