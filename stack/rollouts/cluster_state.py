"""One cluster as it is known now: its revision, what ECS shows of it, and how far its rollouts are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from stack.errors import StateUnreadable
from stack.reconcile.observed import TaskDefinition
from stack.reconcile.plan import Row
from stack.reconcile.wanted import Successive, Wanted
from stack.rollouts import refusals, removal, service_rollout, task_run
from stack.rollouts.drift import carries, dropped_fields, service_drift, unmanaged
from stack.rollouts.ecs_state import Service, Task
from stack.rollouts.observation import Observation
from stack.rollouts.pass_outcome import PassOutcome, Refusal
from stack.rollouts.rollout import STALLED_AFTER_S, Goal, Kind, Rollout, begin
from stack.rollouts.rollout_summary import RolloutSummary
from stack.rollouts.rollouts import Rollouts
from stack.stackfile.main_container import essential_names, main_container
from stack.state.revisions import Revision

# Stopped tasks that are kept for each service, the newest first.
MOST_STOPPED = 10
# ECS knows the tasks of a run no longer: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
FORGOTTEN = timedelta(hours=1)


class ClusterState:
    """Changed only by `take_revision`, `look` and `remove`; everything else reads."""

    def __init__(self, name: str, region: str | None = None, stalled_after: float = STALLED_AFTER_S):
        self.name = name
        self.revision: Revision | None = None
        self.wanted: dict[str, Wanted] = {}
        self.seen: dict[str, Service] = {}
        self.definitions: dict[str, TaskDefinition] = {}
        self.stopped: dict[str, tuple[Task, ...]] = {}
        self.targets: dict[str, Mapping[str, int]] = {}
        self.book = Rollouts()
        self.drifts: dict[str, Row] = {}
        self.images_before: dict[str, str] = {}
        self.observed_at: datetime | None = None
        # Why ECS could not be asked, and since when, as the API shows it; None where it could.
        self.failing: Mapping[str, Any] | None = None
        # Who froze the cluster, why and until when, as the API shows it; None where it takes changes.
        self.frozen: Mapping[str, Any] | None = None
        self.autoscaled: frozenset[str] = frozenset()
        # What the last pass of a scheduler came to, as far as it is known here.
        self.outcome: PassOutcome | None = None
        self._successive = Successive(name, region)
        self._stalled_after = stalled_after
        self._carrying: dict[tuple[str, str], bool] = {}
        self._dropped: dict[str, frozenset[str]] = {}
        # The newest look at each service, by its order.
        self._looked: dict[str, int] = {}

    @property
    def rollouts(self) -> dict[str, Rollout]:
        return self.book.now

    @property
    def former(self) -> Mapping[str, dict[str, Rollout]]:
        return self.book.former

    @property
    def unreadable(self) -> str | None:
        """Why what is stored is no desired state, a sentence; None where it is one."""
        return self.revision.unreadable if self.revision else None

    def take_revision(self, revision: Revision, now: datetime) -> None:
        """The desired state moves on. A service that it does not change goes on as the rollout of the one that did."""
        former, dropped = self.wanted, self._dropped
        self.wanted = self._successive.services(document_of(revision))
        told = None if revision.is_silent else revision.stored_at
        changed = {name for name, each in self.wanted.items() if each != former.get(name)}
        self._dropped = {
            name: dropped_fields(former.get(name), each, self._dropped.get(name)) for name, each in self.wanted.items()
        }
        if told is not None:
            changed |= {name for name, each in self.wanted.items() if each.runs_once}
        goals = {name: self._goal(revision, name, told) for name in self.wanted if self._follows(name, revision, now)}
        destroyed = {name for change in revision.changes for name in change.destroyed} - self.wanted.keys()
        goals |= {name: Goal(name, revision.id, revision.stored_at, '', 0, told, 'removal') for name in destroyed}
        if self.revision is not None:
            self.book.leave(self.revision.id)
        self.book.turn(revision, goals, changed | destroyed, self.seen, now)
        for (_, name), entry in self.book.overtaken.items():
            if entry.wanted is None:
                entry.wanted, entry.dropped = former[name], dropped[name]
        self.revision = revision
        self._carrying.clear()
        self.drifts = {name: row for name, row in self.drifts.items() if name in self.wanted}
        for name, seen in self.seen.items():
            self._compare(name, seen)

    def _follows(self, name: str, revision: Revision, now: datetime) -> bool:
        """Whether there is something to see of a revision: what ran once is forgotten soon, or not announced at all."""
        if not self.wanted[name].runs_once or name in self.rollouts:
            return True
        return now - revision.stored_at < FORGOTTEN and not (revision.is_silent and self.revision is None)

    def _goal(self, revision: Revision, name: str, told: datetime | None) -> Goal:
        wanted = self.wanted[name]
        kind: Kind = 'run' if wanted.runs_once else 'service'
        return Goal(name, revision.id, revision.stored_at, image_of(wanted), self.count(name), told, kind)

    def take_up(self, rollouts: Mapping[str, Rollout]) -> None:
        """Go on with rollouts as another process left them, where they are of what is wanted now, or to be gone."""
        wanted = {name for name, each in rollouts.items() if (each.goal.kind == 'removal') == (name not in self.wanted)}
        self.rollouts.update({name: rollouts[name] for name in wanted})

    def announce(self, at: datetime) -> set[str]:
        """Schedulers were told of what is wanted (again); the services that wait no more, or are tried anew."""
        once = {name for name, each in self.wanted.items() if each.runs_once and name not in self.rollouts}
        if self.revision is not None:
            self.rollouts.update({name: begin(self._goal(self.revision, name, at)) for name in once})
        return once | self.book.announce(at, self.seen)

    def remove(self, now: datetime) -> set[str]:
        """The cluster is managed no more: what is still under way is aborted; the services of which that is true."""
        return self.book.abandon('The cluster is no longer managed.', now)

    def surprised_by(self, observation: Observation) -> bool:
        """Whether it shows a deployment or a count that the revision known here did not ask for.

        A newer revision may have: so it is worth asking for one before the look is judged.
        """
        definitions = {**self.definitions, **observation.definitions}
        for name, seen in observation.services.items():
            wanted, before = self.wanted.get(name), self.seen.get(name)
            if wanted is None or wanted.runs_once or seen is None or seen.primary is None:
                continue
            fits = self._fits(wanted, seen, definitions)
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
        self.definitions.update(observation.definitions)
        if observation.autoscaled is not None and observation.order >= max(self._looked.values(), default=0):
            self._take_autoscaled(observation.autoscaled)
        before = {name: self._mark(name) for name in observation.services}
        if observation.outcome is not None and observation.outcome.is_newer_than(self.outcome):
            self.outcome = observation.outcome
        for name, tasks in observation.stopped.items():
            self._add_stopped(name, tasks)
        for name, seen in observation.services.items():
            if observation.order >= self._looked.get(name, 0):
                self._looked[name] = observation.order
                self._see(name, seen, observation)
        self.observed_at = max(observation.at, self.observed_at or observation.at)
        return {name for name, mark in before.items() if mark != self._mark(name)}

    def _take_autoscaled(self, names: frozenset[str]) -> None:
        self.autoscaled = names
        for name, each in self.rollouts.items():
            if each.goal.count != self.count(name):
                self.rollouts[name] = replace(each, goal=replace(each.goal, count=self.count(name)))

    def _see(self, name: str, seen: Service | None, observation: Observation) -> None:
        former = self.seen.get(name)
        if seen is None or seen.status == 'INACTIVE':
            self.seen.pop(name, None)
            self.targets.pop(name, None)
            seen = None
        else:
            self._remember_image(name, former, seen)
            self.seen[name] = seen
        if former is not None and (seen is None or seen.deployments != former.deployments):
            self._forget_definitions(former)
        if name in observation.targets:
            self.targets[name] = observation.targets[name]
        self._compare(name, seen)
        self._follow_overtaken(name, observation)
        going = self.rollouts.get(name)
        if going is not None and observation.goals.get(name, going.goal.revision) == going.goal.revision:
            # What was seen before this process knew of the revision is no answer to it.
            self._follow(name, observation)

    def _follow_overtaken(self, name: str, observation: Observation) -> None:
        """Follow what a newer revision overtook, in looks that began after that was known."""
        seen, current = self.seen.get(name), self.rollouts.get(name)
        if current is not None and observation.goals.get(name, current.goal.revision) != current.goal.revision:
            return
        if seen is not None and not all(each.task_definition in self.definitions for each in seen.deployments):
            return
        for (_, service), entry in self.book.overtaken.items():
            if service == name:
                arns = {each.task_definition for each in seen.deployments} if seen else set()
                fits = {arn for arn in arns if carries(self.definitions[arn], entry.wanted, entry.dropped)}
                entry.look(seen, fits, observation.at)

    def _add_stopped(self, name: str, tasks: Sequence[Task]) -> None:
        """Stopped tasks do not run again, so that it does not matter in which order they come to be known."""
        known = {task.arn: task for task in (*self.stopped.get(name, ()), *tasks)}
        newest = sorted(known.values(), key=lambda task: task.stopped_at.timestamp() if task.stopped_at else 0.0)
        self.stopped[name] = tuple(reversed(newest))[:MOST_STOPPED]

    def _follow(self, name: str, observation: Observation) -> None:
        before, seen = self.rollouts[name], self.seen.get(name)
        if self.frozen and before.state == 'queued':
            # Schedulers leave a frozen cluster alone: nobody is to blame that nothing happens.
            before = replace(before, idle=0.0)
        if before.goal.kind == 'removal':
            self.rollouts[name] = removal.follow(
                before, observation.services[name], observation.at, self._stalled_after
            )
        elif before.goal.kind == 'run':
            if name in observation.runs:
                tasks = observation.runs[name]
                self.rollouts[name] = task_run.follow(before, tasks, observation.at, self._stalled_after)
                self.stopped[name] = task_run.failed(tasks, name)[:MOST_STOPPED]
        elif seen is None or all(each.task_definition in self.definitions for each in seen.deployments):
            fits = self._fits(self.wanted[name], seen, self.definitions) if seen else ()
            self.rollouts[name] = service_rollout.follow(before, seen, fits, observation.at, self._stalled_after)
        self.rollouts[name] = refusals.judge(
            before, self.rollouts[name], self.outcome, self._current(), self._stalled_after
        )

    def _current(self) -> str | None:
        return self.revision.id if self.revision else None

    def refusal(self, name: str) -> Refusal | None:
        """Why the last pass could not make the service as it is wanted; None where it could, or something newer is."""
        going = self.rollouts.get(name)
        if self.outcome is None or (going and not refusals.is_about(self.outcome, going.goal, self._current())):
            return None
        return self.outcome.of(name)

    def refused(self, name: str) -> bool:
        """Whether a part of the service itself could not be made or removed."""
        return self.refusal(name) is not None and name in self.outcome.refused

    def _compare(self, name: str, seen: Service | None) -> None:
        wanted = self.wanted.get(name)
        definition = self.definitions.get(seen.task_definition) if seen else None
        if definition is not None and wanted is not None and self._carries(wanted, definition):
            definition = None
        if wanted is not None and name in self.autoscaled:
            wanted = replace(wanted, autoscaled=True)
        row = service_drift(wanted, seen, definition) if wanted else None
        if row is None:
            self.drifts.pop(name, None)
        else:
            self.drifts[name] = row

    def _remember_image(self, name: str, former: Service | None, seen: Service) -> None:
        """What ran before the newest deployment, for as long as the next one has not come."""
        if former is not None and former.task_definition != seen.task_definition:
            image = self.image(former.task_definition, name)
            if image:
                self.images_before[name] = image
        older = next((each for each in seen.deployments if each.status == 'ACTIVE' and each.running), None)
        if former is None and older is not None and (image := self.image(older.task_definition, name)):
            self.images_before[name] = image

    def _fits(self, wanted: Wanted, seen: Service, definitions: Mapping[str, TaskDefinition]) -> Collection[str]:
        return {
            each.task_definition
            for each in seen.deployments
            if each.task_definition in definitions and self._carries(wanted, definitions[each.task_definition])
        }

    def _carries(self, wanted: Wanted, definition: TaskDefinition) -> bool:
        key = (wanted.service, definition.arn)
        if key not in self._carrying:
            self._carrying[key] = carries(definition, wanted, self._dropped[wanted.service])
        return self._carrying[key]

    def _forget_definitions(self, former: Service) -> None:
        """Those that no deployment of any service has any more."""
        gone = {each.task_definition for each in former.deployments}
        used = {each.task_definition for seen in self.seen.values() for each in seen.deployments}
        for arn in gone - used:
            self.definitions.pop(arn, None)

    def count(self, name: str) -> int | None:
        """How many tasks are wanted; None where an autoscaler or the instances decide."""
        wanted = self.wanted[name]
        scaled = wanted.autoscaled or name in self.autoscaled or wanted.scheduling_strategy == 'DAEMON'
        return None if scaled else wanted.count

    def names(self) -> list[str]:
        """Every service that is wanted or still there, those of the desired state first and in its order."""
        return [*self.wanted, *sorted((self.seen.keys() | self.book.removing()) - self.wanted.keys())]

    def image(self, task_definition: str, service: str = '') -> str | None:
        """The image of a service's own container in a task definition, where the definition is known."""
        definition = self.definitions.get(task_definition)
        return main_container(definition.body, service).get('image') if definition else None

    def essential(self, task: Task) -> frozenset[str]:
        """The names of a task's essential containers; empty where its task definition is not known."""
        definition = self.definitions.get(task.task_definition)
        return essential_names(definition.body) if definition else frozenset()

    def running_image(self, name: str) -> str | None:
        """What runs: what ECS's newest deployment brings, unless only older ones have tasks so far."""
        seen = self.seen.get(name)
        if seen is None:
            return None
        primary = seen.primary
        if primary is None or not primary.running:
            primary = next((each for each in seen.deployments if each.running), primary)
        return self.image(primary.task_definition if primary else seen.task_definition, name)

    def drift(self, name: str) -> Row | None:
        """What sets the service apart from what is wanted, unless a rollout is under way."""
        going = self.rollouts.get(name)
        return None if going is not None and going.open else self.drifts.get(name)

    def drifted(self) -> list[Row]:
        return [row for name in self.wanted if (row := self.drift(name)) is not None]

    def unmanaged(self) -> list[str]:
        return unmanaged(self.wanted.keys() | self.book.removing(), self.seen.values())

    def moving(self) -> bool:
        """Whether anything rolls out, so that it is worth a closer look."""
        return bool(self.book.moving())

    def moving_services(self) -> set[str]:
        return self.book.moving()

    def of_revision(self, revision: str) -> dict[str, Rollout] | None:
        """The rollouts of the services that a revision changed; None for one that is not known (any more)."""
        found = self.book.of_revision(revision)
        return {} if found is None and self.revision is not None and self.revision.id == revision else found

    def summary(self) -> RolloutSummary:
        """The rollout of everything that is wanted."""
        return self.book.summary()

    def facts(self) -> tuple[Any, ...]:
        """What all rows are made from, to be held against later facts: nearly free where nothing has changed."""
        facts = (self.wanted, self.rollouts, self.seen, self.definitions, self.drifts, self.targets)
        return *(dict(each) for each in facts), self.autoscaled

    def _mark(self, name: str) -> Any:
        """What makes a difference to whoever watches a service."""
        going, seen = self.rollouts.get(name), self.seen.get(name)
        progress = going and replace(going, observed_at=going.goal.since, idle=0.0)
        return (
            progress,
            seen,
            self.drifts.get(name),
            self.stopped.get(name),
            self.targets.get(name),
            name in self.wanted,
            self.refusal(name),
        )


def document_of(revision: Revision) -> Any:
    """The desired state, or None where what is stored cannot be read."""
    try:
        return revision.document
    except StateUnreadable:
        return None


def image_of(wanted: Wanted) -> str:
    return main_container(wanted.definition, wanted.service).get('image', '')
