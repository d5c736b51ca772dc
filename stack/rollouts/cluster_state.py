"""One cluster as it is known now: its revision, what ECS shows of it, and how far its rollouts are."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

from stack.errors import NotFound, StateUnreadable
from stack.reconcile.ledger import GateRun
from stack.reconcile.names import MADE_FOR_TAG, owner
from stack.reconcile.owner_tags import OwnerTags
from stack.reconcile.packed_terms import PackedTerms
from stack.reconcile.plan import Row, Waits
from stack.reconcile.wanted import Rendered, Successive, Wanted
from stack.rollouts import refusals, removal, schedule_rollout, service_rollout, task_run
from stack.rollouts.carriers import Carriers
from stack.rollouts.drift import carries, is_exactly, service_drift, unmanaged
from stack.rollouts.ecs_snapshot import MOST_STOPPED, EcsSnapshot
from stack.rollouts.ecs_state import Service
from stack.rollouts.observation import Observation
from stack.rollouts.pass_outcome import PassOutcome, Refusal
from stack.rollouts.rollout import NOTHING, STALLED_AFTER_S, Goal, Kind, Rollout, begin
from stack.rollouts.rollout_summary import RolloutSummary
from stack.rollouts.rollouts import Rollouts
from stack.rollouts.stale_secrets import StaleSecret
from stack.rollouts.stop_verdicts import stop_verdicts
from stack.rollouts.unread_definitions import Unread
from stack.stackfile.approval_fields import TRAFFIC
from stack.stackfile.effective import service_settings
from stack.stackfile.main_container import main_container
from stack.state.revisions import Revision

# ECS knows the tasks of a run no longer: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
FORGOTTEN = timedelta(hours=1)

_NO_TAGS: Mapping[str, str] = {}

# No two states of a process have the same one, also not states of clusters with the same name.
_numbers = count()


class _Kept:
    """An answer that is kept while what it depends on is the same."""

    __slots__ = ('_answer', '_facts')

    def __init__(self) -> None:
        self._facts: tuple[Any, ...] | None = None
        self._answer = False

    def answer(self, facts: tuple[Any, ...], find: Callable[[], bool]) -> bool:
        if self._facts != facts:
            self._facts, self._answer = facts, find()
        return self._answer


class Prepared(NamedTuple):
    """What a document wants, and which fields of each service it has dropped, after the revision of that id."""

    after: str
    rendered: Rendered
    dropped: dict[str, frozenset[str]]


class ClusterState:
    """Changed only by `take_revision`, `look` and `remove`; everything else reads."""

    def __init__(
        self, revision: Revision, now: datetime, *, region: str | None = None, stalled_after: float = STALLED_AFTER_S
    ):
        self.name = revision.cluster
        self.revision = revision
        self.wanted: dict[str, Wanted] = {}
        self.ecs = EcsSnapshot()
        self.unread = Unread(self.ecs)
        self.book = Rollouts()
        self._drifts: dict[str, Row] = {}
        # Services to be compared with what ECS shows once that is asked for: nothing of it is shown during a rollout.
        self._uncompared: set[str] = set()
        self.observed_at: datetime | None = None
        # Why ECS could not be asked, and since when, as the API shows it; None where it could.
        self.failing: Mapping[str, Any] | None = None
        # Who froze the cluster, why and until when, as the API shows it; None where it takes changes.
        self.frozen: Mapping[str, Any] | None = None
        # Its freeze windows, as the API shows them; None where it has none.
        self.freeze_windows: Mapping[str, Any] | None = None
        self.autoscaled: frozenset[str] = frozenset()
        # By service: the secrets that changed after its tasks had started.
        self.stale_secrets: Mapping[str, tuple[StaleSecret, ...]] = {}
        # By service: how its schedule goes, as its row shows it.
        self.schedules: Mapping[str, Mapping[str, Any]] = {}
        # What the last pass of a scheduler came to, as far as it is known here.
        self.outcome: PassOutcome | None = None
        # Counts what was learned in place.
        self._learned = 0
        # Another number after each change in place of what is shown.
        self._shown = next(_numbers)
        # Asked of all clusters every second.
        self._awaits, self._moves = _Kept(), _Kept()
        self._successive = Successive(self.name, region, keep=PackedTerms)
        self._stalled_after = stalled_after
        self._carriers = Carriers()
        # The newest look at each service, by its order.
        self._looked: dict[str, int] = {}
        # Services that were neither wanted nor there: forgotten at the next look unless they are again.
        self._gone: set[str] = set()
        self._apply(revision, now, is_first=True)

    @property
    def rollouts(self) -> dict[str, Rollout]:
        return self.book.now

    @property
    def former(self) -> Mapping[str, dict[str, Rollout]]:
        return self.book.former

    @property
    def unreadable(self) -> str | None:
        """Why what is stored is no desired state, a sentence; None where it is one."""
        return self.revision.unreadable

    def prepare(self, revision: Revision) -> Prepared:
        """What takes long of `take_revision`, for it; any thread may do it."""
        after, former = self.revision.id, self.wanted
        rendered = self._successive.rendered(document_of(revision))
        return Prepared(after, rendered, self._carriers.dropped_by(former, rendered.services))

    def take_revision(self, revision: Revision, now: datetime, prepared: Prepared | None = None) -> None:
        """Go over to a newer revision. The rollout of a service that it does not change goes on.

        What was prepared of it counts if it follows the current revision.
        """
        is_fit = prepared is not None and prepared.after == self.revision.id
        self.book.leave(self.revision.id)
        self._apply(revision, now, prepared if is_fit else None, is_first=False)

    def _apply(self, revision: Revision, now: datetime, prepared: Prepared | None = None, *, is_first: bool) -> None:
        self._shown = next(_numbers)
        former, dropped = self.wanted, self._carriers.dropped
        prepared = prepared or self.prepare(revision)
        self.wanted = self._successive.take(prepared.rendered)
        self._carriers.advance(prepared.dropped)
        announced_at = None if revision.is_silent else revision.stored_at
        # A service that a revision leaves as it was is the same object.
        differing = {name for name, after in self.wanted.items() if after is not former.get(name)}
        changed = {name for name in differing if self.wanted[name] != former.get(name)}
        if announced_at is not None:
            changed |= {name for name, after in self.wanted.items() if after.runs_once}
        forgotten = now - revision.stored_at >= FORGOTTEN or (is_first and revision.is_silent)
        goals = {
            name: self._goal(revision, name, announced_at)
            for name, after in self.wanted.items()
            # The tasks of a run are forgotten soon, or were never announced.
            if not (after.runs_once and forgotten and name not in self.rollouts)
        }
        # What a stop restores begins again even where the content is the same: ECS goes back to it.
        changed |= stop_verdicts(revision).keys() & self.wanted.keys()
        destroyed = {name for change in revision.changes for name in change.destroyed} - self.wanted.keys()
        for name in destroyed:
            goals[name] = Goal(name, revision.id, revision.stored_at, '', 0, announced_at, 'removal')
        self.book.turn(revision, goals, changed | destroyed, self.unread.known_services(), now)
        for (_, name), entry in self.book.overtaken.items():
            if entry.wanted is None:
                entry.wanted, entry.dropped = former[name], dropped.get(name, NOTHING)
        self.revision = revision
        self._gone |= former.keys() - self.wanted.keys()
        self._drifts = {name: row for name, row in self._drifts.items() if name in self.wanted}
        self._uncompared = (self._uncompared | differing) & self.wanted.keys() & self.ecs.services.keys()

    def _goal(self, revision: Revision, name: str, announced_at: datetime | None) -> Goal:
        wanted = self.wanted[name]
        kind: Kind = 'run' if wanted.runs_once else 'schedule' if wanted.schedule else 'service'
        return Goal(name, revision.id, revision.stored_at, image_of(wanted), self.count(name), announced_at, kind)

    def take_up(self, rollouts: Mapping[str, Rollout]) -> None:
        """Go on with rollouts as another process left them, where they are of what is wanted now, or to be gone."""
        self._learned += 1
        self._shown = next(_numbers)
        wanted = {name for name, each in rollouts.items() if (each.goal.kind == 'removal') == (name not in self.wanted)}
        self.rollouts.update({name: rollouts[name] for name in wanted})

    def announce(self, at: datetime) -> set[str]:
        """Record that schedulers were notified (again); returns the services that wait no longer, or begin again."""
        self._learned += 1
        self._shown = next(_numbers)
        once = {name for name, each in self.wanted.items() if each.runs_once and name not in self.rollouts}
        self.rollouts.update({name: begin(self._goal(self.revision, name, at)) for name in once})
        return once | self.book.announce(at, self.unread.known_services())

    def remove(self, now: datetime) -> set[str]:
        """Abort the open rollouts of a cluster that is no longer managed; returns their services."""
        return self.book.abandon('The cluster is no longer managed.', now)

    def surprised_by(self, observation: Observation) -> bool:
        """Whether it shows a deployment or a count that the revision known here did not ask for.

        A newer revision may have: so it is worth asking for one before the look is judged.
        """
        definitions = {**self.ecs.definitions, **observation.definitions}
        for name, seen in observation.services.items():
            wanted = self.wanted.get(name)
            before = None if name in self.unread else self.ecs.services.get(name)
            if wanted is None or wanted.is_task or seen is None or seen.primary is None:
                continue
            if before is None and not seen.definition_arns <= definitions.keys():
                continue
            fits = self._carriers.of(wanted, seen, definitions)
            known = {each.id for each in before.deployments} if before else set()
            if seen.primary.id not in known and seen.primary.task_definition not in fits:
                return True
            if before and seen.desired not in (before.desired, self.count(name)):
                return True
        return False

    def look(self, observation: Observation) -> set[str]:
        """Learn what ECS shows; the services that moved by it, unmanaged ones included.

        Of a service that a look shows which began later, an older look adds nothing but stopped tasks.
        """
        self._learned += 1
        self._forget_gone()
        beyond = self._beyond_marks(observation)
        if observation.autoscaled is not None and observation.order >= max(self._looked.values(), default=0):
            self._take_autoscaled(observation.autoscaled)
        before = {name: self._mark(name) for name in observation.services}
        self._keep_definitions(observation)
        if observation.outcome is not None and observation.outcome.is_newer_than(self.outcome):
            self.outcome = observation.outcome
        for name, tasks in observation.stopped.items():
            self.ecs.add_stopped(name, tasks)
        for name, seen in observation.services.items():
            if observation.order >= self._looked.get(name, 0):
                self._looked[name] = observation.order
                self._see(name, seen, observation)
        self.ecs.forget_definitions()
        self._gone |= observation.services.keys() | observation.stopped.keys()
        self.observed_at = max(observation.at, self.observed_at or observation.at)
        moved = {name for name, mark in before.items() if mark != self._mark(name)}
        if moved or beyond != self._beyond_marks(observation):
            self._shown = next(_numbers)
        return moved

    def _forget_gone(self) -> None:
        # Nearly always empty: it takes the time of the services that were looked at, not of all.
        gone = {name for name in self._gone if name not in self.wanted and name not in self.ecs.services}
        for name in gone - self.book.removing() if gone else ():
            self.ecs.forget(name)
        self._gone.clear()

    def _beyond_marks(self, observation: Observation) -> tuple[Any, ...]:
        """What a look may change that rows show, and that is in no mark of the services that it shows."""
        return (
            [self.ecs.definitions.get(arn) for arn in observation.definitions],
            [self.ecs.stopped.get(name) for name in observation.stopped],
            self.autoscaled,
            self.outcome,
        )

    def _keep_definitions(self, observation: Observation) -> None:
        """Keep one body of the task definitions that are exactly what is wanted: they are the largest part of all."""
        bodies: dict[str, Mapping[str, Any]] = {}
        for name, seen in observation.services.items():
            read = observation.definitions.get(seen.task_definition) if seen else None
            wanted = self.wanted.get(name)
            if read is not None and wanted is not None and is_exactly(wanted, read):
                bodies[read.arn] = wanted.definition
        for arn, read in observation.definitions.items():
            body = bodies[arn] if arn in bodies else PackedTerms(read.body)
            self.ecs.definitions[arn] = replace(read, body=body, tags=_kept_tags(read.tags))
        self.ecs.absent |= observation.absent

    def _take_autoscaled(self, names: frozenset[str]) -> None:
        self.autoscaled = names
        for name, each in self.rollouts.items():
            if name in self.wanted and each.goal.count != self.count(name):
                self.rollouts[name] = replace(each, goal=replace(each.goal, count=self.count(name)))

    def _see(self, name: str, seen: Service | None, observation: Observation) -> None:
        if seen is not None and seen.status == 'INACTIVE':
            seen = None
        self.ecs.see(name, seen)
        self.unread.note(name, seen, observation)
        if name in observation.targets:
            self.ecs.targets[name] = observation.targets[name]
        self._compare(name, seen)
        self._follow_overtaken(name, observation)
        going = self.rollouts.get(name)
        if going is not None and observation.goals.get(name, going.goal.revision) == going.goal.revision:
            # What was seen before this process knew of the revision is no answer to it.
            self._follow(name, observation)

    def _follow_overtaken(self, name: str, observation: Observation) -> None:
        """Follow what a newer revision overtook, in looks that began after that was known."""
        seen, current = self.ecs.services.get(name), self.rollouts.get(name)
        if current is not None and observation.goals.get(name, current.goal.revision) != current.goal.revision:
            return
        if seen is not None and not self.ecs.knows_definitions(seen):
            return
        for (_, service), entry in self.book.overtaken.items():
            if service == name:
                arns = seen.definition_arns if seen else frozenset[str]()
                fits = {arn for arn in arns if carries(self.ecs.definitions[arn], entry.wanted, entry.dropped)}
                entry.look(seen, fits, observation.at)

    def _follow(self, name: str, observation: Observation) -> None:
        before, seen = self.rollouts[name], self.ecs.services.get(name)
        stalled_after = self._stall_limit(name)
        if self.frozen and before.state == 'queued':
            # Schedulers do nothing in a frozen cluster: the rollout does not stall.
            before = replace(before, idle=0.0)
        if before.goal.kind == 'removal':
            self.rollouts[name] = removal.follow(before, observation.services[name], observation.at, stalled_after)
        elif before.goal.kind == 'run':
            if name in observation.runs:
                tasks = observation.runs[name]
                self.rollouts[name] = task_run.follow(before, tasks, observation.at, stalled_after)
                self.ecs.stopped[name] = task_run.failed(tasks, name)[:MOST_STOPPED]
        elif before.goal.kind == 'schedule':
            is_about = self.outcome is not None and refusals.is_about(self.outcome, before.goal, self.revision.id)
            self.rollouts[name] = schedule_rollout.follow(
                before, self.outcome if is_about else None, observation.at, stalled_after
            )
        elif seen is None or self.ecs.knows_definitions(seen):
            fits = self._carriers.of(self.wanted[name], seen, self.ecs.definitions) if seen else ()
            self.rollouts[name] = service_rollout.follow(before, seen, fits, observation.at, stalled_after)
        else:
            self.rollouts[name] = service_rollout.counted(before, seen)
        self.rollouts[name] = refusals.judge(before, self.rollouts[name], self.outcome, self.revision.id, stalled_after)

    def _stall_limit(self, name: str) -> float:
        """For how many seconds the rollout of a service may go without progress."""
        wanted = self.wanted.get(name)
        stated = wanted.pace.stalled_after if wanted is not None else None
        return self._stalled_after if stated is None else stated.total_seconds()

    def pause_message(self, name: str, stage: str) -> str | None:
        """What the desired state asks of those who continue a pause at a stage."""
        wanted = self.wanted.get(name)
        return '\n'.join(wanted.pace.messages_at(stage)) or None if wanted is not None else None

    def may_continue(self, name: str) -> str:
        """Who may continue a paused rollout, in words: by the `approvals` of the service where they have `traffic`."""
        try:
            approvals = service_settings(document_of(self.revision), name).approvals
        except NotFound:
            approvals = None
        return ', '.join(approvals.by) if approvals and TRAFFIC in approvals.when else 'role deployer'

    def refusal(self, name: str) -> Refusal | None:
        """Why the last pass could not make the service as it is wanted; None where it could, or something newer is."""
        going = self.rollouts.get(name)
        if self.outcome is None or (going and not refusals.is_about(self.outcome, going.goal, self.revision.id)):
            return None
        return self.outcome.of(name)

    def waits(self, name: str) -> Waits | None:
        """What the rollout of the service waits for, as far as a scheduler stated it."""
        going = self.rollouts.get(name)
        if self.outcome is None or going is None or not going.open:
            return None
        return self.outcome.waits.get(name) if refusals.is_about(self.outcome, going.goal, self.revision.id) else None

    def gates(self, name: str) -> list[GateRun]:
        """The newest runs of the tasks before and after the rollouts of the service."""
        return self.outcome.ledger.of(name) if self.outcome is not None else []

    def refused(self, name: str) -> bool:
        """Whether a part of the service itself could not be made or removed."""
        return self.outcome is not None and self.refusal(name) is not None and name in self.outcome.refused

    def _compare(self, name: str, seen: Service | None) -> None:
        self._uncompared.discard(name)
        if not self.knows(name):
            self._drifts.pop(name, None)
            return
        wanted = self.wanted.get(name)
        definition = self.ecs.definitions.get(seen.task_definition) if seen else None
        if definition is not None and wanted is not None and self._carriers.carries(wanted, definition):
            definition = None
        if wanted is not None and name in self.autoscaled:
            wanted = replace(wanted, autoscaled=True)
        row = service_drift(wanted, seen, definition) if wanted else None
        if row is None:
            self._drifts.pop(name, None)
        else:
            self._drifts[name] = row

    def knows(self, name: str) -> bool:
        """Whether it is known what a service runs, as far as ECS was asked for the service."""
        seen = self.ecs.services.get(name)
        return seen is None or seen.task_definition not in self.unread.of(name)

    def count(self, name: str) -> int | None:
        """How many tasks are wanted; None where an autoscaler or the instances decide."""
        wanted = self.wanted[name]
        scaled = wanted.autoscaled or name in self.autoscaled or wanted.scheduling_strategy == 'DAEMON'
        return None if scaled else wanted.count

    def dropped(self, name: str) -> frozenset[str]:
        """The fields of a service that the desired state declared and no longer does."""
        return self._carriers.dropped.get(name, NOTHING)

    def names(self) -> list[str]:
        """Every service that is wanted or still there, those of the desired state first and in its order."""
        return [*self.wanted, *sorted((self.ecs.services.keys() | self.book.removing()) - self.wanted.keys())]

    def drift(self, name: str) -> Row | None:
        """What sets the service apart from what is wanted, unless a rollout is under way."""
        if self.is_open(name):
            return None
        if name in self._uncompared:
            self._compare(name, self.ecs.services.get(name))
        return self._drifts.get(name)

    def drifted(self) -> list[Row]:
        apart = self._drifts.keys() | self._uncompared
        return [row for name in self.wanted if name in apart and (row := self.drift(name)) is not None] if apart else []

    def unmanaged(self) -> list[str]:
        return unmanaged(self.wanted.keys() | self.book.removing(), self.ecs.services.values())

    def is_open(self, name: str) -> bool:
        """Whether a rollout of the service is open."""
        going = self.rollouts.get(name)
        return going is not None and going.open

    def moving(self) -> bool:
        """Whether anything rolls out, so that it is worth a closer look; kept until something is learned."""
        return self._moves.answer(self.learned(), lambda: any(each.moving for each in self.rollouts.values()))

    def moving_services(self) -> set[str]:
        return self.book.moving()

    def waits_for_definitions(self, name: str) -> bool:
        """Whether the rollout of a service is judged by the newest look, once its task definitions are read.

        In ECS the service rests, with as many tasks as are wanted: closer looks would show the same.
        """
        seen, going = self.ecs.services.get(name), self.rollouts.get(name)
        if name not in self.unread or seen is None or going is None or going.goal.kind != 'service':
            return False
        is_native = seen.native is not None and seen.native.open
        return seen.rests and not is_native and going.goal.count in (None, seen.desired)

    def of_revision(self, revision: str) -> dict[str, Rollout] | None:
        """The rollouts of the services that a revision changed; None for one that is not known (any more)."""
        found = self.book.of_revision(revision)
        return {} if found is None and self.revision.id == revision else found

    def summary(self) -> RolloutSummary:
        """The rollout of everything that is wanted."""
        return self.book.summary()

    def facts(self) -> tuple[Any, ...]:
        """What tells whether rows and summary may differ from earlier ones, but for the time of the last look.

        Numbers, and what is replaced as a whole. A look after which all is as before leaves them as they are. The
        summary depends on that time as well: see `stack.rollouts.revision_view.depends_on_look`.
        """
        kept = self.failing, self.frozen, self.freeze_windows, self.stale_secrets, self.schedules
        return self._shown, self.book.changes, self.revision.id, *kept

    def learned(self) -> tuple[Any, ...]:
        """Counters: what is known of the rollouts is the same while they are."""
        return self._learned, self.book.changes, self.revision.id

    def awaits_records(self) -> bool:
        """Whether other replicas may have recorded news of rollouts; kept until something is learned."""
        book = self.book
        return self._awaits.answer(
            (*self.learned(), book.heard_at), lambda: book.waits_for_word() or book.unconfirmed()
        )

    def _mark(self, name: str) -> Any:
        """What of a service is published: an event is made when it differs."""
        going, seen = self.rollouts.get(name), self.ecs.services.get(name)
        progress = going and replace(going, observed_at=going.goal.since, idle=0.0)
        # Of what equal services may differ in, what their rows have.
        uncompared = (seen.deployment_id, seen.description.get('deploymentConfiguration')) if seen else ()
        return (
            progress,
            seen,
            uncompared,
            self.drift(name),
            self.ecs.stopped.get(name),
            self.ecs.targets.get(name),
            name in self.wanted,
            len(self.unread.of(name)),
            self.refusal(name),
            self.waits(name),
            self.gates(name),
        )


def document_of(revision: Revision) -> Any:
    """The desired state, or None where what is stored cannot be read."""
    try:
        return revision.document
    except StateUnreadable:
        return None


def _kept_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    """The tags of a task definition without what only its registration reads; texts are one object for all."""
    kept = {sys.intern(name): sys.intern(value) for name, value in tags.items() if name != MADE_FOR_TAG}
    by = owner(kept)
    if by is not None and by.tags == kept:
        return OwnerTags(by)
    return kept or _NO_TAGS


def image_of(wanted: Wanted) -> str:
    # The clusters of a fleet have most images in common.
    return sys.intern(str(main_container(wanted.definition, wanted.service).get('image', '')))
