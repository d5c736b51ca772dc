"""Stops whose server or scheduler is killed: each is finished or was never made, with one verdict."""

import asyncio
import random
from typing import Any

import pytest

import nysa_server
from stack.aws.client import AwsClient, ForwardingClient
from stack.aws.ecs_look import EcsLook
from stack.aws.inventory import Inventory
from stack.aws.paced import PacedConnection
from stack.aws.s3 import Bucket
from stack.changes.change_request import ChangeRequest
from stack.changes.gate import Gate
from stack.changes.rollback import Rollback
from stack.changes.rollback_target import Targets
from stack.changes.stopping import Stopping, StopRequest
from stack.configuration.settings import read_settings
from stack.errors import NysaError, Unavailable
from stack.runtime.metrics import Metrics
from stack.runtime.pacing import Pace
from stack.scheduler.gate_look import GateLook
from stack.scheduler.lease import TERM_S, Leases
from stack.scheduler.passes import Ask, Passes
from stack.scheduler.reconciler import Reconciler
from stack.state.revision_store import RevisionStore
from stack.state.revisions import Origin
from tests.aws import Aws
from tests.integration.test_stopping import BLUE_GREEN, Stopped, run
from tests.places import InOnePlace, in_region
from tests.rolling import Rolling

SERVICES = [f's{number}' for number in range(10)]
# About as many calls as a stop and a pass make: later instants are after their end.
CALLS_OF_STOP, CALLS_OF_PASS = 24, 45
# The instant of a process that goes on.
NEVER = 0
# Of a rollout whose tasks never run, so that it lasts until it is stopped.
ENDLESS = '2-broken'
STALLED_AFTER = {'stalled_after': '12h'}


class Mortal(ForwardingClient):
    """A connection of a process that dies at a call: before it, or once AWS has made it. Later calls fail.

    Calls are made one after another, so that an instant is the same in each run.
    """

    def __init__(self, connection: AwsClient, dies_at: int, *, made: bool):
        super().__init__(connection)
        self._left = dies_at
        self._made = made
        self._calls = asyncio.Lock()
        self.is_dead = False

    async def call(self, service: str, operation: str, /, **arguments: Any) -> Any:
        async with self._calls:
            self._left -= 1
            if not self.is_dead and self._left == 0:
                if self._made:
                    await self._client.call(service, operation, **arguments)
                self.is_dead = True
            if self.is_dead:
                raise Unavailable('Killed', f'{service}:{operation}', 'Killed')
            return await self._client.call(service, operation, **arguments)


async def at_once(_: float) -> None:
    await asyncio.sleep(0)


async def never(_: float) -> None:
    """The pause between renewals of a lease, which no pass here outlasts."""
    await asyncio.Event().wait()


class Processes(Stopped):
    """A cluster whose services all roll out, and servers and schedulers that are made for one stop."""

    async def begin_all(self, deployment: dict[str, Any]) -> str:
        """Every service runs version 1 and rolls out what never runs; the revision of that."""
        self.queue_name = self.aws.queue().rpartition('/')[2]
        await self.open()
        await self.change(self._document('1', deployment))
        await self.live.state(self.name)
        await self.act_by_plan()
        await self.settled(step=20)
        revision = await self.change(self._document(ENDLESS, deployment))
        await self.act_by_plan()
        await self.go(20, step=20)
        return revision.id

    def _document(self, tag: str, deployment: dict[str, Any]) -> dict[str, Any]:
        more = {'desired_count': 1, 'memory': 64, 'deployment': STALLED_AFTER | deployment}
        return {'services': [{name: {'image': f'team/{name}:{tag}', **more}} for name in SERVICES]}

    async def stopped(self) -> set[str]:
        """The services of which a stop is stored."""
        document = (await RevisionStore(self.bucket).read(self.name)).document
        return {name for each in document['services'] for name in each if each[name]['image'].endswith(':1')}

    def running(self) -> dict[str, str]:
        """By service, the image that ECS runs."""
        described = self.aws.client('ecs').describe_services(cluster=self.name, services=SERVICES)['services']
        return {each['serviceName']: self._image(each['taskDefinition']) for each in described}

    def _image(self, definition: str) -> str:
        found = self.aws.client('ecs').describe_task_definition(taskDefinition=definition)['taskDefinition']
        return found['containerDefinitions'][0]['image'].rpartition(':')[2]

    def server(self, connection: AwsClient) -> Stopping:
        names = {'AWS_S3_BUCKET': self.bucket.name, 'AWS_SQS_NOTIFICATION_QUEUE': self.queue_name}
        settings = read_settings({'PROFILE': 'test', 'NYSA_AUTH': 'off'} | names)
        core = nysa_server.make_core(nysa_server.Aws(settings, connection, Metrics()))

        async def unknown(_: str) -> None:
            return None

        rollback = Rollback(core.changes, core.freezing, core.history, Targets(core.history, core.freezing, unknown))
        look, region = InOnePlace(EcsLook(connection)), in_region(self.aws.region)
        return Stopping(core.changes, rollback, core.history, look, region)

    def scheduler(self, connection: AwsClient) -> Passes:
        bucket, paced = Bucket(connection, self.bucket.name), PacedConnection(connection, Pace(share=1), sleep=at_once)
        gate = Gate(bucket, at_once)
        reconciler = Reconciler(Inventory(paced), paced.call, region=paced.region, patience=0.0)
        leases = Leases(bucket, clock=lambda: self.clock, sleep=never)
        gates = GateLook(InOnePlace(EcsLook(paced)))
        revisions = RevisionStore(bucket)
        return Passes(revisions, leases, InOnePlace(reconciler), gate.is_shut, gates=gates, stops=gate.stops)


async def stop(stage: Processes, service: str, connection: Mortal) -> None:
    """Stop a rollout by a server that may die meanwhile."""
    request = ChangeRequest(Origin('ada', 'test', 'bad'))
    try:
        await stage.server(connection).stop(stage.name, request, StopRequest(service))
    except NysaError:
        if not connection.is_dead:
            raise


async def take_over(stage: Processes) -> None:
    """A scheduler begins, and finds the lease of the one before it expired."""
    passes = stage.scheduler(stage.connection)
    for _ in range(3):
        ended = await passes.make(Ask(stage.name, hinted=False, retry=False))
        await stage.go(TERM_S, step=TERM_S)
        if ended.state != 'busy':
            return
    raise AssertionError(ended)


@pytest.mark.parametrize('seed', range(5))
def test_a_stop_whose_processes_are_killed_is_finished_or_was_never_made(aws: Aws, seed: int):
    """Ten random instants each, before or after the effect of a call of the server or of the scheduler."""
    chance = random.Random(seed)
    killed = {'server': 0, 'scheduler': 0}

    def mortal(stage: Processes, calls: int) -> Mortal:
        return Mortal(stage.connection, chance.randrange(1, calls), made=chance.random() < 0.5)

    async def scenario(stage: Processes) -> None:
        revision = await stage.begin_all(BLUE_GREEN['deployment'] if seed % 2 else {})
        deployments = len(stage.deployments(SERVICES[0]))
        for number, service in enumerate(SERVICES):
            # Each stop before it is one more revision to look through.
            server = mortal(stage, CALLS_OF_STOP + 2 * number)
            await stop(stage, service, server)
            killed['server'] += server.is_dead
            if service not in await stage.stopped():
                await stop(stage, service, Mortal(stage.connection, NEVER, made=False))
            scheduler = mortal(stage, CALLS_OF_PASS)
            ask = Ask(stage.name, hinted=chance.random() < 0.5, retry=False)
            await stage.scheduler(scheduler).make(ask)
            killed['scheduler'] += scheduler.is_dead
            if scheduler.is_dead and chance.random() < 0.5:
                await take_over(stage)
        assert min(killed.values()) > 0
        assert sum(killed.values()) >= 10, killed
        await agreed(stage, deployments)
        await judged(stage, revision)

    run(aws, scenario, Processes)


async def agreed(stage: Processes, deployments: int) -> None:
    """ECS went back by itself, and no later pass brings an image back."""
    for _ in range(3):
        await take_over(stage)
    assert await stage.stopped() == set(SERVICES)
    assert stage.running() == dict.fromkeys(SERVICES, '1')
    assert (await stage.make_pass()).state == 'complete'
    for service in SERVICES:
        found = stage.deployments(service)
        assert (len(found), found[0]['status']) == (deployments, 'ROLLBACK_SUCCESSFUL')


async def judged(stage: Processes, revision: str) -> None:
    """Two replicas have the verdict of the person who stopped it, and every image is in quarantine once."""
    late = Rolling(stage.aws, bucket=stage.bucket.name, cluster=stage.name, beside=stage)
    await stage.live.feed.poll()
    await stage.go(20, step=20)
    await stage.live.close()
    await late.live.state(stage.name)
    await late.see()
    for replica in (stage, late):
        rollouts = replica.state.of_revision(revision)
        verdicts = {name: (rollouts[name].verdict.ending, rollouts[name].verdict.cause) for name in SERVICES}
        assert verdicts == dict.fromkeys(SERVICES, ('rolled-back', 'stopped'))
    await late.close()
    guards = await Gate(stage.bucket, at_once).guards(stage.name, await RevisionStore(stage.bucket).read(stage.name))
    assert sorted(each.image for each in guards.quarantine) == sorted(f'team/{name}:{ENDLESS}' for name in SERVICES)
