"""What was known of a rollout when it failed, kept in the bucket: ECS forgets stopped tasks after an hour.

One object for each failure, `flights/{cluster}/{revision}/{service}`.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from stack.aws.ports import ObjectStore, PerCluster
from stack.errors import AwsFailed, NotFound, PreconditionFailed, StateUnreadable
from stack.failures.task_logs import last_lines
from stack.reconcile.observed import TaskDefinition
from stack.rollouts import refusals
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.cluster_view import events_json, stop_json, task_json
from stack.rollouts.ecs_state import Service, Task
from stack.rollouts.revision_view import verdict_json
from stack.rollouts.rollout import Rollout
from stack.rollouts.stop_kinds import StopReason
from stack.rollouts.stop_reasons import classify, most_telling, of_text
from stack.runtime.masking import concealed
from stack.runtime.moments import stamp
from stack.stackfile.main_container import essential_names, main_container

log = logging.getLogger(__name__)

PREFIX = 'flights/'
WAITED_FOR_S = 3.0

TASKS_KEPT = 10
EVENTS_KEPT = 20

# A record that could not be made is tried again after these pauses, in seconds: ECS knows the tasks for an hour.
PAUSES_S = (5.0, 30.0, 120.0)
# How often it is tried to write where other replicas write at the same time.
ATTEMPTS = 5

Json = dict[str, Any]


class Look(Protocol):
    """What is asked of ECS and of its logs: see `stack.aws.ecs_look.EcsLook`."""

    async def stopped(self, cluster: str, service: str) -> tuple[Task, ...]: ...
    async def definition(self, arn: str) -> TaskDefinition | None: ...
    async def log_lines(self, group: str, stream: str, region: str | None, most: int) -> list[Json]: ...


# The revision, the one before it, and what they differ in: `stack.state.history.History.compare`.
Compare = Callable[[str, str, str | None], Awaitable[tuple[Any, Any, Any]]]


class FlightRecorder:
    def __init__(
        self,
        bucket: ObjectStore,
        looks: PerCluster[Look],
        compare: Compare,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pauses: Sequence[float] = PAUSES_S,
    ):
        self._bucket = bucket
        self._looks = looks
        self._compare = compare
        self._now = now
        self._pauses = pauses
        # By key: the failure that is to be recorded, the newest alone, and what records it.
        self._due: dict[str, _Flight] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def ended(self, state: ClusterState, rollout: Rollout) -> None:
        """Record the failure of a rollout that has ended; of several attempts at one revision, the last."""
        if rollout.verdict is None or not rollout.verdict.failed:
            return
        name = rollout.goal.service
        definition = state.ecs.definitions.get(rollout.task_definition or '')
        refusal = state.refusal(name)
        refused = refusals.to_json(refusal) if refusal and rollout.verdict.ending == 'aborted' else None
        flight = _Flight(
            state.name, rollout, state.ecs.services.get(name), definition, state.ecs.stopped.get(name, ()), refused
        )
        key, former = flight.key, self._due.get(flight.key)
        self._due[key] = flight
        if former is not None:
            former.overtaken.set()
        if key not in self._tasks:
            self._tasks[key] = asyncio.get_running_loop().create_task(self._work(key))

    async def read(self, cluster: str, revision: str, service: str) -> Json | None:
        """What was recorded of a failure; None where there is no record. Raises `AwsFailed`.

        A record that is being made is waited for: people come at the very moment in which a failure is published.
        """
        key = _key(cluster, revision, service)
        if key in self._tasks:
            await asyncio.wait([self._tasks[key]], timeout=WAITED_FOR_S)
        stored = await self._bucket.get(key)
        try:
            return json.loads(stored.body) if stored else None
        except ValueError:
            return None

    async def finished(self) -> None:
        """Wait for the records that are being made."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    async def close(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _work(self, key: str) -> None:
        """Record what is due under a key: one attempt after the other, so that none is written over a later one."""
        try:
            while key in self._due:
                flight = self._due[key]
                await self._persist(flight)
                if self._due[key] is flight:
                    del self._due[key]
        finally:
            del self._tasks[key]

    async def _persist(self, flight: '_Flight') -> None:
        """Try until it is recorded, a later attempt is due, or ECS does not know the tasks any more."""
        for pause in (*self._pauses, None):
            try:
                await self._record(flight)
            except AwsFailed as failed:
                log.warning('the failure of %s in %s is not recorded yet: %s', flight.service, flight.cluster, failed)
            except Exception:
                log.exception('the failure of %s in %s could not be recorded', flight.service, flight.cluster)
                return
            else:
                log.info('recorded the failure of %s in %s', flight.service, flight.cluster)
                return
            if pause is not None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(flight.overtaken.wait(), pause)
            if flight.overtaken.is_set():
                return

    async def _record(self, flight: '_Flight') -> None:
        rollout, definition = flight.rollout, flight.definition
        # Tasks that run once, or by a schedule, are of no service, which could be asked for them.
        look = await self._looks.of(flight.cluster)
        found = () if rollout.goal.kind in ('run', 'schedule') else await look.stopped(flight.cluster, flight.service)
        stopped = _of(rollout, found) or _of(rollout, flight.known)
        # Where ECS has rolled back by the time it is seen, the deployment is gone, and its definition with it.
        arn = rollout.task_definition or next((each.task_definition for each in stopped), None)
        if definition is None and arn:
            definition = await look.definition(arn)
        record = _record_json(rollout, flight.seen, definition, stopped, self._now())
        record['reason'] = flight.refused or record['reason']
        record['introduced_by'] = await self._change(flight.cluster, rollout)
        record['log'] = await last_lines(look, definition, stopped)
        await self._keep(flight.key, record)

    async def _change(self, cluster: str, rollout: Rollout) -> Json | None:
        """The change that brought what failed: who, why, and what it changed in the service."""
        try:
            revision, before, difference = await self._compare(cluster, rollout.goal.revision, None)
        except (NotFound, StateUnreadable):
            return None
        rows = [row.to_json() for row in difference.rows if row.service == rollout.goal.service]
        return {**revision.summary(), 'previous': before.id if before else None, 'changes': concealed(rows)}

    async def _keep(self, key: str, record: Json) -> None:
        """Store the record, unless that of a later attempt is there, by whichever replica."""
        for _ in range(ATTEMPTS):
            stored = await self._bucket.get(key)
            if stored is not None and _ended_at(stored.body) > record['verdict']['at']:
                log.info('a later attempt is on record as %s', key)
                return
            try:
                await self._bucket.put(key, json.dumps(record).encode(), over=stored.etag if stored else None)
            except PreconditionFailed:
                continue
            return
        log.warning('%s was not recorded: other replicas keep writing it', key)


@dataclass(frozen=True, eq=False)
class _Flight:
    """A failure, and what was known of it when it ended; `overtaken` is set once a later attempt has failed.

    `refused` is the refusal by AWS that the scheduler gave up on, where that is the reason.
    """

    cluster: str
    rollout: Rollout
    seen: Service | None
    definition: TaskDefinition | None
    known: Sequence[Task]
    refused: Json | None = None
    overtaken: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def service(self) -> str:
        return self.rollout.goal.service

    @property
    def key(self) -> str:
        return _key(self.cluster, self.rollout.goal.revision, self.service)


def _ended_at(body: bytes) -> str:
    """When the attempt of a record ended; nothing where that cannot be read."""
    try:
        return str(json.loads(body)['verdict']['at'])
    except (ValueError, KeyError, TypeError):
        return ''


def _of(rollout: Rollout, tasks: Sequence[Task]) -> list[Task]:
    """The tasks of the rollout's own deployment, the newest first; since it was asked for, where it was never seen."""
    if rollout.deployment is None:
        return [each for each in tasks if each.created_at and each.created_at >= rollout.goal.since]
    return [each for each in tasks if rollout.deployment == each.started_by or not each.started_by]


def _record_json(
    rollout: Rollout,
    seen: Service | None,
    definition: TaskDefinition | None,
    stopped: Sequence[Task],
    now: datetime,
) -> Json:
    events = [each for each in seen.events if each.at >= rollout.goal.since] if seen else []
    main = main_container(definition.body, rollout.goal.service) if definition else {}
    images = [each for task in stopped for each in task.containers if each.name == main.get('name', each.name)]
    essential = essential_names(definition.body) if definition else frozenset()
    reasons = [classify(each, essential) for each in stopped]
    return {
        'service': rollout.goal.service,
        'revision': rollout.goal.revision,
        'recorded_at': stamp(now),
        'verdict': verdict_json(rollout.verdict),
        'reason': _reason_json(reason_of(reasons, [each.message for each in events])),
        'image': main.get('image') or rollout.goal.image,
        'image_digest': next((each.digest for each in images if each.digest), None),
        'task_definition': rollout.task_definition,
        'deployment': rollout.deployment,
        'tasks': [{**task_json(each), **stop_json(each, essential)} for each in stopped[:TASKS_KEPT]],
        'events': events_json(events[:EVENTS_KEPT]),
    }


def reason_of(stopped: Iterable[StopReason], events: Sequence[str]) -> StopReason | None:
    """The class of what went wrong, by the stopped tasks, or where none tells anything by ECS's events."""
    by_tasks = most_telling(stopped)
    if by_tasks is not None and not by_tasks.expected and by_tasks.kind != 'unknown':
        return by_tasks
    return most_telling(found for each in events if (found := of_text(each))) or by_tasks


def _reason_json(reason: StopReason | None) -> Json | None:
    return {'kind': reason.kind, 'what': reason.what, 'advice': reason.advice} if reason else None


def _key(cluster: str, revision: str, service: str) -> str:
    return f'{PREFIX}{cluster}/{revision}/{service}'
