"""The watcher of runs on a turned clock: when it looks, what it records, and what it publishes."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.aws.ports import ListedObject, StoredObject, Written
from stack.configuration.accounts import Place
from stack.errors import PreconditionFailed, Unavailable
from stack.rollouts.ecs_state import Task
from stack.runs.records import RunRecords
from stack.runs.run import Run
from stack.state.revisions import Revision
from stack.watch.run_watcher import FAILED_S, IDLE_S, OPEN_S, SYNC_S, RunWatcher
from tests.asynchronous import asynchronous
from tests.places import InOnePlace
from tests.unit.stack.runs.test_history import a_task

NOON = datetime(2030, 4, 1, 12, tzinfo=UTC)
NEXT = '2030-04-01T13:00:00.000+00:00'
HOURLY = {'type': 'task', 'image': 'report:1', 'schedule': {'cron': '0 * * * ? *'}, 'scheduler_role': 'role'}


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


class World:
    """Clusters, the tasks of one family, and a bucket; `looks` are the times at which ECS was asked."""

    def __init__(self, **services: dict[str, Any]):
        self.now = NOON
        self.documents: dict[str, Any] = {'staging': self.document(**services)}
        self.tasks: list[Task] = []
        self.failure: Exception | None = None
        self.looks: list[datetime] = []
        self.objects: dict[str, tuple[bytes, int]] = {}
        self.moved: list[tuple[str, str]] = []
        self.judged: list[tuple[str, Mapping[str, Any]]] = []
        self.watcher = self.replica()

    def document(self, **services: dict[str, Any]) -> Any:
        return {'services': [{name: raw} for name, raw in services.items()]}

    def replica(self) -> RunWatcher:
        self.revisions = Revisions(self)
        return RunWatcher(
            self.revisions,
            RunRecords(self),
            InOnePlace(self),
            self.note,
            lambda *judged: self.judged.append(judged),
            now=lambda: self.now,
        )

    def note(self, cluster: str, service: str, run: Run) -> None:
        self.moved.append((run.id, run.state))

    async def of_family(self, cluster: str, family: str) -> tuple[Task, ...]:
        self.looks.append(self.now)
        if self.failure:
            raise self.failure
        return tuple(self.tasks)

    async def definition(self, arn: str) -> None:
        return None

    async def log_lines(self, group: str, stream: str, region: str | None, most: int) -> list[Any]:
        return []

    async def get(self, key: str, /) -> StoredObject | None:
        if key not in self.objects:
            return None
        body, etag = self.objects[key]
        return StoredObject(body, str(etag), None, NOON)

    async def put(self, key: str, body: bytes, /, *, over: str | None) -> Written:
        known = self.objects.get(key)
        if (str(known[1]) if known else None) != over:
            raise PreconditionFailed('Another writer was faster.')
        self.objects[key] = body, (known[1] if known else 0) + 1
        return Written(str(self.objects[key][1]), None)

    async def tick(self, now: datetime) -> None:
        self.now = now
        await self.watcher.tick()


class Revisions:
    """What the watcher reads of a world's bucket."""

    def __init__(self, world: World):
        self._world = world
        self.revision: Revision | None = None
        self.reads = 0

    def known(self, cluster: str) -> Revision | None:
        return self.revision

    async def objects(self) -> list[ListedObject]:
        documents = self._world.documents
        return [ListedObject(name, json.dumps(document), NOON) for name, document in documents.items()]

    async def read(self, cluster: str) -> Revision:
        self.reads += 1
        return Revision(cluster, '"e"', 'r1', json.dumps(self._world.documents[cluster]).encode(), NOON)


@asynchronous
async def test_a_desired_state_that_the_process_knows_is_not_read_again():
    world = World(report=HOURLY)
    [listed] = await world.revisions.objects()
    document = json.dumps(world.documents['staging']).encode()
    world.revisions.revision = Revision('staging', listed.etag, 'r1', document, NOON)
    await world.tick(at(10))
    assert (world.revisions.reads, world.looks) == (0, [at(10)])
    world.documents['staging'] = world.document(report=HOURLY, web={'image': 'web:1'})
    await world.tick(at(12))
    assert world.revisions.reads == 1


@asynchronous
async def test_a_service_is_looked_at_when_a_run_is_due_while_one_is_open_and_now_and_then():
    world = World(report=HOURLY, web={'image': 'web:1'})
    await world.tick(at(10))
    await world.tick(at(11))
    assert world.looks == [at(10)], 'services that are no tasks are not looked at'
    idle = timedelta(seconds=IDLE_S)
    for moment in (at(10) + idle, at(10) + 2 * idle, at(10) + 3 * idle, at(60)):
        await world.tick(moment)
    assert world.looks[1:] == [at(25), at(40), at(55)], 'the run of 13:00 is looked for after it is due'
    world.tasks = [a_task(1, at(60), None)]
    await world.tick(at(60.1))
    await world.tick(at(60.1) + timedelta(seconds=OPEN_S))
    world.tasks = [a_task(1, at(60))]
    await world.tick(at(62))
    assert world.moved == [('1', 'running'), ('1', 'succeeded')]
    await world.tick(at(63))
    assert world.looks[-1] == at(62)


@asynchronous
async def test_how_a_schedule_goes_is_published_when_it_changes():
    world = World(report=HOURLY)
    await world.tick(at(0))
    assert world.judged == [('staging', {'report': {'state': 'pending', 'since': None, 'last': None, 'next': NEXT}})]
    world.tasks = [a_task(1, at(60), 1)]
    await world.tick(at(62))
    world.tasks.append(a_task(2, at(120), 1))
    await world.tick(at(122))
    states = [schedules['report'] for _, schedules in world.judged[1:]]
    assert [(each['state'], each['since'], each['last']) for each in states] == [
        ('failing', '2030-04-01T13:00:00.000+00:00', '2030-04-01T13:00:00.000+00:00'),
        ('failing', '2030-04-01T13:00:00.000+00:00', '2030-04-01T14:00:00.000+00:00'),
    ]
    await world.tick(at(122.5))
    assert len(world.judged) == 3


@asynchronous
async def test_a_run_that_did_not_start_is_missed():
    world = World(report=HOURLY)
    for minute in (0, 50, 61, 76):
        await world.tick(at(minute))
    assert [schedules['report']['state'] for _, schedules in world.judged][-1] == 'missed'
    assert world.moved[-1][1] == 'missed'


@pytest.mark.parametrize('after', [{}, {'staging': {'services': [{'report': {'image': 'report:1'}}]}}])
@asynchronous
async def test_a_service_without_its_schedule_has_no_state_of_one(after):
    world = World(report=HOURLY)
    await world.tick(at(0))
    world.documents = after
    await world.tick(at(0) + timedelta(seconds=SYNC_S))
    assert world.judged[-1] == ('staging', {})
    looks = len(world.looks)
    await world.tick(at(60))
    assert len(world.looks) == looks


@asynchronous
async def test_what_ecs_does_not_answer_is_asked_again_later():
    world = World(report=HOURLY)
    world.failure = Unavailable('No answer.', 'ecs:ListTasks', '503')
    await world.tick(at(0))
    world.failure = None
    await world.tick(at(0.5))
    await world.tick(at(0) + timedelta(seconds=FAILED_S))
    assert world.looks == [at(0), at(0) + timedelta(seconds=FAILED_S)]
    assert len(world.judged) == 1


@asynchronous
async def test_a_run_that_was_asked_for_is_followed_until_it_has_ended():
    world = World(report={'image': 'report:1'})
    world.tasks = [a_task(1, at(0), None, by='nysa-run/r1')]
    world.watcher.follow('staging', 'report', 'report')
    await world.tick(at(0.1))
    world.tasks = [a_task(1, at(0), by='nysa-run/r1')]
    world.watcher.hint('staging', 'report')
    await world.tick(at(0.11))
    await world.tick(at(30))
    assert world.moved == [('r1', 'running'), ('r1', 'succeeded')]
    assert (len(world.looks), world.judged) == (2, [])


@asynchronous
async def test_another_replica_publishes_a_run_that_the_first_one_recorded():
    world = World(report=HOURLY)
    await world.tick(at(0))
    other = world.replica()
    await other.tick()
    world.tasks = [a_task(1, at(60))]
    world.now = at(62)
    await world.watcher.tick()
    await other.tick()
    assert world.moved == [('1', 'succeeded'), ('1', 'succeeded')]


@asynchronous
async def test_a_run_that_ended_before_a_start_is_not_published_again():
    world = World(report=HOURLY)
    world.tasks = [a_task(1, at(-60), 1)]
    await world.tick(at(0))
    world.moved.clear()
    await world.replica().tick()
    assert world.moved == []
    assert world.judged[-1][1]['report']['state'] == 'failing', 'but how the schedule goes is'


@asynchronous
async def test_an_account_that_does_not_answer_holds_up_no_other():
    world, answers, asked = World(report=HOURLY), asyncio.Event(), asyncio.Event()
    world.documents['other'] = world.documents['staging']

    class Looks:
        async def of(self, cluster: str) -> World:
            if cluster == 'staging':
                await answers.wait()
            asked.set()
            return world

    async def sleep(_: float) -> None:
        await asyncio.sleep(0)

    watcher = RunWatcher(
        Revisions(world), RunRecords(world), Looks(), world.note, place_of=Place, now=lambda: world.now, sleep=sleep
    )
    running = asyncio.create_task(watcher.run())
    async with asyncio.timeout(30):
        await asked.wait()
    assert not answers.is_set()
    running.cancel()
    await asyncio.wait([running])
