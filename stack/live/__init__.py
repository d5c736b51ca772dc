"""The live channel: who is sent what of which cluster, without a gap.

One object owns what is known of one cluster (`cluster`). Facts go into it: what a listing shows, what this process
wrote, what the history has, how guards are, what a look at ECS showed. Every method that takes a fact runs to its end
without waiting, and adds numbered events to the cluster's log (`log`). Nothing else changes what is known.

Each subscriber has a position in each cluster that it wants, from the moment at which its owner exists (`clusters`,
`hub`): how many of its events it was sent. It moves only when a frame was accepted, and what is sent is always the
difference to the newest state. So a subscriber cannot miss a cluster, or get one event twice: whatever the order in
which reads end, an event that it was not sent lies between its position and the end of the log.

An owner counts what it has heard, and what the reads that ended account for (`facts`, `reader`). While the two differ,
the cluster is read again, at the latest with the next listing (`feed`): a read that fails loses nothing.

| module | what it is |
| --- | --- |
| `cluster` | the owner: facts in, events out |
| `clusters` | all owners by name |
| `log`, `owed` | the events of a cluster, positions in it, what a subscriber at a position is owed; event replay |
| `facts`, `reader` | what is read from S3, and the reads |
| `feed` | hints from writes and listings, and the reads that follow from them |
| `hub`, `subscriber`, `shared` | fan-out, slow readers, events made once for all |
| `read_ahead`, `slow_sync` | loads before their turn; a warning where a subscriber is not in sync for long |
| `freezes`, `reannouncements` | what no revision announces: freezes that end, announcements by other replicas |
| `client_messages` | what clients send |
| `interest` | who wants to know of a cluster: callers over REST, subscribers, open rollouts |
| `loader` | loading of clusters, up to the revision that a caller or a subscriber knows |
| `live` | all of it put together |
"""

from stack.live.client_messages import Subscribe
from stack.live.live import Live
from stack.live.subscriber import Subscriber

__all__ = ['Live', 'Subscribe', 'Subscriber']
