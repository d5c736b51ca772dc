"""What is asked of ECS at each look: the services, and whatever else it takes to understand them, but no more."""

import logging
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from stack.aws.ports import PerCluster
from stack.errors import AwsFailed
from stack.reconcile.definition_cache import DefinitionCache
from stack.reconcile.observed import TaskDefinition
from stack.reconcile.tasks import run_mark
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_snapshot import MOST_STOPPED
from stack.rollouts.ecs_state import EPOCH, Service, Task
from stack.rollouts.observation import Observation
from stack.rollouts.pass_outcome import PassOutcome
from stack.rollouts.refusals import is_denied
from stack.rollouts.service_deployment import ServiceDeployment

log = logging.getLogger(__name__)

# What is asked of a service besides its description, at most so often, in seconds.
STOPPED_EVERY_S = 10.0
TARGETS_EVERY_S = 10.0
AUTOSCALED_EVERY_S = 60.0
OUTCOME_EVERY_S = 30.0
# A deployment that waits or bakes.
RESTING_EVERY_S = 5.0
# That of a service at rest, where ECS gave none: older than it keeps, or denied.
UNKNOWN_EVERY_S = 60.0

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
STARTED = re.compile(r'has started \d+ tasks')


# The outcome of the last pass on a cluster; None where no pass has recorded one.
Outcomes = Callable[[str], Awaitable[PassOutcome | None]]


class Look(Protocol):
    """What is asked of ECS: see `stack.aws.ecs_look.EcsLook`."""

    async def services(self, cluster: str, names: Sequence[str]) -> dict[str, Service | None]: ...
    async def names(self, cluster: str) -> list[str]: ...
    async def service_deployments(
        self, cluster: str, services: Mapping[str, str | None]
    ) -> dict[str, ServiceDeployment]: ...
    async def definition(self, arn: str) -> TaskDefinition | None: ...
    async def stopped(self, cluster: str, service: str) -> tuple[Task, ...]: ...
    async def targets(self, groups: Sequence[str]) -> Mapping[str, int]: ...
    async def autoscaled(self, cluster: str, services: Sequence[str]) -> frozenset[str]: ...
    async def runs(self, cluster: str, family: str, started_by: str) -> tuple[Task, ...]: ...


class Observer:
    def __init__(
        self,
        looks: PerCluster[Look],
        clock: Callable[[], float],
        now: Callable[[], datetime],
        outcomes: Outcomes | None = None,
        definitions: DefinitionCache | None = None,
    ):
        self._looks = looks
        self._outcomes = outcomes
        self._clock = clock
        self._now = now
        self._definitions = definitions or DefinitionCache()
        self._asked: dict[tuple[str, ...], float] = {}
        self._reported: dict[tuple[str, str], dict[str, Task]] = {}
        self._begun = 0

    def report_stopped(self, cluster: str, service: str, task: Task) -> None:
        """Record a stopped task that an event of ECS reported: it need not be read."""
        reported = self._reported.setdefault((cluster, service), {})
        reported[task.arn] = task
        while len(reported) > MOST_STOPPED:
            del reported[next(iter(reported))]

    def forget(self) -> None:
        """Forget what was asked for so long ago that it may be asked again."""
        now = self._clock()
        self._asked = {what: at for what, at in self._asked.items() if now - at < AUTOSCALED_EVERY_S}

    async def observe(self, state: ClusterState, names: Sequence[str]) -> Observation:
        """One look, and whatever else it takes to understand it. Raises `AwsFailed`.

        A look that fails leaves no trace: what it asked, and what ECS reported, is there for the next one.
        """
        asked, self._begun = dict(self._asked), self._begun + 1
        order, goals = self._begun, {name: going.goal.revision for name, going in state.rollouts.items()}
        try:
            observation = await self._observe(await self._looks.of(state.name), state, names)
        except AwsFailed:
            self._asked = {what: at for what, at in self._asked.items() if asked.get(what) == at}
            raise
        for name, tasks in observation.stopped.items():
            self._forget_reported(state.name, name, tasks)
        return replace(observation, order=order, goals=goals)

    async def _observe(self, look: Look, state: ClusterState, names: Sequence[str]) -> Observation:
        try:
            services = await look.services(state.name, names)
        except AwsFailed as failed:
            if failed.aws_code != 'ClusterNotFoundException':
                raise
            services = dict.fromkeys(names)
        at = self._now()
        there = {name: each for name, each in services.items() if each is not None and each.status != 'INACTIVE'}
        there = await self._with_deployments(look, state, there)
        services = {**services, **there}
        runs = await self._runs(look, state, names)
        arns = {task.task_definition for tasks in runs.values() for task in tasks}
        later: set[str] = set()
        for name, seen in there.items():
            (arns if _is_known(state, name) else later).update(seen.definition_arns)
        return Observation(
            at,
            services,
            definitions=self._cached(state, later) | await self._definitions_of(look, state, arns),
            stopped=await self._stopped(look, state, there),
            targets=await self._targets(look, state, there),
            autoscaled=await self._autoscaled(look, state, there),
            runs=runs,
            # Last: a pass records what is missing before it makes the calls whose effects were seen above.
            outcome=await self._outcome(state, names),
        )

    async def _with_deployments(
        self, look: Look, state: ClusterState, services: Mapping[str, Service]
    ) -> dict[str, Service]:
        """The services with their newest service deployment, where there is more to it than a plain rolling one."""
        known = {name: before.native for name in services if (before := state.ecs.services.get(name))}
        asked = {name: seen.current_deployment for name, seen in services.items() if self._asks_for(state, seen)}
        if asked:
            try:
                known |= await look.service_deployments(state.name, asked)
            except AwsFailed as failed:
                if not is_denied(failed.aws_code):
                    raise
                # The stages are not known then; what runs is.
                log.warning('cluster %s: service deployments cannot be read: %s', state.name, failed)
        return {
            name: replace(seen, native=known.get(name)) if seen.is_beyond_rolling or name in asked else seen
            for name, seen in services.items()
        }

    def _asks_for(self, state: ClusterState, seen: Service) -> bool:
        """Whether the service deployment may have moved: it is open, a rollout is, or another one has begun."""
        before, going = state.ecs.services.get(seen.name), state.rollouts.get(seen.name)
        native = before.native if before else None
        if not seen.is_beyond_rolling and not (native and native.open):
            return False
        rolls_out = going is not None and going.open
        if before is None or _has_begun_another(before, seen):
            return True
        if native is None:
            return rolls_out or self._may_ask('deployment', state.name, seen.name, every=UNKNOWN_EVERY_S)
        if not native.open and not rolls_out:
            return False
        is_resting = going is not None and going.state in ('paused', 'baking')
        return not is_resting or self._may_ask('deployment', state.name, seen.name, every=RESTING_EVERY_S)

    async def _outcome(self, state: ClusterState, names: Sequence[str]) -> PassOutcome | None:
        """What the last pass came to: at each look at what rolls out, and now and then otherwise."""
        moving = any(not state.waits_for_definitions(name) for name in state.moving_services().intersection(names))
        if self._outcomes is None or not (moving or self._may_ask('outcome', state.name, every=OUTCOME_EVERY_S)):
            return None
        return await self._outcomes(state.name)

    async def _runs(self, look: Look, state: ClusterState, names: Sequence[str]) -> dict[str, tuple[Task, ...]]:
        """The tasks that were started for the revision, of services that run once, until they have ended."""
        found = {}
        for name in names:
            going = state.rollouts.get(name)
            if going is not None and going.unsettled and going.goal.kind == 'run':
                mark = run_mark(going.goal.revision)
                found[name] = await look.runs(state.name, state.wanted[name].family, mark)
        return found

    def _cached(self, state: ClusterState, arns: Collection[str]) -> dict[str, TaskDefinition]:
        """The definitions that are known without a call."""
        found = {arn: self._definitions.get(arn) for arn in arns if arn not in state.ecs.definitions}
        return {arn: definition for arn, definition in found.items() if definition is not None}

    async def _definitions_of(
        self, look: Look, state: ClusterState, arns: Collection[str]
    ) -> dict[str, TaskDefinition]:
        found = {}
        for arn in set(arns) - state.ecs.definitions.keys() - state.ecs.absent:
            definition = await self._definitions.looked_at(arn, look.definition)
            if definition is not None:
                found[arn] = definition
        return found

    async def _stopped(
        self, look: Look, state: ClusterState, services: Mapping[str, Service]
    ) -> dict[str, tuple[Task, ...]]:
        """The stopped tasks of services in which something goes wrong."""
        found = {}
        for name, seen in services.items():
            reported = self._reported.get((state.name, name))
            if reported:
                known = {each.arn: each for each in state.ecs.stopped.get(name, ())} | reported
                found[name] = tuple(sorted(known.values(), key=_stopped_at, reverse=True))
            elif _loses_tasks(state, seen) and self._may_ask('stopped', state.name, name, every=STOPPED_EVERY_S):
                found[name] = (await look.stopped(state.name, name))[:MOST_STOPPED]
        return found

    def _forget_reported(self, cluster: str, service: str, tasks: Collection[Task]) -> None:
        """Forget the tasks that a look contains."""
        reported = self._reported.get((cluster, service), {})
        for task in tasks:
            reported.pop(task.arn, None)
        if not reported:
            self._reported.pop((cluster, service), None)

    async def _targets(
        self, look: Look, state: ClusterState, services: Mapping[str, Service]
    ) -> dict[str, Mapping[str, int]]:
        found = {}
        moving = state.moving_services()
        for name, seen in services.items():
            every = TARGETS_EVERY_S if name in moving else AUTOSCALED_EVERY_S
            if seen.target_groups and self._may_ask('targets', state.name, name, every=every):
                found[name] = await look.targets(seen.target_groups)
        return found

    async def _autoscaled(
        self, look: Look, state: ClusterState, services: Mapping[str, Service]
    ) -> frozenset[str] | None:
        """Asked for only where a count is not the wanted one, which an autoscaler may have decided."""
        others = [name for name, seen in services.items() if _has_another_count(state, name, seen)]
        if not others or not self._may_ask('autoscaled', state.name, every=AUTOSCALED_EVERY_S):
            return None
        wanted = [name for name, each in state.wanted.items() if not each.is_task]
        return await look.autoscaled(state.name, wanted)

    def _may_ask(self, *what: str, every: float) -> bool:
        now = self._clock()
        if now - self._asked.get(what, float('-inf')) < every:
            return False
        self._asked[what] = now
        return True


def _is_known(state: ClusterState, name: str) -> bool:
    """Whether the definitions of a service are read with the look at it: its first ones are read later."""
    return name in state.ecs.services and name not in state.unread


def _has_begun_another(before: Service, seen: Service) -> bool:
    """Whether ECS has begun another deployment since the last look."""
    known, now = ({each.id for each in service.deployments} for service in (before, seen))
    newest = before.native.arn if before.native else before.current_deployment
    return known != now or seen.current_deployment not in (None, newest)


def _loses_tasks(state: ClusterState, seen: Service) -> bool:
    """Whether tasks stop that should not: they fail, or are missing, or are started again without a rollout."""
    before, going = state.ecs.services.get(seen.name), state.rollouts.get(seen.name)
    if seen.failed and (before is None or seen.failed != before.failed or seen.running < seen.desired):
        return True
    if before is None:
        return False
    old, new = before.primary, seen.primary
    if old and new and old.id == new.id and new.running < min(old.running, new.desired):
        return True
    known = set(before.events)
    # While the service rested, not all of its events were kept.
    since = max((each.at for each in before.events), default=EPOCH)
    at_rest = going is None or not going.open
    return at_rest and any(
        STARTED.search(each.message) for each in seen.events if each not in known and each.at >= since
    )


def _has_another_count(state: ClusterState, name: str, seen: Service) -> bool:
    return name in state.wanted and state.count(name) not in (None, seen.desired)


def _stopped_at(task: Task) -> float:
    return task.stopped_at.timestamp() if task.stopped_at else 0.0
