"""What takes long of going over to the next revision of a cluster, made before its owner is notified of it.

Of a large desired state it takes longer than the event loop may stand still. It depends on documents alone.
"""

from dataclasses import dataclass

from stack.live import cluster_events
from stack.live.cluster_events import Changed
from stack.rollouts.cluster_state import ClusterState, Prepared
from stack.state.revisions import Revision


@dataclass(frozen=True, slots=True)
class NextRevision:
    """That of a body that follows the revision `before`, for its state and for the event of it."""

    before: str
    body: bytes
    changed: Changed
    prepared: Prepared

    def is_of(self, before: Revision, after: Revision) -> bool:
        return self.before == before.id and self.body == after.body


def prepare(state: ClusterState, before: Revision, after: Revision) -> NextRevision:
    """The next revision of a state whose revision is `before`; any thread may make it."""
    changed = cluster_events.what_changed(before, after)
    return NextRevision(before.id, after.body, changed, state.prepare(after))
