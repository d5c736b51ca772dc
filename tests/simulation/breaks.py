"""Faults that are built into the product on purpose, one for each promise: the simulation must find every one.

Each is a small mistake of the kind that people make. They are applied in a process of their own, and stay there.
"""

import asyncio
import contextvars
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stack.aws import conditional
from stack.aws.s3 import Bucket
from stack.aws.sqs import Queue
from stack.changes import carrying_out, chained_log, gate, proposals
from stack.changes.approvers import Account
from stack.changes.carrying_out import CarryingOut, Search
from stack.changes.entry_chain import NO_HASH
from stack.changes.gate import Gate
from stack.changes.proposal_log import ProposalLog
from stack.changes.proposed_edit import edited
from stack.changes.writer import Patch, Writer
from stack.live import feed, owed, shared, synchronization
from stack.live.cluster import Cluster
from stack.live.cluster_events import what_changed
from stack.live.delivery import Delivery
from stack.live.loader import Loader
from stack.live.log import Position
from stack.live.next_revision import NextRevision
from stack.live.proposal_news import ProposalNews
from stack.live.stand_in import StandIn
from stack.live.synchronization import Synchronization
from stack.notify import notifier
from stack.notify.notifier import Notifier
from stack.notify.sweeper import Sweeper
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollouts import Rollouts
from stack.runtime.shared_reads import SharedReads
from stack.scheduler.job import Job
from stack.scheduler.lease import Lease, Leases
from stack.scheduler.passes import Passes, _Fence
from stack.state import revisions
from stack.state.revision_chain import CHAIN_KEY


@dataclass(frozen=True)
class Break:
    """A fault of a model that must break a promise; `apply` builds it in. `seed` once found it, and is tried first."""

    model: str
    promise: str
    apply: Callable[[], None]
    seed: int


BREAKS: dict[str, Break] = {}


def breaks(model: str, promise: str, *, seed: int = 0) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(apply: Callable[[], None]) -> Callable[[], None]:
        BREAKS[apply.__name__.replace('_', '-')] = Break(model, promise, apply, seed)
        return apply

    return register


# The channel


@breaks('channel', 'no_gap', seed=11)
def resume_from_the_newest() -> None:
    """A subscriber that comes back is not sent what it missed."""
    join = synchronization.join
    synchronization.join = lambda cluster, known: (
        Position(cluster.log.end.events, -1) if known else join(cluster, known)
    )


@breaks('channel', 'no_double', seed=3)
def send_again_what_was_accepted() -> None:
    """The position of a subscriber moves only once everything that it is owed was accepted."""

    def send_owed(self: Delivery, subscriber: Any, cluster: Cluster) -> bool:
        position = cluster.readers.get(subscriber)
        if position is None or position == cluster.log.end:
            return True
        for each in self.shared.owed(cluster, position):
            if not self.send(subscriber, each.event, each.merged):
                return False
        cluster.readers[subscriber] = cluster.log.end
        return True

    Delivery.send_owed = send_owed


@breaks('channel', 'no_step_back', seed=222)
def believe_the_own_state() -> None:
    """A subscriber that knows more than this replica is not a reason to read S3."""

    async def reach(loader: Loader, name: str, known: str | None) -> None:
        await loader.load(name)

    Loader.reach = reach


@breaks('channel', 'rollout_after_desired', seed=0)
def send_rollouts_first() -> None:
    """What runs is sent before what is wanted."""
    in_order = shared.owed
    shared.owed = lambda *given: tuple(sorted(in_order(*given), key=lambda each: each.event.type != 'rollout'))


@breaks('channel', 'states_what_changed', seed=0)
def prepare_without_the_former() -> None:
    """What is prepared of a revision is compared with nothing."""

    def prepare(state: ClusterState, before: Any, after: Any) -> NextRevision:
        return NextRevision(before.id, after.body, what_changed(None, after), state.prepare(after))

    feed.prepare = prepare


@breaks('channel', 'synced_is_true', seed=1)
def sync_before_sending() -> None:
    """`synced` does not wait for what is owed."""

    async def join(self: Synchronization, subscriber: Any) -> None:
        for name, known in list(subscriber.joining.items()):
            with self._clusters.awaiting(name) as cluster:
                await self._source.reach(name, known)
                cluster.readers[subscriber] = owed.join(cluster, known)
                del subscriber.joining[name]
                subscriber.pending[name] = None
                self._delivery.look_later(subscriber)

    async def send(self: Delivery, subscriber: Any, make: Callable[[], Any]) -> None:
        self.send(subscriber, make())

    Synchronization._join, Delivery.send_patiently = join, send


@breaks('channel', 'truth_at_the_end', seed=6)
def overlook_other_replicas() -> None:
    """What others stored shows in the listing, and nothing is made of it."""

    def listed(cluster: Cluster, mark: Any) -> None:
        cluster.mark = mark

    Cluster.listed = listed


@breaks('summaries', 'no_gap', seed=0)
def join_without_a_position() -> None:
    """A subscriber that was sent a summary is no reader of the cluster."""
    sent = StandIn.was_sent

    def was_sent(stand_in: StandIn) -> None:
        sent(stand_in)
        stand_in.sent = None

    StandIn.was_sent = was_sent


@breaks('channel', 'as_a_newcomer', seed=0)
def keep_looks_to_oneself() -> None:
    """A look at ECS updates the state and publishes nothing."""
    look = ClusterState.look

    def looked(state: ClusterState, observation: Any) -> set[str]:
        look(state, observation)
        return set()

    ClusterState.look = looked


@breaks('channel', 'no_surprise', seed=2)
def keep_snapshots_for_good() -> None:
    """A snapshot that was encoded once is sent whatever happens."""
    ClusterState.facts = lambda _: ()


@breaks('channel', 'judged_by_what_runs', seed=0)
def judge_at_the_first_look() -> None:
    """What a service runs counts as wanted until its task definition is read."""
    ClusterState.knows = lambda state, name: True


# Changes


@breaks('changes', 'accepted_is_stored_once', seed=4)
def write_again_without_asking() -> None:
    """A write whose answer is lost is made again, whatever is there by then."""
    lose_the_condition()
    deny_lost_answers()


@breaks('changes', 'refused_is_not_stored', seed=33)
def deny_lost_answers() -> None:
    """A write that fails is made again, and the second answer counts."""

    async def settled(attempt: Callable[[], Any], read_back: Any, what: str) -> Any:
        try:
            return await attempt()
        except conditional.AwsFailed:
            return await attempt()

    conditional._settled = settled


@breaks('changes', 'edit_is_what_was_asked', seed=1)
def forget_later_edits() -> None:
    """Of patches that share a write the first one alone is made."""
    applied = Patch.applied

    async def apply(patch: Patch, base: Any, guards: Any, gate: Any, document: Any) -> Any:
        edited, *rest = await applied(patch, base, guards, gate, document)
        return (edited if document == base.document else document), *rest

    Patch.applied = apply


@breaks('changes', 'nothing_else_changes', seed=18)
def lose_the_condition() -> None:
    """A write holds, whatever was stored since the revision that it is based on."""

    async def put_once(bucket: Bucket, key: str, body: bytes, over: Any, metadata: dict[str, str]) -> Any:
        answer = await bucket._call('PutObject', Key=key, Body=body, Metadata=metadata)
        return conditional.Written(answer['ETag'], answer['VersionId'])

    Bucket.put_once = put_once


@breaks('changes', 'removal_is_carried_out', seed=4)
def record_a_removal_only() -> None:
    """The last revision of a cluster is stored, and the object stays."""

    async def delete(bucket: Bucket, key: str, *, over: str | None = None) -> None:
        """Nothing is deleted."""

    Bucket.delete = delete


@breaks('changes', 'every_revision_is_announced', seed=17)
def leave_the_dead_alone() -> None:
    """What a killed process stored, and did not announce, is not looked for."""

    async def sweep(sweeper: Sweeper) -> float:
        return 10.0

    async def put_first(notifier: Notifier, *_: Any) -> None:
        """Nothing goes first."""

    Sweeper.sweep, Notifier._put_first = sweep, put_first


@breaks('changes', 'every_destroy_is_announced', seed=11)
def forget_what_is_destroyed() -> None:
    """A revision has a message for what it deploys alone."""
    messages_of = notifier.messages_of
    notifier.messages_of = lambda *given, **named: [
        each for each in messages_of(*given, **named) if each.kind == 'deploy'
    ]


@breaks('changes', 'revisions_are_chained')
def link_to_nothing() -> None:
    """A revision is not linked to the one that it is stored over."""
    revisions.next_link = lambda base: {CHAIN_KEY: '1:'}


@breaks('changes', 'entries_are_chained', seed=11)
def forget_what_others_recorded() -> None:
    """Entries that another replica recorded are followed by number, and not by hash."""
    chained_log.newest_hash = lambda body: NO_HASH


@breaks('changes', 'newest_is_announced_last', seed=13)
def never_look_back() -> None:
    """A message that took long is not compared with what was stored meanwhile."""

    async def compare(notifier: Notifier, *_: Any) -> None:
        """Nothing is compared."""

    Notifier._compare = Notifier._catch_up = compare


@breaks('changes', 'freeze_holds', seed=7)
def remember_guards_for_good() -> None:
    """The guards of a cluster are read once."""
    guards = Gate.guards

    async def remembered(gate: Gate, cluster: str, base: Any) -> Any:
        known = gate.__dict__.setdefault('known_for_good', {})
        if cluster not in known:
            known[cluster] = await guards(gate, cluster, base)
        return known[cluster]

    Gate.guards = remembered


BREAKS['remember-what-is-frozen'] = Break('changes', 'frozen_as_the_history_has_it', remember_guards_for_good, seed=6)


@breaks('changes', 'every_request_is_answered', seed=2)
def swallow_what_fails() -> None:
    """A write that fails is ignored."""
    write = Writer._write

    async def write_group(writer: Writer, cluster: str, group: list[Patch]) -> None:
        try:
            await write(writer, cluster, group)
        except Exception:  # noqa: BLE001  the fault
            return

    Writer._write_group = write_group


# Approvals


@breaks('approvals', 'at_most_once', seed=8)
def carry_out_over_anything() -> None:
    """An approved proposal is stored whatever is stored now, and nothing is looked for in the history."""

    async def search(*_: Any) -> Search:
        return Search(None, complete=True)

    async def write(self: CarryingOut, stored: Any, base: Any, body: Any) -> Any:
        document, change = dict(body.document), stored.proposal.change(self._now())
        return await self._changes.patch(stored.proposal.cluster, Patch(lambda _: document, change))

    CarryingOut._search, CarryingOut._write = search, write


@breaks('approvals', 'exactly_as_shown', seed=8)
def carry_out_the_edit() -> None:
    """What was approved is made of whatever is stored now."""

    async def write(self: CarryingOut, stored: Any, base: Any, body: Any) -> Any:
        change = stored.proposal.change(self._now())
        patch = Patch(lambda current: edited(current, body.edit), change)
        return await self._changes.patch(stored.proposal.cluster, patch)

    CarryingOut._write = write


@breaks('approvals', 'by_a_quorum', seed=0)
def count_accounts() -> None:
    """Each approval counts, also a second one of the same person."""

    def count(approvers: Any, author: Any, needed: Any) -> int:
        return max(0, needed[0].policy.required - len(approvers))

    proposals.missing = carrying_out.missing = count
    proposals.why_not = lambda *_: None
    Account.is_same = lambda one, other: one == other


@breaks('approvals', 'every_decision_is_audited', seed=0)
def audit_what_counts() -> None:
    """A decision that does not count is not recorded."""
    ProposalLog.denied = lambda *_: None


@breaks('approvals', 'nothing_stays_approved', seed=120)
def leave_intents_alone() -> None:
    """What a killed process meant to carry out is not looked for."""
    ProposalNews._is_left = lambda *_: False


@breaks('approvals', 'carried_out_is_recorded', seed=84)
def forget_to_look_back() -> None:
    """A proposal whose revision is not the current one is renewed, though it was carried out."""

    async def search(*_: Any) -> Search:
        return Search(None, complete=True)

    CarryingOut._search = search


@breaks('approvals', 'every_attempt_is_answered', seed=0)
def wait_for_a_quorum() -> None:
    """An approval is answered once it is carried out."""

    async def approved(*_: Any) -> None:
        await asyncio.Event().wait()

    proposals.Proposals._approved = approved


@breaks('approvals', 'nothing_changes_without', seed=0)
def ask_nobody() -> None:
    """The policy of a cluster is not looked at."""
    gate.requirements = lambda *_: ()


# Passes


@breaks('passes', 'one_pass_at_a_time', seed=36)
def take_leases_in_mind_only() -> None:
    """A lease is not written, so that everybody has it."""

    async def write(leases: Leases, lease: Any, holds: bool = True) -> bool:
        lease.renewed = leases._clock()
        return True

    Leases._write = write


@breaks('passes', 'never_older', seed=194)
def deploy_what_was_read_first() -> None:
    """The revision is read before the lease, and not again."""
    read: contextvars.ContextVar[Any] = contextvars.ContextVar('read')
    make = Passes.make

    class ReadOnce:
        def __init__(self, revisions: Any):
            self._revisions = revisions

        def __getattr__(self, name: str) -> Any:
            return getattr(self._revisions, name)

        async def read(self, cluster: str) -> Any:
            known = read.get()
            if cluster not in known:
                known[cluster] = await self._revisions.read(cluster)
            return known[cluster]

    async def made(passes: Passes, *given: Any, **named: Any) -> Any:
        if not isinstance(passes._revisions, ReadOnce):
            passes._revisions = ReadOnce(passes._revisions)
        read.set({})
        return await make(passes, *given, **named)

    Passes.make = made
    go_on_through_a_freeze()


@breaks('passes', 'frozen_is_left_alone', seed=18)
def go_on_through_a_freeze() -> None:
    """A pass asks before it begins alone whether its cluster is frozen."""

    async def goes_on(fence: _Fence) -> bool:
        return fence._goes_on()

    _Fence.__call__ = goes_on


@breaks('passes', 'ecs_is_as_wanted', seed=44)
def do_messages_with_one_pass() -> None:
    """A message is done with the first pass, however that ends."""
    Job.after = lambda *_: 'done'


@breaks('passes', 'every_message_is_done', seed=0)
def keep_messages() -> None:
    """What is done is not deleted."""

    async def delete(queue: Queue, messages: Any) -> None:
        """Nothing is deleted."""

    Queue.delete = delete


@breaks('passes', 'one_verdict', seed=17)
def ignore_other_verdicts() -> None:
    """How a rollout ended by the record of another replica is not taken over."""
    Rollouts.remember = lambda *_: None
    Rollouts.hear = lambda *_: set()


# Leases and reads


@breaks('leases', 'one_holder_at_a_time', seed=2)
def hold_without_renewing() -> None:
    """An acquired lease is valid until it is released."""
    Lease.holds = property(lambda lease: not lease.lost)


@breaks('reads', 'reads_are_consistent', seed=0)
def share_reads_under_way() -> None:
    """A caller shares the read that has begun already."""

    async def get(reads: SharedReads, key: Any) -> Any:
        under_way = reads.__dict__.setdefault('under_way', {})
        if key not in under_way:
            under_way[key] = asyncio.ensure_future(reads._read(key))
            under_way[key].add_done_callback(lambda _: under_way.pop(key))
        return await asyncio.shield(under_way[key])

    SharedReads.get = get
