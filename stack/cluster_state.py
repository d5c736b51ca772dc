"""One cluster as it is known now: its revision, what ECS shows of it, and how far its rollouts are."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from stack import rollout
from stack.drift import carries, service_drift, unmanaged
from stack.errors import StateUnreadable
from stack.observed import Service, Task
from stack.plan import Row
from stack.reconcile.observed import TaskDefinition
from stack.reconcile.wanted import Wanted, wanted_services
from stack.revisions import Revision
from stack.rollout import STALLED_AFTER_S, Goal, Rollout, Whole

# Of how many former revisions it is remembered how their rollouts ended.
MOST_FORMER = 50
# Stopped tasks that are kept for each service, the newest first.
MOST_STOPPED = 10


@dataclass(frozen=True)
class Observation:
    """What one look at ECS showed: services by name (None: there is none of that name), at one point in time.

    `definitions` are task definitions that were not known before, `stopped` the newest stopped tasks of services,
    `targets` the number of targets in each state of health, both only of those that were asked for; `autoscaled` are
    services whose count belongs to an autoscaler, None where that was not asked.
    """

    at: datetime
    services: Mapping[str, Service | None] = field(default_factory=dict)
    definitions: Mapping[str, TaskDefinition] = field(default_factory=dict)
    stopped: Mapping[str, tuple[Task, ...]] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    autoscaled: frozenset[str] | None = None


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
        self.rollouts: dict[str, Rollout] = {}
        self.former: OrderedDict[str, dict[str, Rollout]] = OrderedDict()
        self.drifts: dict[str, Row] = {}
        self.images_before: dict[str, str] = {}
        self.observed_at: datetime | None = None
        # Why ECS could not be asked, and since when, as the API shows it; None where it could.
        self.failing: Mapping[str, Any] | None = None
        # Who froze the cluster, why and until when, as the API shows it; None where it takes changes.
        self.frozen: Mapping[str, Any] | None = None
        self.autoscaled: frozenset[str] = frozenset()
        self._region = region
        self._stalled_after = stalled_after
        self._carrying: dict[tuple[str, str], bool] = {}

    def take_revision(self, revision: Revision, now: datetime) -> None:
        """The desired state moves on. A service that it does not change goes on as the rollout of the one that did."""
        former, self.wanted = self.wanted, wanted_services(self.name, document_of(revision), self._region)
        running = {name: each for name, each in self.wanted.items() if not each.runs_once}
        held = bool(revision.changes) and all(change.announce is None for change in revision.changes)
        if self.revision is not None:
            self.former.setdefault(self.revision.id, {})
        for name in [each for each in self.rollouts if each not in running]:
            gone = f'Revision {revision.id} takes the service out of the desired state.'
            self._retire(rollout.abandoned(self.rollouts.pop(name), gone, now))
        for name, wanted in running.items():
            before = self.rollouts.get(name)
            if before is None or wanted != former.get(name):
                if before is not None:
                    self._retire(rollout.superseded(before, revision.id, now))
                told = None if held else revision.stored_at
                goal = Goal(name, revision.id, revision.stored_at, image_of(wanted), self.count(name), told)
                self.rollouts[name] = rollout.begin(goal, self.seen.get(name))
            elif before.goal.held and not held:
                # Whoever is told of this revision is told of all that it holds.
                self.rollouts[name] = rollout.told_again(before, revision.stored_at, self.seen.get(name))
        self.revision = revision
        self._carrying.clear()
        self.drifts = {name: row for name, row in self.drifts.items() if name in running}
        for name, seen in self.seen.items():
            self._compare(name, seen)
        self._forget_former()

    def take_up(self, rollouts: Mapping[str, Rollout]) -> None:
        """Go on with rollouts as another process left them, where they are of what is wanted now."""
        self.rollouts.update({name: each for name, each in rollouts.items() if name in self.rollouts})

    def announce(self, at: datetime) -> set[str]:
        """Schedulers were told of what is wanted (again); the services that wait no more, or are tried anew."""
        before = dict(self.rollouts)
        for name, each in before.items():
            self.rollouts[name] = rollout.told_again(each, at, self.seen.get(name))
        return {name for name, each in before.items() if self.rollouts[name] is not each}

    def hear(self, rollouts: Mapping[str, Rollout]) -> set[str]:
        """Go on with those of another process's rollouts that were announced later than was known here; their names."""
        later = {name: each for name, each in rollouts.items() if self._is_later(name, each)}
        self.rollouts.update(later)
        return set(later)

    def _is_later(self, name: str, other: Rollout) -> bool:
        own = self.rollouts.get(name)
        if own is None or own.goal.revision != other.goal.revision or other.goal.told is None:
            return False
        return own.goal.told is None or own.goal.told < other.goal.told

    def waits_for_word(self) -> bool:
        """Whether anything may begin anew once schedulers are told (again)."""
        return any(each.goal.held or (each.verdict and not each.verdict.arrived) for each in self.rollouts.values())

    def remove(self, now: datetime) -> set[str]:
        """The cluster is managed no more: what is still under way is aborted; the services of which that is true."""
        going = {name for name, each in self.rollouts.items() if each.open}
        for name in going:
            self.rollouts[name] = rollout.abandoned(self.rollouts[name], 'The cluster is no longer managed.', now)
        return going

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
        """Take in what ECS shows; the services that moved by it, unmanaged ones included."""
        self.definitions.update(observation.definitions)
        if observation.autoscaled is not None:
            self._take_autoscaled(observation.autoscaled)
        before = {name: self._mark(name) for name in observation.services}
        for name, seen in observation.services.items():
            self._see(name, seen, observation)
        self.observed_at = observation.at
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
        if name in observation.stopped:
            self.stopped[name] = observation.stopped[name][:MOST_STOPPED]
        if name in observation.targets:
            self.targets[name] = observation.targets[name]
        self._compare(name, seen)
        if name in self.rollouts:
            fits = self._fits(self.wanted[name], seen, self.definitions) if seen else ()
            known = seen is None or all(each.task_definition in self.definitions for each in seen.deployments)
            if known:
                before = self.rollouts[name]
                if self.frozen and before.state == 'queued':
                    # Schedulers leave a frozen cluster alone: nobody is to blame that nothing happens.
                    before = replace(before, idle=0.0)
                self.rollouts[name] = rollout.follow(before, seen, fits, observation.at, self._stalled_after)

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
            image = self.image(former.task_definition)
            if image:
                self.images_before[name] = image
        older = next((each for each in seen.deployments if each.status == 'ACTIVE' and each.running), None)
        if former is None and older is not None and (image := self.image(older.task_definition)):
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
            self._carrying[key] = carries(definition, wanted)
        return self._carrying[key]

    def _retire(self, ended: Rollout) -> None:
        self.former.setdefault(ended.goal.revision, {})[ended.goal.service] = ended

    def _forget_former(self) -> None:
        while len(self.former) > MOST_FORMER:
            self.former.popitem(last=False)

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
        """Every service that is wanted or seen, those of the desired state first and in its order."""
        return [*self.wanted, *(name for name in sorted(self.seen) if name not in self.wanted)]

    def image(self, task_definition: str) -> str | None:
        """The image of a task definition's first container, where the definition is known."""
        definition = self.definitions.get(task_definition)
        containers = definition.body.get('containerDefinitions') if definition else None
        return containers[0].get('image') if containers else None

    def running_image(self, name: str) -> str | None:
        """What ECS's newest deployment of the service brings."""
        seen = self.seen.get(name)
        primary = seen.primary if seen else None
        return self.image(primary.task_definition if primary else seen.task_definition) if seen else None

    def drift(self, name: str) -> Row | None:
        """What sets the service apart from what is wanted, unless a rollout is under way."""
        going = self.rollouts.get(name)
        return None if going is not None and going.open else self.drifts.get(name)

    def drifted(self) -> list[Row]:
        return [row for name in self.wanted if (row := self.drift(name)) is not None]

    def unmanaged(self) -> list[str]:
        return unmanaged(self.wanted, self.seen.values())

    def moving(self) -> bool:
        """Whether anything rolls out, so that it is worth a closer look."""
        return any(each.open or each.state == 'rolling-out' for each in self.rollouts.values())

    def moving_services(self) -> set[str]:
        return {name for name, each in self.rollouts.items() if each.open or each.state == 'rolling-out'}

    def of_revision(self, revision: str) -> dict[str, Rollout] | None:
        """The rollouts of the services that a revision changed; None for one that is not known (any more)."""
        going = {name: each for name, each in self.rollouts.items() if each.goal.revision == revision}
        found = {**self.former.get(revision, {}), **going}
        known = found or revision in self.former or (self.revision is not None and self.revision.id == revision)
        return found if known else None

    def whole(self) -> Whole:
        """The rollout of everything that is wanted."""
        return rollout.whole(self.rollouts.values())

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
        )


def document_of(revision: Revision) -> Any:
    """The desired state, or None where what is stored cannot be read."""
    try:
        return revision.document
    except StateUnreadable:
        return None


def image_of(wanted: Wanted) -> str:
    return wanted.definition['containerDefinitions'][0].get('image', '')
