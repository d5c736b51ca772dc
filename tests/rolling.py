"""A cluster that rolls out in the embedded ECS, with the product's observer, on simulated time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

import nysa_server
from handlers.access.access import ControlledAccess
from handlers.access.access_setup import open_access
from handlers.application import RoutedApplication
from handlers.live.frames import text_frame
from stack.aws.careful import CarefulConnection
from stack.aws.connection import Connection
from stack.aws.ecs_look import EcsLook
from stack.aws.inventory import Inventory
from stack.aws.paced import PacedConnection
from stack.aws.s3 import Bucket
from stack.changes.gate import Gate
from stack.configuration.settings import read_settings
from stack.errors import NotFound
from stack.failures.flight_recorder import FlightRecorder
from stack.failures.task_logs import TaskLogs
from stack.live import Live
from stack.live.summary_store import SummaryStore
from stack.reconcile.wanted import wanted_services
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollout_records import RolloutRecords
from stack.runtime.metrics import Metrics
from stack.runtime.pacing import Pace
from stack.scheduler import pass_outcomes
from stack.scheduler.gate_look import GateLook
from stack.scheduler.lease import Leases
from stack.scheduler.passes import Ask, Ended, Passes
from stack.scheduler.reconciler import Reconciler
from stack.stackfile.images import ImageReference
from stack.state.history import History
from stack.state.revision_store import RevisionStore, serialise
from stack.state.revisions import Change, Origin, Revision
from stack.watch.watcher import Watcher
from tests.aws import Aws
from tests.places import InOnePlace, in_region


def state_of(*services: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {'services': list(services), **rest}


def web(tag: str = '1', count: int = 2, **settings: Any) -> dict[str, Any]:
    return {'web': {'image': f'team/web:{tag}', 'desired_count': count, 'memory': 64, 'ports': ['0:80'], **settings}}


BREAKER = {'deployment_circuit_breaker': {'enable': True, 'rollback': True}}


async def eventually(holds: Callable[[], bool]) -> None:
    """Run the event loop until a condition is met."""
    for _ in range(20_000):
        if holds():
            return
        await asyncio.sleep(0.001)
    raise AssertionError('the condition was not met')


async def _never(_: Revision) -> bool:
    return False


async def _no_digest(_: ImageReference) -> None:
    return None


class Rolling:
    """A replica and its cluster: `change` stores a revision, `act` plays the scheduler, `go` advances time."""

    # The part of its longest pause that the observer makes after a failed look.
    chance = 0.0

    def __init__(
        self,
        aws: Aws,
        bucket: str | None = None,
        cluster: str | None = None,
        beside: Rolling | None = None,
        **live: Any,
    ):
        """`beside` is another replica in this process; its connection to AWS is reused, since creating one is slow."""
        self.aws = aws
        self.name = cluster or aws.cluster(instances=4)
        # Every call so far, such as `ecs:DescribeServices`.
        self.calls: list[str] = []
        self.beside = beside
        self.connection = beside.connection if beside else Connection(observe=lambda name, *_: self.calls.append(name))
        self.bucket = Bucket(self.connection, bucket or aws.bucket())
        self.clock = time.monotonic()
        self.time: dict[str, Any] = {'clock': lambda: self.clock, 'now': self.now}
        self.waited = 0.0
        self.asked_for = True
        self._server: HTTPServer | None = None
        self._reading_tokens: asyncio.Task[None] | None = None
        self.follow_the_wall_clock()
        self.start(**live)

    def start(self, **live: Any) -> None:
        """Create the objects of a new process."""
        self.store = RevisionStore(self.bucket)
        self.records = RolloutRecords(self.bucket, pause_s=0)
        self.leases = Leases(self.bucket, clock=lambda: self.clock)
        self.live = Live(
            self.store,
            self.records,
            SummaryStore(self.bucket, 'test'),
            region=in_region(self.aws.region),
            framing=text_frame,
            clock=lambda: self.clock,
            now=self.now,
            **live,
        )
        self.look = EcsLook(CarefulConnection(self.connection, 1, clock=lambda: self.clock, sleep=self._sleep))
        self.recorder = FlightRecorder(self.bucket, InOnePlace(self.look), History(self.store).compare, now=self.now)
        self.live.endings.subscribe(self.recorder.ended)
        self.watcher = Watcher(
            self.live,
            InOnePlace(self.look),
            clock=lambda: self.clock,
            now=self.now,
            chance=lambda: self.chance,
            outcomes=partial(pass_outcomes.read, self.bucket),
        )

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.aws.embedded.clock.now(), UTC)

    def follow_the_wall_clock(self) -> None:
        """Advance ECS's simulated clock to the wall clock, which S3 uses for dates."""
        self.aws.advance(max(0.0, time.time() - self.aws.embedded.clock.now()))

    async def _sleep(self, seconds: float) -> None:
        self.waited += seconds
        self.clock += seconds

    @property
    def state(self) -> ClusterState:
        return self.live.states[self.name]

    async def change(
        self, document: dict[str, Any], announce: str | None = 'deploy', message: str = '', **did: Any
    ) -> Revision:
        origin = Origin('tester', 'test', message)
        change = Change(origin, datetime.now(UTC), {'verb': 'replace', **did}, announce)
        try:
            base = await self.store.read(self.name)
        except NotFound:
            base = None
        revision = await self.store.write(base, self.name, serialise(document), [change])
        self.follow_the_wall_clock()
        return revision

    def act(self, document: dict[str, Any]) -> None:
        """Make ECS match the desired state, as a scheduler does."""
        ecs = self.aws.client('ecs')
        listed = ecs.list_services(cluster=self.name, maxResults=100)['serviceArns']
        there = {arn.rpartition('/')[2] for arn in listed}
        for name, wanted in wanted_services(self.name, document, self.aws.region).items():
            registered = ecs.register_task_definition(**json.loads(json.dumps(wanted.definition)))
            arguments: dict[str, Any] = {
                'cluster': self.name,
                'taskDefinition': registered['taskDefinition']['taskDefinitionArn'],
                'desiredCount': wanted.count,
            }
            if wanted.deployment:
                arguments['deploymentConfiguration'] = wanted.deployment
            if name in there:
                ecs.update_service(service=name, **arguments)
            else:
                ecs.create_service(serviceName=name, launchType='EC2', **arguments)

    async def act_by_plan(self, *destroyed: str) -> None:
        """Make ECS match the stored state by one pass of the product."""
        ended = await self.make_pass(destroyed=frozenset(destroyed))
        assert ended.state in ('complete', 'waiting'), ended.errors

    async def make_pass(self, **ask: Any) -> Ended:
        """Run one pass; it may fail."""
        paced = PacedConnection(self.connection, Pace(share=1))
        reconciler = Reconciler(Inventory(paced), paced.call, region=paced.region, patience=0.0)
        gate = Gate(self.bucket, _no_digest)
        passes = Passes(
            self.store,
            self.leases,
            InOnePlace(reconciler),
            _never,
            gates=GateLook(InOnePlace(EcsLook(paced))),
            stops=gate.stops,
        )
        return await passes.make(Ask(self.name, **ask))

    async def go(self, seconds: float, step: float = 5.0) -> ClusterState | None:
        """Advance time, and observe after each step."""
        passed = 0.0
        while passed < seconds:
            passed += step
            self.clock += step
            self.aws.advance(step)
            if self.asked_for:
                await self.live.state(self.name)
            await self.see()
        return self.live.states.get(self.name)

    async def see(self) -> None:
        """Run every observation that is due."""
        self.watcher.wake()
        while self.watcher.start_one():
            await self.watcher.settle()
        await self.watcher.settle()

    async def until(self, holds: Any, within: float = 1200.0, step: float = 5.0) -> ClusterState:
        """Advance time until the cluster's state meets a condition."""
        passed = 0.0
        if self.asked_for:
            await self.live.state(self.name)
        while not holds(self.state):
            assert passed < within, f'the condition was not met within {within} s: {self.state.rollouts}'
            await self.go(step, step)
            passed += step
        return self.state

    async def settled(self, **options: Any) -> ClusterState:
        return await self.until(lambda state: not any(each.open for each in state.rollouts.values()), **options)

    async def serve(self, port: int = 0, **settings: str) -> int:
        """Serve REST and the live channel of this cluster; return the port."""
        queue = self.aws.queue().rpartition('/')[2]
        names = {'AWS_S3_BUCKET': self.bucket.name, 'AWS_SQS_NOTIFICATION_QUEUE': queue}
        read = read_settings({'PROFILE': 'test', 'NYSA_AUTH': 'off'} | names | settings)
        context, _ = nysa_server.make_context(nysa_server.Aws(read, self.connection, Metrics()))
        looks = InOnePlace(self.look)
        own = {'looks': looks, 'recorder': self.recorder, 'task_logs': TaskLogs(looks, lambda: self.clock)}
        self.context = replace(context, live=self.live, **own)
        await open_access(context.access, read)
        if isinstance(context.access, ControlledAccess):
            # Tokens that are not read again for long are not accepted.
            self._reading_tokens = asyncio.create_task(context.access.store.run())
        self._server = HTTPServer(RoutedApplication(self.context))
        sockets = bind_sockets(port, '127.0.0.1')
        self._server.add_sockets(sockets)
        return sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop the server as on SIGTERM; `start` and `serve` create another one."""
        if self._reading_tokens is not None:
            self._reading_tokens.cancel()
            await asyncio.gather(self._reading_tokens, return_exceptions=True)
        if self._server is not None:
            self._server.stop()
            self.context.sockets.close()
            self.live.askers.stop()
            await self._server.close_all_connections()
        await self.recorder.finished()
        await self.live.close()
        # This replica does not observe later writes.
        self.store = RevisionStore(self.bucket)

    async def close(self) -> None:
        await self.stop()
        if self.beside is None:
            await asyncio.to_thread(self.connection.close)
