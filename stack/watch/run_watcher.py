"""The loop that follows runs of tasks: it looks at a service when a run is due, while one is open, and now and then.

Every replica does so, whether it has subscribers or not: ECS forgets a task an hour after it stopped.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from stack.aws.ports import ListedObject, PerCluster
from stack.configuration.accounts import Place, PlaceOf, in_one_place
from stack.errors import AwsFailed, NotFound, StateUnreadable
from stack.failures.task_logs import last_lines
from stack.reconcile.observed import TaskDefinition
from stack.rollouts.ecs_state import Task
from stack.runs.history import History, next_times, schedule_state, seen
from stack.runs.records import RunRecords
from stack.runs.run import Run
from stack.runtime.keyed_tasks import KeyedTasks
from stack.stackfile import effective
from stack.stackfile.naming import family
from stack.stackfile.schedule_fields import Schedule
from stack.state.revisions import Revision

log = logging.getLogger(__name__)

# How often the desired states are asked for scheduled tasks, and what is due is looked for.
SYNC_S, TICK_S = 60.0, 2.0
# Between two looks at a service: while a run is open, after a failure, and at the most. A run is looked for so long
# after it is due.
OPEN_S, FAILED_S, IDLE_S, AFTER_DUE_S = 5.0, 60.0, 900.0, 5.0
# Log lines kept of a run, each cut after so many characters.
LINES_KEPT, LONGEST_LINE = 20, 500

Json = dict[str, Any]


class Look(Protocol):
    """What is asked of ECS and of its logs: see `stack.aws.ecs_look.EcsLook`."""

    async def of_family(self, cluster: str, family: str) -> tuple[Task, ...]: ...
    async def definition(self, arn: str) -> TaskDefinition | None: ...
    async def log_lines(self, group: str, stream: str, region: str | None, most: int) -> list[Json]: ...


class Revisions(Protocol):
    """Reads desired states: see `stack.state.revision_store.RevisionStore`."""

    async def objects(self) -> list[ListedObject]: ...
    async def read(self, cluster: str) -> Revision: ...
    def known(self, cluster: str) -> Revision | None: ...


@dataclass(frozen=True)
class Followed:
    """A service whose runs are followed; one with `once` only until its runs have ended."""

    cluster: str
    service: str
    container: str
    schedule: Schedule | None = None
    once: bool = False


# Called with each run that began, moved or ended: cluster, service, run.
Moved = Callable[[str, str, Run], None]
# Called when something has changed in how the schedules of a cluster go: by service, as its row shows them.
Judged = Callable[[str, Mapping[str, Json]], None]


class RunWatcher:
    def __init__(
        self,
        revisions: Revisions,
        records: RunRecords,
        looks: PerCluster[Look],
        moved: Moved,
        judged: Judged = lambda cluster, schedules: None,
        *,
        place_of: PlaceOf = in_one_place,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ):
        self._place_of = place_of
        self._looking: KeyedTasks[Place] = KeyedTasks('a look at runs')
        self._revisions = revisions
        self._records = records
        self._looks = looks
        self._moved = moved
        self._judged = judged
        self._now = now
        self._sleep = sleep
        self._known: dict[str, tuple[str, dict[str, Followed]]] = {}
        self._once: dict[tuple[str, str], Followed] = {}
        self._due: dict[tuple[str, str], datetime] = {}
        self._published: dict[tuple[str, str], dict[str, Run]] = {}
        # By cluster and service: how each schedule goes.
        self._schedules: dict[str, dict[str, Json]] = {}
        self._synced_at: datetime | None = None

    async def run(self) -> None:
        """Follow runs, until cancelled; an account that does not answer holds up no other."""
        try:
            while True:
                await self._begin()
                await self._sleep(TICK_S)
        finally:
            self._looking.cancel()

    async def tick(self) -> None:
        """Look at every service that is due."""
        await self._begin()
        await self._looking.settled()

    async def _begin(self) -> None:
        """Begin to look at the services that are due, those of one account and region one after the other."""
        now = self._now()
        if self._synced_at is None or now - self._synced_at >= timedelta(seconds=SYNC_S):
            self._synced_at = now
            await self._sync()
        due: dict[Place, list[Followed]] = {}
        for key, followed in self._all().items():
            if self._due.setdefault(key, now) <= now:
                due.setdefault(self._place_of(followed.cluster), []).append(followed)
        for place, those in due.items():
            if place not in self._looking:
                self._looking.start(place, self._look_in_turn(those))

    async def _look_in_turn(self, due: Sequence[Followed]) -> None:
        for followed in due:
            await self._look_at(followed)

    def hint(self, cluster: str, service: str) -> None:
        """Look at a service soon: an event of ECS reports a task of it."""
        if (cluster, service) in self._all():
            self._due[cluster, service] = self._now()

    def follow(self, cluster: str, service: str, container: str) -> None:
        """Follow the runs of a service until they have ended, also where it has no schedule."""
        self._once.setdefault((cluster, service), Followed(cluster, service, container, once=True))
        self._due[cluster, service] = self._now()

    def _all(self) -> Mapping[tuple[str, str], Followed]:
        scheduled = {
            (cluster, service): followed
            for cluster, (_, services) in self._known.items()
            for service, followed in services.items()
        }
        return self._once | scheduled

    async def _sync(self) -> None:
        """Read the desired states that have changed."""
        try:
            listed = {stored.key: stored.etag for stored in await self._revisions.objects()}
        except AwsFailed as failed:
            log.warning('the clusters with scheduled tasks are not known: %s', failed)
            return
        self._known = {name: known for name, known in self._known.items() if name in listed}
        for name in self._schedules.keys() - self._known.keys():
            self._judge(name, {})
        for name, etag in listed.items():
            if name in self._known and self._known[name][0] == etag:
                continue
            try:
                revision = await self._read(name, etag)
                self._known[name] = etag, _tasks_of(name, revision.document)
            except (NotFound, StateUnreadable, AwsFailed) as error:
                log.info('cluster %s: its scheduled tasks are not known: %s', name, error)
                continue
            services = self._known[name][1]
            kept = {each for each, followed in services.items() if followed.schedule is not None}
            self._judge(name, {each: known for each, known in self._schedules.get(name, {}).items() if each in kept})

    async def _read(self, name: str, etag: str) -> Revision:
        """The desired state that was listed with an ETag, or a newer one."""
        known = self._revisions.known(name)
        return known if known is not None and known.etag == etag else await self._revisions.read(name)

    def _judge(self, cluster: str, schedules: dict[str, Json]) -> None:
        """Publish how the schedules of a cluster go, where that has changed."""
        if schedules == self._schedules.get(cluster, {}):
            return
        self._schedules[cluster] = schedules
        if not schedules:
            del self._schedules[cluster]
        self._judged(cluster, schedules)

    async def _look_at(self, followed: Followed) -> None:
        place = followed.cluster, followed.service
        try:
            after = await self._see(followed)
        except AwsFailed as failed:
            log.warning('the runs of %s in %s could not be followed: %s', followed.service, followed.cluster, failed)
            self._due[place] = self._now() + timedelta(seconds=FAILED_S)
            return
        self._due[place] = self._now() + self._rest(followed, after)
        if followed.schedule is not None:
            state = schedule_state(after, followed.schedule, self._now())
            self._judge(followed.cluster, {**self._schedules.get(followed.cluster, {}), followed.service: state})
        if followed.once and not after.open:
            self._once.pop(place, None)

    async def _see(self, followed: Followed) -> History:
        look = await self._looks.of(followed.cluster)
        tasks = await look.of_family(followed.cluster, family(followed.cluster, followed.service))
        now = self._now()

        def change(history: History) -> History:
            return seen(history, tasks, followed.container, followed.schedule, now)

        before, after = await self._records.update(followed.cluster, followed.service, change)
        # By what was published here last: a scheduler writes the record as well.
        known = self._published.setdefault((followed.cluster, followed.service), {run.id: run for run in before.runs})
        moved = [run for run in after.runs if known.get(run.id) != run]
        self._published[followed.cluster, followed.service] = {run.id: run for run in after.runs}
        logs = {run.id: found for run in moved if not run.is_open and (found := await self._log(look, run, tasks))}
        if logs:
            _, after = await self._records.update(
                followed.cluster, followed.service, lambda history: _with_logs(history, logs)
            )
        for run in moved:
            self._moved(followed.cluster, followed.service, after.find(run.id) or run)
        return after

    async def _log(self, look: Look, run: Run, tasks: tuple[Task, ...]) -> Json | None:
        """The last lines of a run that has ended; None where they cannot be read."""
        task = next((task for task in tasks if task.id == run.task), None)
        if task is None:
            return None
        try:
            found = await last_lines(look, await look.definition(task.task_definition), [task])
        except AwsFailed as failed:
            log.warning('the log of the run %s cannot be read: %s', run.id, failed)
            return None
        if found is None:
            return None
        lines = [{**line, 'message': line['message'][:LONGEST_LINE]} for line in found['lines'][-LINES_KEPT:]]
        return {**found, 'lines': lines}

    def _rest(self, followed: Followed, history: History) -> timedelta:
        if history.open:
            return timedelta(seconds=OPEN_S)
        idle = timedelta(seconds=IDLE_S)
        if followed.schedule is None:
            return idle
        runs = [run for run in history.runs if run.trigger == 'schedule']
        due = next(iter(next_times(runs, followed.schedule, self._now())), None)
        return idle if due is None else min(idle, due - self._now() + timedelta(seconds=AFTER_DUE_S))


def _with_logs(history: History, logs: Mapping[str, Json]) -> History:
    return replace(history, runs=tuple(replace(run, log=logs.get(run.id, run.log)) for run in history.runs))


def _tasks_of(cluster: str, document: Any) -> dict[str, Followed]:
    """The services of `type: task` of a desired state."""
    if not any(raw.get('type') == 'task' for _, raw in effective.services(document)):
        return {}
    top = effective.top_settings(document)
    found = {}
    for name, raw in effective.services(document):
        if raw.get('type') == 'task' and name not in found:
            settings = effective.settle(name, raw, top)
            found[name] = Followed(cluster, name, settings.main_container, settings.schedule)
    return found
