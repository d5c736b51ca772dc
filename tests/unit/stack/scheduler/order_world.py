"""A small ECS for the order of rollouts: services, task definitions and one-off tasks, without clock or processes.

It moves only when a test lets it: `settle` ends what is on its way, as a script tells for each image. A `Process` is a
scheduler in it, whose calls can be refused, lose their answers, or be its last.
"""

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from stack.aws.ports import StoredObject, Written
from stack.errors import AwsFailed, PreconditionFailed, Unavailable
from stack.reconcile.names import read_tags
from stack.reconcile.observed import Observed, Service, TaskDefinition
from stack.rollouts import ecs_state
from stack.rollouts.ecs_state import Container, Task
from stack.scheduler.gate_look import GateLook
from stack.scheduler.lease import Leases
from stack.scheduler.passes import Ask, Ended, Passes
from stack.scheduler.reconciler import Reconciler
from stack.state.lease_record import PREFIX
from stack.state.revision_store import serialise
from stack.state.revisions import Revision
from tests.places import InOnePlace

CLUSTER = 'prod'
BEGINNING = 1_900_000_000.0
ARN = 'arn:aws:ecs:us-east-1:1'

Json = dict[str, Any]


class Killed(BaseException):
    """The end of a process in the middle of a call."""


@dataclass
class Deployed:
    """A service: what it was last asked to run, what it ran before, and how far that is."""

    name: str
    definition: str
    members: Json
    tags: dict[str, str]
    state: str = 'IN_PROGRESS'
    former: str | None = None
    count: int = 1

    @property
    def at_rest(self) -> bool:
        return self.state != 'IN_PROGRESS'


@dataclass
class Run:
    """A one-off task."""

    arn: str
    family: str
    definition: str
    mark: str
    token: str
    status: str = 'RUNNING'
    code: int | None = None
    was_stopped: bool = False


# How a rollout of a service with an image ends, and with which code a task of an image and a command: None for never.
Ends = Callable[[str, str], str]
Exits = Callable[[str, tuple[str, ...]], int | None]


@dataclass
class World:
    ends: Ends = lambda service, image: 'COMPLETED'
    exits: Exits = lambda image, command: 0
    now: float = BEGINNING
    # Whether the cluster has no room for another task.
    is_full: bool = False
    document: Json = field(default_factory=dict)
    revision: int = 1
    services: dict[str, Deployed] = field(default_factory=dict)
    definitions: dict[str, TaskDefinition] = field(default_factory=dict)
    newest: dict[str, str] = field(default_factory=dict)
    inactive: set[str] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)
    runs: list[Run] = field(default_factory=list)
    objects: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    calls: list[tuple[str, Json]] = field(default_factory=list)
    watch: Callable[['World', str, Json], None] = lambda world, operation, arguments: None

    def store(self, document: Json) -> None:
        self.document, self.revision = document, self.revision + 1
        self.now += 60

    def image(self, arn: str) -> str:
        image: str = self.definitions[arn].body['containerDefinitions'][0]['image']
        return image

    def command(self, arn: str) -> tuple[str, ...]:
        return tuple(self.definitions[arn].body['containerDefinitions'][0].get('command', ()))

    def running(self, service: str) -> str | None:
        """The image that a service has rolled out, if its rollout has succeeded."""
        there = self.services.get(service)
        return self.image(there.definition) if there and there.state == 'COMPLETED' else None

    def settle(self) -> bool:
        """End all rollouts and tasks on their way; false where there was none."""
        self.now += 30
        moved = False
        for service in self.services.values():
            if not service.at_rest:
                moved = True
                self._end(service)
        for run in self.runs:
            if run.status == 'RUNNING':
                moved = True
                run.code = self.exits(self.image(run.definition), self.command(run.definition))
                run.status = 'RUNNING' if run.code is None else 'STOPPED'
        return moved

    def _end(self, service: Deployed) -> None:
        end = self.ends(service.name, self.image(service.definition))
        if end == 'ROLLED_BACK' and service.former:
            self.given_up.add(service.definition)
            service.definition, service.former, service.state = service.former, None, 'COMPLETED'
        else:
            service.state = 'FAILED' if end == 'ROLLED_BACK' else end

    def call(self, operation: str, arguments: Json) -> Json:
        self.watch(self, operation, arguments)
        self.calls.append((operation, arguments))
        answer: Json = getattr(self, operation)(**arguments)
        return answer

    def RegisterTaskDefinition(self, family: str, tags: Sequence[Json] = (), **body: Any) -> Json:
        arn = f'{ARN}:task-definition/{family}:{len(self.definitions) + 1}'
        whole = {'family': family, 'taskDefinitionArn': arn, **body}
        self.definitions[arn] = TaskDefinition(arn, family, whole, read_tags(tags))
        self.newest[family] = arn
        return {'taskDefinition': whole}

    def DeregisterTaskDefinition(self, taskDefinition: str) -> Json:
        self.inactive.add(taskDefinition)
        return {}

    def TagResource(self, resourceArn: str, tags: Sequence[Json]) -> Json:
        if resourceArn in self.definitions:
            there = self.definitions[resourceArn]
            self.definitions[resourceArn] = replace(there, tags={**there.tags, **read_tags(tags)})
        return {}

    def CreateService(self, **arguments: Any) -> Json:
        name = arguments['serviceName']
        if name not in self.services:
            kept = {'launchType', 'schedulingStrategy', 'deploymentConfiguration', 'placementStrategy'}
            members = {key: value for key, value in arguments.items() if key in kept}
            tags = read_tags(arguments['tags'])
            self.services[name] = Deployed(name, arguments['taskDefinition'], members, tags)
        return {}

    def UpdateService(self, service: str, **arguments: Any) -> Json:
        there = self.services[service]
        if arguments.get('taskDefinition') not in (None, there.definition):
            there.former = there.definition if there.state == 'COMPLETED' else there.former
            there.definition, there.state = arguments['taskDefinition'], 'IN_PROGRESS'
        return {}

    def RunTask(self, taskDefinition: str, startedBy: str, clientToken: str, count: int, **_: Any) -> Json:
        known = [run for run in self.runs if run.token == clientToken]
        if not known and self.is_full:
            return {'tasks': [], 'failures': [{'reason': 'RESOURCE:MEMORY'}]}
        if not known:
            family = self.definitions[taskDefinition].family
            arn = f'{ARN}:task/{len(self.runs)}'
            known = [Run(f'{arn}-{n}', family, taskDefinition, startedBy, clientToken) for n in range(count)]
            self.runs += known
        assert {run.definition for run in known} == {taskDefinition}, 'a token was used for another request'
        return {'tasks': [{'taskArn': run.arn} for run in known], 'failures': []}

    def StopTask(self, task: str, **_: Any) -> Json:
        for run in (each for each in self.runs if each.arn == task):
            run.status, run.code, run.was_stopped = 'STOPPED', 137, True
        return {}

    def observed(self) -> Observed:
        return Observed(
            CLUSTER,
            {name: self._service(each) for name, each in self.services.items()},
            definitions=dict(self.definitions),
            newest={family: self.definitions[arn] for family, arn in self.newest.items()},
            given_up=frozenset(self.given_up),
            ran=frozenset((run.family.removeprefix(f'{CLUSTER}-'), run.mark) for run in self.runs),
            container_instances=1,
            at=self.now,
        )

    def _service(self, there: Deployed) -> Service:
        return Service(
            there.name,
            f'{ARN}:service/{CLUSTER}/{there.name}',
            'ACTIVE',
            there.definition,
            there.count,
            running_count=there.count if there.state == 'COMPLETED' else 0,
            launch_type=there.members.get('launchType'),
            members=there.members,
            deployments=1 if there.at_rest else 2,
            rollout_state=there.state,
            tags=there.tags,
        )

    def expire_leases(self) -> None:
        """Let the term of every lease pass."""
        for key, (body, etag) in self.objects.items():
            self.objects[key] = (json.dumps({**json.loads(body), 'holder': None}).encode(), etag + 1)

    @property
    def ledger(self) -> Json:
        """What is recorded of gates."""
        recorded: Json = json.loads(self.objects[PREFIX + CLUSTER][0]).get('gates') or {'runs': [], 'begun': []}
        return recorded


@dataclass
class Process:
    """The passes of a scheduler; `before` and `after` decide on each call, and raise the error that it ends with."""

    world: World
    before: Callable[[int, str], None] = lambda number, operation: None
    after: Callable[[int, str], None] = lambda number, operation: None
    dead: bool = False
    made: int = 0
    looks: int = 0

    def __post_init__(self) -> None:
        leases = Leases(self)
        reconciler = Reconciler(self, self._call, clock=lambda: self.world.now, sleep=self._never)
        self.passes = Passes(
            self,
            leases,
            InOnePlace(reconciler),
            self._is_open,
            gates=GateLook(InOnePlace(self), lambda: self.world.now),
        )

    async def make(self, **ask: Any) -> Ended:
        """A pass for a message that was sent now."""
        asked_at = datetime.fromtimestamp(self.world.now, UTC)
        return await self.passes.make(Ask(CLUSTER, **{'asked_at': asked_at, **ask}))

    async def check(self) -> Ended:
        """A periodic pass."""
        return await self.passes.make(Ask(CLUSTER, hinted=False, retry=False))

    async def _call(self, service: str, operation: str, /, **arguments: Any) -> Json:
        if self.dead:
            raise Killed
        # Others get their turn, as between a request and its answer.
        await asyncio.sleep(0)
        self.made += 1
        number = self.made
        self._decide(self.before, number, operation)
        answer = self.world.call(operation, arguments)
        self._decide(self.after, number, operation)
        return answer

    def _decide(self, fate: Callable[[int, str], None], number: int, operation: str) -> None:
        try:
            fate(number, operation)
        except Killed:
            self.dead = True
            raise

    async def _never(self, seconds: float) -> None:
        raise AssertionError('no pass waits')

    async def _is_open(self, revision: Revision) -> bool:
        return False

    async def observe(self, cluster: str, document: Mapping[str, Any], **_: Any) -> Observed:
        return self.world.observed()

    async def services(self, cluster: str, names: Sequence[str], /) -> dict[str, Any]:
        """As DescribeServices shows them, in `ecs_state`'s values."""
        self.looks += 1
        return {name: _described(self.world.services[name]) for name in names}

    async def runs(self, cluster: str, family: str, started_by: str, /) -> Sequence[Task]:
        found = (run for run in self.world.runs if run.family == family and run.mark == started_by)
        return [_task(self.world, run) for run in found]

    async def definition(self, arn: str, /) -> TaskDefinition | None:
        return self.world.definitions.get(self.world.newest.get(arn, arn))

    async def log_lines(self, group: str, stream: str, region: str | None, most: int, /) -> list[Json]:
        return []

    async def read(self, cluster: str) -> Revision:
        body = serialise(self.world.document)
        at = datetime.fromtimestamp(BEGINNING, UTC)
        return Revision(CLUSTER, str(self.world.revision), f'r{self.world.revision}', body, at)

    async def get(self, key: str, /) -> StoredObject | None:
        if key not in self.world.objects:
            return None
        body, etag = self.world.objects[key]
        return StoredObject(body, str(etag), None, datetime.now(UTC))

    async def put(self, key: str, body: bytes, /, *, over: str | None) -> Written:
        if self.dead:
            # What a dead process writes is not stored.
            return Written('dead', None)
        there = self.world.objects.get(key)
        if (str(there[1]) if there else None) != over:
            raise PreconditionFailed('Another writer was faster.')
        etag = there[1] + 1 if there else 1
        self.world.objects[key] = (body, etag)
        return Written(str(etag), None)


def _described(there: Deployed) -> ecs_state.Service:
    deployment = {'id': 'd', 'status': 'PRIMARY', 'rolloutState': there.state}
    return ecs_state.service({'serviceName': there.name, 'deployments': [deployment]})


def _task(world: World, run: Run) -> Task:
    stopped = datetime.fromtimestamp(world.now, UTC) if run.status == 'STOPPED' else None
    name = world.definitions[run.definition].body['containerDefinitions'][0]['name']
    container = Container(name, '', None, run.code, '')
    ended = 'UserInitiated' if run.was_stopped else 'EssentialContainerExited'
    code = ended if run.status == 'STOPPED' else ''
    return Task(
        run.arn.rpartition('/')[2], run.arn, f'family:{run.family}', run.definition, run.mark, run.status, 'UNKNOWN',
        code, '', None, None, stopped, (container,),
    )  # fmt: skip


async def deploy(world: World, process: Process, most: int = 60, *, retry: bool = True) -> Ended:
    """Passes until nothing is left to wait for, with ECS moving between them."""
    asked_at = datetime.fromtimestamp(world.now, UTC)
    first = retry
    for _ in range(most):
        ended = await process.make(asked_at=asked_at, retry=first)
        first = False
        assert ended.state in ('complete', 'awaiting', 'failed'), ended
        if not world.settle() and ended.state == 'complete':
            return ended
    raise AssertionError('it does not come to an end')


def lose(chance: random.Random, share: float) -> Callable[[int, str], None]:
    """Lose some answers of calls that were carried out."""

    def fate(number: int, operation: str) -> None:
        if chance.random() < share:
            raise Unavailable('The answer is lost.', f'ecs:{operation}', 'Timeout')

    return fate


def refuse(chance: random.Random, share: float) -> Callable[[int, str], None]:
    """Refuse some calls."""

    def fate(number: int, operation: str) -> None:
        if chance.random() < share:
            raise AwsFailed('Not now.', f'ecs:{operation}', 'ServerException')

    return fate


def kill_at(last: int) -> Callable[[int, str], None]:
    def fate(number: int, operation: str) -> None:
        if number == last:
            raise Killed

    return fate
