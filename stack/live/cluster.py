"""The owner of one cluster: facts go in, numbered events come out, and no method waits for anything.

Only these methods change what is known of a cluster. A fact that was read from S3 states how much the owner had heard
when the read began (`as_of`): one that is older than what was read already is dropped.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from stack.changes.guards import freeze_of
from stack.errors import AwsFailed
from stack.live import cluster_events
from stack.live.deltas import Published
from stack.live.event import Event, Message
from stack.live.facts import Current, FreezeReading, Gap, Mark, Steps
from stack.live.forms import Detail
from stack.live.freeze_clock import FreezeClock
from stack.live.log import Log, Position
from stack.live.next_revision import NextRevision
from stack.live.snapshots import Kind, Snapshot, Snapshots
from stack.live.stand_in import StandIn
from stack.live.subscriber import Subscriber
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.observation import Observation
from stack.rollouts.overtaken import merged
from stack.rollouts.rollout import Rollout
from stack.rollouts.rollout_records import Record
from stack.rollouts.stale_secrets import StaleServices
from stack.runtime.moments import stamp
from stack.runtime.observers import Observers
from stack.stackfile.freeze_windows import FreezeWindow
from stack.state.revisions import Revision

# S3's dates have no fraction of a second.
SECOND_S = 1.0


@dataclass(frozen=True)
class Surroundings:
    """What the owners of all clusters share.

    `watched` is whether ECS is looked at in this process. `moves` is notified of every event, `records` of a cluster
    whose rollouts are to be recorded, `loads` of what was read of a cluster as it is loaded, `endings` of each rollout
    that ended, `pauses` of the strategy and the seconds of each pause that is over.
    """

    now: Callable[[], datetime]
    watched: Callable[[], bool] = lambda: False
    moves: Observers[['Cluster']] = field(default_factory=Observers)
    records: Observers[[str]] = field(default_factory=Observers)
    loads: Observers[[Current, Mark | None]] = field(default_factory=Observers)
    endings: Observers[[ClusterState, Rollout]] = field(default_factory=Observers)
    pauses: Observers[[str, float]] = field(default_factory=Observers)
    snapshots: Snapshots = field(default_factory=Snapshots)
    # By cluster and service: secrets that changed after tasks had started, also of clusters that are not loaded.
    stale_secrets: dict[str, StaleServices] = field(default_factory=dict)
    # By cluster and service: how its schedule goes, also of clusters that are not loaded.
    schedules: dict[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)


class Cluster:
    """`state` is None while the cluster is not loaded, or not there; `mark` is what the last listing had of it.

    `readers` are the subscribers that want it, each with its position; deltas for them are relative to what is
    `published`. `heard` counts hints that the history has something new, `read` is the number of them that a finished
    read has accounted for.
    """

    __slots__ = (
        '_around',
        '_next',
        'awaited',
        'followed',
        'freeze_clock',
        'freeze_unknown',
        'heard',
        'log',
        'mark',
        'name',
        'published',
        'read',
        'readers',
        'stand_in',
        'state',
        'unsure_until',
    )

    def __init__(self, name: str, around: Surroundings):
        self.name = name
        self.published = Published()
        self._next: NextRevision | None = None
        self.state: ClusterState | None = None
        self.stand_in = StandIn()
        self.log = Log()
        self.readers: dict[Subscriber, Position] = {}
        self.mark: Mark | None = None
        # From when on a listing shows whether the mark is final, in seconds; None where that is known.
        self.unsure_until: float | None = None
        self.heard = self.read = 0
        # To be loaded although no subscriber and no caller asks for it: a rollout of it may be under way.
        self.followed = False
        # How many callers wait for what S3 has of it.
        self.awaited = 0
        self.freeze_clock = FreezeClock()
        # Whether guards could not be read that the newest revision is under.
        self.freeze_unknown = False
        self._around = around

    # What is known

    @property
    def there(self) -> bool:
        return self.state is not None or self.mark is not None

    @property
    def gone(self) -> bool:
        """Whether it is known, without a read, that there is no such cluster."""
        return not self.there and self.heard == self.read

    @property
    def revision(self) -> Revision | None:
        """The newest revision, up to which events were published; None where the cluster is not loaded."""
        return self.state.revision if self.state else None

    @property
    def revision_sent(self) -> str | None:
        """The id of the newest revision that subscribers were sent, or are owed; None where that is none."""
        return self.state.revision.id if self.state else self.stand_in.revision

    def behind(self, wanted: bool) -> bool:
        """Whether S3 has to be read: something was heard that no read accounts for, or it is wanted and not loaded."""
        if self.state is None:
            wanted = wanted and self.stand_in.proof is None
            return (wanted or self.followed) and (self.mark is not None or self.heard > self.read)
        return self.heard > self.read

    def is_settled(self) -> bool:
        """Whether no caller waits for it, and every subscriber was sent all events."""
        events = self.log.end.events
        return not self.awaited and all(position.events == events for position in self.readers.values())

    # Facts: the listing, and what this process did. They are hints to read, but for a write on top of what is known

    def listed(self, mark: Mark | None, began: float, ended: float) -> None:
        """A listing of the bucket that began and ended at these seconds had this mark, or did not have the cluster.

        S3 dates to the second: within the second of its mark the same content may be stored again without a trace, so
        that the newest version is compared again after that.
        """
        before, self.mark = self.mark, mark
        if mark != before:
            self.stand_in.distrust()
            self.unsure_until = ended + SECOND_S
            is_hint = self.revision is None or self._differs(mark) or (before is not None and not self._differs(before))
        elif self.unsure_until is not None and began >= self.unsure_until:
            self.unsure_until = None
            is_hint = True
        else:
            is_hint = self.revision is not None and self._differs(mark)
        self.heard += is_hint

    def _differs(self, mark: Mark | None) -> bool:
        """Whether a mark is not that of the newest revision that is known."""
        return self.revision is None or mark is None or mark.etag != self.revision.etag

    def expect(self, following: NextRevision) -> None:
        """What was prepared of a revision that is about to be known, if that is the next one."""
        self._next = following

    def stored(self, base: Revision | None, revision: Revision) -> bool:
        """This process stored a revision over `base`; whether that is known to follow the newest one directly."""
        state = self.state
        if state is not None and base is not None and state.revision.id == base.id:
            self._advance(state, revision)
            return True
        self.heard += 1
        self.stand_in.distrust(self.mark)
        return False

    def removed(self) -> None:
        """This process removed the cluster."""
        self.heard += 1
        self.stand_in.distrust(self.mark)
        if self.state is None:
            self.mark = None

    # Facts: what was read from S3

    def load(self, current: Current) -> None:
        """The current revision, for a cluster that is not loaded."""
        if current.as_of < self.read:
            return
        if self.state is None:
            self.read, self.followed = current.as_of, False
            self._appear(current)
        elif current.revision is not None and current.revision.id == self.state.revision.id:
            self.read = current.as_of
        # Otherwise another read was faster, and it is not known which is the newer one.

    def catch_up(self, history: Steps | Gap) -> None:
        """What the history has after the revision that was the newest when the read began."""
        state = self.state
        if history.as_of < self.read or state is None:
            return
        if isinstance(history, Steps):
            self.read = history.as_of
            self._walk(state, history.after(state.revision.id))
        elif state.revision.id == history.since:
            self.read = history.as_of
            self._jump(state, history.current)
        # Otherwise a write of this process came in between: it is not known which is the newer one.

    def froze(self, revision: str, freeze: Mapping[str, Any] | None) -> None:
        """Who froze the cluster, by the guards of a revision; without effect if that is no longer the newest."""
        if self.state is not None and self.state.revision.id == revision:
            self.freeze_unknown = False
            self.freeze_clock.declare(freeze)
            self._refreeze(self.state)

    def scheduled(self, windows: tuple[FreezeWindow, ...]) -> None:
        """The freeze windows that the calendar has for the cluster."""
        if self.state is not None:
            self.freeze_clock.share(windows)
            self._refreeze(self.state)

    def recorded(self, record: Record) -> None:
        """How rollouts stand by the records of other replicas."""
        if self.state is not None:
            book = self.state.book
            moved = book.hear(record.rollouts)
            ended: dict[str, dict[str, Rollout]] = {}
            for service, rollout in record.rollouts.items():
                if rollout.verdict is not None and rollout.goal.revision in book.former:
                    ended.setdefault(rollout.goal.revision, {})[service] = rollout
            news = book.remember(merged(ended, record.former), self._around.now())
            if moved or self._decide() or news:
                self._move(moved | news)

    def confirmed(self) -> None:
        """Other replicas have recorded nothing since their records were merged here."""
        if self.state is not None:
            self.state.book.heard_at = self._around.now()

    # Facts: schedulers, ECS, time

    def announced(self, at: datetime) -> bool:
        """Schedulers were notified of what is wanted (again); whether anything begins by that."""
        moved = self.state.announce(at) if self.state is not None else set()
        if moved:
            self._move(moved)
        return bool(moved)

    def looked(self, observation: Observation) -> None:
        """What a look at ECS showed."""
        state = self.state
        if state is None:
            return
        before = dict(state.rollouts)
        moved = state.look(observation)
        changed = self._note_failure(state, observation.hindered if state.unread else None)
        if self._decide() or moved or changed:
            self._move(moved)
        for paused in state.book.pauses_ended_since(before):
            self._around.pauses.notify(paused.strategy, (observation.at - paused.since).total_seconds())
        ended = state.book.ended_since(before)
        for rollout in ended:
            self._around.endings.notify(state, rollout)
        if ended or state.book.steps_since(before):
            self._around.records.notify(self.name)

    def unseen(self, failed: AwsFailed) -> None:
        """ECS could not be asked: what is known of it gets old."""
        if self.state is not None and self._note_failure(self.state, failed):
            self._move(())

    def _note_failure(self, state: ClusterState, failed: AwsFailed | None) -> bool:
        """Record why ECS could not be asked, None where it could; whether that is news."""
        if (failed is None) == (state.failing is None):
            return False
        since = stamp(self._around.now())
        state.failing = None if failed is None else {'since': since, 'error': failed.code, 'message': failed.message}
        return True

    def rotated(self, stale: StaleServices) -> None:
        """The secrets of services that changed after their tasks had started."""
        if self.state is not None:
            before, self.state.stale_secrets = self.state.stale_secrets, stale
            self._move_differing(before, stale)

    def judged(self, schedules: Mapping[str, Mapping[str, Any]]) -> None:
        """How the schedules of its services go."""
        if self.state is not None:
            before, self.state.schedules = self.state.schedules, schedules
            self._move_differing(before, schedules)

    def expire(self) -> None:
        """A freeze begins or ends by itself, and what a newer revision overtook is superseded."""
        if self._decide():
            self._move(())
        if self.state is not None:
            self._refreeze(self.state)

    def publish(self, event: Event) -> None:
        """An event that changes nothing here."""
        self.log.add(event)
        self._around.moves.notify(self)

    # What subscribers are owed

    def replays(self, known: str | None) -> bool:
        """Whether a subscriber that knows that revision can be sent every one since."""
        revision = self.revision
        return known is None or revision is None or known == revision.id or bool(self.log.replay(known))

    def remember(self, path: Sequence[Revision]) -> None:
        """Revisions of the history, in its order, for subscribers that come back."""
        if self.revision is not None:
            events = [cluster_events.desired(before, after) for before, after in pairwise(path)]
            self.log.prepend(events, self.revision.id)

    def snapshot(self, covers: str | None = None) -> Message:
        """The `cluster` event of the newest state, or the `deleted` one.

        With `covers` it declares that it stands for every revision since that one.
        """
        if self.state is None or covers is not None:
            return self._described(covers)
        return Snapshot('cluster', self.state, self._around.now(), self._around.snapshots)

    async def prepare_snapshot(self, known: str | None, values: bool, detail: Detail) -> None:
        """Have what a subscriber is about to be owed of a large cluster described; `known` is its revision."""
        if self.state is not None:
            kind: Kind = 'cluster' if known is None else 'rollout'
            await self._around.snapshots.prepare(kind, self.state, self._around.now(), values, detail)

    def movement(self, services: Iterable[str] | None) -> Message:
        """The `rollout` event with the newest state of some services, or of all; `deleted` if there is no cluster."""
        if self.state is None:
            return self.snapshot()
        if services is None:
            return Snapshot('rollout', self.state, self._around.now(), self._around.snapshots)
        return cluster_events.rollout(self.state, services, self._around.now())

    def _described(self, covers: str | None) -> Event:
        if self.state is None:
            return cluster_events.deleted(self.name, None, self._around.now())
        return cluster_events.cluster(self.state, self._around.now(), covers_since=covers)

    # How the state changes, and the events of that

    def _appear(self, current: Current) -> None:
        now, known = self._around.now(), self.stand_in.revision
        self.state = state = current.state
        if state is None:
            self.mark = None
            if known is not None:
                self.publish(cluster_events.deleted(self.name, None, now))
            self.stand_in.end()
            return
        self._around.loads.notify(current, self.mark)
        self._read_freeze(state, current.freeze)
        state.stale_secrets = self._around.stale_secrets.get(self.name, {})
        state.schedules = self._around.schedules.get(self.name, {})
        if known is None or not self.readers:
            self._whole_state()
        elif known != state.revision.id or self.stand_in.differs(state, now):
            self.remember(current.since)
            self._go_on(self.log.position_of(known, state.revision.id))
        self.stand_in.end()

    def _go_on(self, begin: Position) -> None:
        """Have the subscribers that were sent a summary owed what came after it; `begin` is their position by it."""
        for subscriber, position in self.readers.items():
            # What happened since that changes nothing here was sent to those that keep up.
            self.readers[subscriber] = begin if begin.events < 0 else begin._replace(events=position.events)
        self._around.moves.notify(self)

    def _decide(self) -> bool:
        """Find out how rollouts ended that a newer revision overtook; whether any did."""
        state = self.state
        if state is None:
            return False
        decided = state.book.decide(self._around.now())
        for rollout in decided:
            self._around.endings.notify(state, rollout)
        if decided:
            self._around.records.notify(self.name)
        return bool(decided)

    def _walk(self, state: ClusterState, steps: Sequence[Revision | None]) -> None:
        """Go along the history; None is a deletion. What came after one is loaded from the beginning."""
        for step in steps:
            if step is None:
                self._vanish(state)
                if steps[-1] is None:
                    self.mark = None
                else:
                    self.heard += 1
                return
            self._advance(state, step)

    def _advance(self, state: ClusterState, after: Revision) -> None:
        expected, self._next = self._next, None
        if expected is not None and not expected.is_of(state.revision, after):
            expected = None
        desired = cluster_events.desired(state.revision, after, expected.changed if expected else None)
        self.log.add(desired)
        self.published.forget(row['service'] for row in desired.content['changes'] if row['action'] == 'destroy')
        former, names, wanted = dict(state.rollouts), set(state.names()), set(state.wanted)
        state.take_revision(after, self._around.now(), expected.prepared if expected else None)
        if not self._around.watched():
            state.book.expect_no_look()
        moved = {name for name, each in state.rollouts.items() if former.get(name) is not each}
        # A service that leaves the desired state, and goes on running, changes for its subscribers.
        left = wanted.difference(state.wanted) | names.difference(state.names())
        self._move(moved | left)
        for change in after.changes:
            # A thaw of a freeze that had ended by itself, before this process heard of the thaw, is no event.
            if change.verb == 'freeze':
                self.freeze_clock.declare(freeze_of(change).to_json())
                self._refreeze(state)
            elif change.verb == 'thaw':
                self.freeze_clock.declare(None)
                self._refreeze(state, change.origin.by)
        self.freeze_clock.state(after.document_or_empty)
        self._refreeze(state)
        self._around.records.notify(self.name)

    def _jump(self, state: ClusterState, current: Current) -> None:
        """The history does not reach back to what was published last, or the bucket keeps no versions."""
        before, after = state.revision, current.revision
        if after is None:
            self._vanish(state)
            self.mark = None
        elif after.id != before.id and after.version is None:
            self._advance(state, after)
        elif after.id != before.id:
            state.take_revision(after, self._around.now())
            self._read_freeze(state, current.freeze)
            self._whole_state(before.id)

    def _vanish(self, state: ClusterState) -> None:
        now = self._around.now()
        self._move(state.remove(now))
        self.state, self.freeze_clock, self.freeze_unknown = None, FreezeClock(), False
        self.publish(cluster_events.deleted(self.name, state.revision, now))

    def _read_freeze(self, state: ClusterState, reading: FreezeReading) -> None:
        """What S3 has of its freeze and windows; shown in the whole state, which is about to be published."""
        self.freeze_unknown = not reading.is_known
        self.freeze_clock.declare(reading.freeze)
        self.freeze_clock.share(reading.calendar)
        self.freeze_clock.state(state.revision.document_or_empty)
        state.frozen, state.freeze_windows = self.freeze_clock.at(self._around.now())

    def _refreeze(self, state: ClusterState, by: str | None = None) -> None:
        """Publish what has begun or ended; `by` ended it."""
        now = self._around.now()
        before, current = (state.frozen, state.freeze_windows), self.freeze_clock.at(now)
        if current == before:
            return
        state.frozen, state.freeze_windows = current
        if current.freeze != before[0]:
            self.publish(cluster_events.frozen(state, now, by))
        else:
            self._move(())

    def _whole_state(self, covers: str | None = None) -> None:
        self.published.reset()
        if self.readers:
            self.log.add(self._described(covers))
        else:
            self.log.skip_all()
        self._around.moves.notify(self)

    def _move_differing(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Publish the services of which something else is known now."""
        moved = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        if moved:
            self._move(moved)

    def _move(self, services: Iterable[str]) -> None:
        if self.readers and self.state is not None:
            movement = cluster_events.rollout(self.state, services, self._around.now())
            if any(reader.form.detail.has_deltas for reader in self.readers):
                movement.delta = self.published.delta(movement.content)
            else:
                self.published.reset()
            self.log.add(movement)
        else:
            self.published.reset()
            self.log.skip_rollout(frozenset(services))
        self._around.moves.notify(self)
