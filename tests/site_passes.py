"""Passes over a whole site by schedulers that may be killed, as processes are, and whose calls may fail."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from stack.aws.ecs_look import EcsLook
from stack.aws.inventory import Inventory
from stack.aws.s3 import Bucket
from stack.errors import NotFound, Unavailable
from stack.scheduler.gate_look import GateLook
from stack.scheduler.lease import Leases
from stack.scheduler.passes import Ask, Ended, Passes
from stack.scheduler.reconciler import Reconciler
from stack.state.revision_store import RevisionStore, serialise
from stack.state.revisions import Change, Origin, Revision
from tests.cluster import READS, Cluster
from tests.places import InOnePlace
from tests.site import MIGRATED


class Killed(BaseException):
    """Ends a pass as a kill ends a process."""


class Process:
    """One scheduler. Its calls of AWS may fail by `trouble`, and it dies by itself as that decides: see `Trouble`."""

    def __init__(self, stage: Stage, trouble: Callable[[str], Trouble]):
        self._cluster = stage.cluster
        self._trouble = trouble
        self.region = stage.cluster.connection.region
        self.limitations = stage.cluster.connection.limitations
        self.is_dead = False
        # Changing calls are made one after another, so that a kill leaves nothing under way.
        self._changes = asyncio.Lock()
        time, paced, now = stage.cluster.time, stage.cluster.paced, stage.cluster.aws.embedded.clock.now
        reconciler = Reconciler(
            Inventory(paced, now), self._changing, region=paced.region, clock=time.clock, sleep=time.sleep, patience=600
        )
        bucket = Bucket(self, stage.bucket.name)
        gates = GateLook(InOnePlace(EcsLook(paced)), now)
        leases = Leases(bucket, clock=time.clock, sleep=time.sleep)
        self.passes = Passes(RevisionStore(bucket), leases, InOnePlace(reconciler), _not_frozen, gates=gates)

    async def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """A call of S3, which a dead process does not make."""
        if self.is_dead:
            raise asyncio.CancelledError
        return await self._cluster.connection.call(service, operation, **arguments)

    async def _changing(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        if operation.startswith(READS):
            return await self._cluster.paced.call(service, operation, **arguments)
        async with self._changes:
            if self.is_dead:
                raise Killed
            trouble = self._trouble(f'{service}:{operation}')
            trouble.before(self)
            answer = await self._cluster.paced.call(service, operation, **arguments)
            trouble.after(self)
            return answer

    def die(self) -> None:
        self.is_dead = True
        raise Killed

    async def make_pass(self, stage: Stage) -> str:
        """One pass; gives how it ended, `killed` where the process died."""
        state = 'killed'
        try:
            ended: Ended = await self.passes.make(Ask(stage.cluster.name, destroyed=stage.destroyed))
            state = ended.state
        except* (Killed, asyncio.CancelledError):
            pass
        await self._cluster.connection.finished()
        return state


class Trouble:
    """What happens to one changing call: nothing."""

    def before(self, process: Process) -> None:
        """Called before the call is made."""

    def after(self, process: Process) -> None:
        """Called before its answer is given."""


class Dies(Trouble):
    """The process dies instead of the call, or after it: its answer is lost."""

    def __init__(self, is_made: bool):
        self._is_made = is_made

    def before(self, process: Process) -> None:
        if not self._is_made:
            process.die()

    def after(self, process: Process) -> None:
        if self._is_made:
            process.die()


class Fails(Trouble):
    """AWS does not take the call, or takes it and its answer is lost."""

    def __init__(self, name: str, is_made: bool):
        self._failure = Unavailable(f'{name} was not answered.', name, '503')
        self._is_made = is_made

    def before(self, process: Process) -> None:
        if not self._is_made:
            raise self._failure

    def after(self, process: Process) -> None:
        if self._is_made:
            raise self._failure


async def _not_frozen(_: Revision) -> bool:
    return False


def no_trouble(_: str) -> Trouble:
    return Trouble()


def one_in(number: int, seed: int) -> Callable[[str], Trouble]:
    """One of so many changing calls fails, half of these after they took effect."""
    chance = random.Random(seed)
    return lambda name: Fails(name, chance.random() < 0.5) if chance.randrange(number) == 0 else Trouble()


class Stage:
    """A cluster with its desired state in a bucket."""

    def __init__(self, cluster: Cluster):
        self.cluster = cluster
        self.bucket = Bucket(cluster.connection, cluster.aws.bucket())
        self.store = RevisionStore(self.bucket)
        self.destroyed: frozenset[str] = frozenset()
        # The tasks of the migration: ECS forgets them an hour after they stopped.
        self.migrations: set[str] = set()

    async def change(self, document: dict[str, Any], *destroyed: str) -> None:
        change = Change(Origin('tester', 'test'), datetime.now(UTC), {'verb': 'replace'}, 'deploy')
        try:
            base = await self.store.read(self.cluster.name)
        except NotFound:
            base = None
        await self.store.write(base, self.cluster.name, serialise(document), [change])
        self.destroyed = frozenset(destroyed)

    async def settle(self, make_pass: Callable[[], Any], most: int = 60) -> int:
        """Make passes until two in a row have nothing left to do; gives their number."""
        complete = 0
        for number in range(1, most):
            state = await make_pass()
            self._see_migrations()
            complete = complete + 1 if state == 'complete' else 0
            if complete == 2:
                return number
            # Beyond the term of a dead holder's lease, and of the waits between steps of a handover.
            self.cluster.wait(65)
        raise AssertionError(f'{most} passes do not settle it')

    def _see_migrations(self) -> None:
        ecs, family = self.cluster.aws.client('ecs'), f'{self.cluster.name}-{MIGRATED}-migrate'
        for status in ('RUNNING', 'STOPPED'):
            listed = ecs.list_tasks(cluster=self.cluster.name, family=family, desiredStatus=status)
            self.migrations |= set(listed['taskArns'])
