"""What subscribers in the detail `summary` are sent of a cluster that is not loaded: its persisted summary."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from stack.live.brief import OF_REVISION
from stack.live.event import Event
from stack.live.facts import Mark
from stack.live.forms import Detail
from stack.live.freeze_clock import FreezeClock
from stack.live.summary import Proof, Summary, shown_of
from stack.rollouts.cluster_state import ClusterState
from stack.stackfile.freeze_windows import FreezeWindow

# Subscribers that come within this time share an event, and its time.
SHARED = timedelta(seconds=1)

Json = Mapping[str, Any]


class SummaryEvent(Event):
    """An event that is made for the detail `summary`, and for no other."""

    __slots__ = ()

    def shown(self, content: Json, detail: Detail) -> Json:
        return content


class StandIn:
    """`sent` is the content of the newest `cluster` event that subscribers got of a summary; None while they got none.

    A summary that is proven no longer is not sent any more. What was sent before is still what those subscribers know.
    """

    __slots__ = ('_clock', '_content', '_events', '_made_at', '_outdated', '_summary', 'sent')

    def __init__(self) -> None:
        self._summary: Summary | None = None
        # What the last listing had before this process wrote.
        self._outdated: Mark | None = None
        self._clock = FreezeClock()
        # What was made at `_made_at`, by the type of the event.
        self._content: Json = {}
        self._events: dict[str, Event] = {}
        self._made_at = datetime.min.replace(tzinfo=UTC)
        self.sent: Json | None = None

    @property
    def proof(self) -> Proof | None:
        """What proves the summary; None without one."""
        return self._summary.proof if self._summary is not None else None

    @property
    def revision(self) -> str | None:
        """The revision that subscribers know from the summary; None where they were sent none."""
        return str(self.sent['revision']) if self.sent is not None else None

    def prove(self, summary: Summary, calendar: tuple[FreezeWindow, ...]) -> None:
        """The bucket has the very objects that the summary was computed from, by its last listing."""
        if self._outdated == (summary.proof.etag, summary.proof.modified):
            return
        self._summary = summary
        self._clock.declare(summary.freeze)
        self._clock.state({'freezes': summary.freezes})
        self._clock.share(calendar)
        self._events.clear()

    def distrust(self, outdated: Mark | None = None) -> None:
        """The cluster changed, or may have: `outdated` is what a listing had of it before."""
        self._outdated = outdated or self._outdated
        self._summary = None
        self._events.clear()

    def event(self, known: str | None, now: datetime) -> Event | None:
        """The `cluster` event for a new subscriber, or the `rollout` for one that knows the revision.

        None where nothing is proven, or where the subscriber knows another revision: the cluster has to be loaded.
        """
        summary = self._summary
        if summary is None or known not in (None, summary.revision):
            return None
        if not self._events or now - self._made_at >= SHARED:
            freeze = self._clock.at(now)
            windows = {'freeze_windows': freeze.windows} if freeze.windows else {}
            self._made_at, self._content = now, {**summary.content, 'frozen': freeze.freeze, **windows}
            moved = {name: value for name, value in self._content.items() if name not in OF_REVISION}
            self._events['cluster'] = SummaryEvent('cluster', summary.cluster, self._content, at=now)
            self._events['rollout'] = SummaryEvent('rollout', summary.cluster, moved, at=now)
        return self._events['cluster' if known is None else 'rollout']

    def repeats(self) -> bool:
        """Whether the last event that was made has the content that subscribers were sent."""
        return self.sent == self._content

    def was_sent(self) -> None:
        """A subscriber was sent the last event that was made."""
        self.sent = self._content

    def differs(self, state: ClusterState, now: datetime) -> bool:
        """Whether what subscribers were sent is not what a state shows."""
        return self.sent != shown_of(state, now)

    def end(self) -> None:
        """The cluster is loaded, or gone."""
        self.distrust()
        self.sent, self._content = None, {}
