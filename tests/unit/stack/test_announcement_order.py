"""Two processes announce changes of one cluster: an older desired state is never the last one in the queue.

S3 is the embedded one; the queue is a fake whose calls can be held: SQS cannot be made to accept a message late.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.aws.s3 import Bucket
from stack.errors import NotFound, Unavailable
from stack.notify import notifier as notifier_module
from stack.notify.ledger import TAG, Ledger
from stack.notify.notifier import Notifier
from stack.notify.sweeper import Sweeper
from stack.state.revision_store import RevisionStore, serialise
from stack.state.revisions import Change, Origin, Revision
from tests.aws import Aws
from tests.server import connect

CLUSTER = 'prod'


class Outage(Exception):
    """A failure that is not AWS's: an answer that cannot be read."""


class HeldQueue:
    """One process's way to a queue (`line`); `hold` delays its next message, `fail` fails the next ones."""

    def __init__(self, line: list[dict[str, Any]]):
        self.line = line
        self.hold: asyncio.Event | None = None
        self.reached = asyncio.Event()
        self.fail: list[Exception] = []

    async def send(self, body: str, *, group: str, deduplication_id: str) -> str:
        if self.hold is not None:
            held, self.hold = self.hold, None
            self.reached.set()
            await held.wait()
        if self.fail:
            self.reached.set()
            raise self.fail.pop(0)
        self.line.append(json.loads(body))
        return 'id'


class Process:
    """What one server has to announce with."""

    def __init__(self, aws: Aws, bucket: str, line: list[dict[str, Any]]):
        self.bucket = Bucket(connect(aws.endpoint, aws.region)[0], bucket)
        self.queue = HeldQueue(line)
        self.ledger = Ledger(self.bucket)
        self.store = RevisionStore(self.bucket)
        self.notifier = Notifier(self.queue, None, lambda: 100_000, self.ledger, self.store.read_version)
        self.store.writes.subscribe(self.notifier.stored)
        self.sweeper = Sweeper(self.store, self.notifier, self.ledger, grace_s=-1)

    async def put(self, image: str, *more: str, announce: str | None = 'deploy', **did: Any) -> Revision:
        services = [{'web': {'image': image}}, *({name: {'image': 'x:1'}} for name in more)]
        base = None
        with contextlib.suppress(NotFound):
            base = await self.store.read(CLUSTER)
        change = Change(Origin('kim', 'test'), datetime.now(UTC), {'verb': 'test', **did}, announce)
        return await self.store.write(base, CLUSTER, serialise({'services': services}), [change])

    async def idle(self) -> None:
        await self.notifier.idle()
        await self.ledger.close()


class World:
    def __init__(self, aws: Aws, versioned: bool = True):
        self.aws, self.name = aws, aws.bucket(versioned=versioned)
        self.line: list[dict[str, Any]] = []

    def process(self) -> Process:
        return Process(self.aws, self.name, self.line)

    def sent(self) -> list[tuple[str, str | None]]:
        return [(message['revision'], message.get('service')) for message in self.line]

    def marks(self) -> list[bool]:
        """Which versions are marked, the newest first."""
        s3 = self.aws.client('s3')
        found = s3.list_object_versions(Bucket=self.name, Prefix=CLUSTER)['Versions']
        tags = [s3.get_object_tagging(Bucket=self.name, Key=CLUSTER, VersionId=each['VersionId']) for each in found]
        return [any(tag['Key'] == TAG for tag in each['TagSet']) for each in tags]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifier_module, 'FIRST_PAUSE_S', 0.001)
    monkeypatch.setattr(notifier_module, 'LONGEST_PAUSE_S', 0.01)
    monkeypatch.setattr(notifier_module, 'ANSWER_WITHIN_S', 60)
    monkeypatch.setattr(notifier_module, 'LATE_S', 3600)


def play(scenario: Callable[[World], Awaitable[None]], world: World) -> None:
    asyncio.run(scenario(world))


def no_answer() -> Unavailable:
    return Unavailable('the queue does not answer', 'sqs:SendMessage', 'down')


def test_a_message_that_is_accepted_late_is_followed_by_the_newest_state(aws: Aws):
    async def scenario(world: World) -> None:
        local, remote = world.process(), world.process()
        held = local.queue.hold = asyncio.Event()
        first = await local.put('web:1')
        await local.queue.reached.wait()
        second = await remote.put('web:2')
        await remote.idle()
        held.set()
        await local.idle()
        assert world.sent() == [(first.id, None), (second.id, None), (first.id, None), (second.id, None)]
        assert world.line[-1]['payload'] == json.loads(second.body)

    play(scenario, World(aws))


def test_a_message_that_failed_is_not_sent_after_a_newer_one(aws: Aws):
    async def scenario(world: World) -> None:
        local, remote = world.process(), world.process()
        local.queue.fail = [no_answer()]
        held = local.queue.hold = asyncio.Event()
        first = await local.put('web:1')
        await local.queue.reached.wait()
        second = await remote.put('web:2')
        await remote.idle()
        held.set()
        await local.idle()
        # The failed message may have arrived all the same: the newest state is sent again.
        assert world.sent() == [(first.id, None), (second.id, None), (second.id, None)]
        assert await local.notifier.announce(first) is True

    play(scenario, World(aws))


def test_a_late_message_destroys_only_what_a_newer_state_does_not_have(aws: Aws):
    async def scenario(world: World) -> None:
        local, remote = world.process(), world.process()
        await local.put('web:1', 'api', 'job')
        await local.idle()
        world.line.clear()
        local.queue.fail = [no_answer()]
        held = local.queue.hold = asyncio.Event()
        second = await local.put('web:1', destroyed=['api', 'job'])
        await local.queue.reached.wait()
        remote_held = remote.queue.hold = asyncio.Event()
        third = await remote.put('web:3', 'api')
        await remote.queue.reached.wait()
        held.set()
        await local.idle()
        # The failed message may have arrived: the newest state follows.
        assert world.sent() == [(second.id, 'job'), (third.id, None)]
        remote_held.set()
        await remote.idle()
        assert world.line[-1]['payload'] == json.loads(third.body)

    play(scenario, World(aws))


@pytest.mark.parametrize('versioned', [True, False])
def test_a_silent_change_above_does_not_hold_a_late_message_back(aws: Aws, versioned: bool):
    async def scenario(world: World) -> None:
        local, remote = world.process(), world.process()
        local.queue.fail = [no_answer()]
        held = local.queue.hold = asyncio.Event()
        first = await local.put('web:1')
        await local.queue.reached.wait()
        base = await remote.store.read(CLUSTER)
        change = Change(Origin('jo', 'test'), datetime.now(UTC), {'verb': 'test'}, None)
        await remote.store.write(base, CLUSTER, serialise({'services': []}), [change])
        world.line.clear()
        held.set()
        await local.idle()
        assert (first.id, None) in world.sent()

    play(scenario, World(aws, versioned))


def test_an_announcement_that_breaks_off_is_found_by_a_sweep(aws: Aws):
    async def scenario(world: World) -> None:
        process = world.process()
        await process.put('web:1', 'api')
        await process.idle()
        process.queue.fail = [Outage()] * notifier_module.TRIES_BROKEN
        removed = await process.put('web:1', announce='destroy', service='api')
        changed = await process.put('web:2')
        await process.idle()
        assert world.sent()[1:] == [(changed.id, None)]
        assert world.marks() == [False, False, True], 'a mark would cover the destruction'
        await process.sweeper.sweep()
        await process.idle()
        assert world.sent()[2:] == [(removed.id, 'api')]
        assert world.marks()[0]
        other = world.process()
        await other.sweeper.sweep()
        assert len(world.sent()) == 3

    play(scenario, World(aws))


def test_an_announcement_that_broke_off_is_found_by_the_next_process(aws: Aws):
    async def scenario(world: World) -> None:
        process = world.process()
        process.queue.fail = [Outage()] * notifier_module.TRIES_BROKEN
        removed = await process.put('web:1', announce='destroy', service='api')
        await process.put('web:2')
        await process.idle()
        other = world.process()
        await other.sweeper.sweep()
        assert (removed.id, 'api') in world.sent()

    play(scenario, World(aws))


def test_what_was_sent_is_compared_once_s3_answers(aws: Aws, monkeypatch: pytest.MonkeyPatch):
    async def scenario(world: World) -> None:
        local, remote = world.process(), world.process()
        held = local.queue.hold = asyncio.Event()
        await local.put('web:1')
        await local.queue.reached.wait()
        second = await remote.put('web:2')
        await remote.idle()
        above, failures = local.ledger.above, [no_answer()] * 3

        async def fails_at_first(revision: Revision) -> Any:
            if failures:
                raise failures.pop()
            return await above(revision)

        monkeypatch.setattr(local.ledger, 'above', fails_at_first)
        held.set()
        await local.idle()
        assert world.line[-1]['revision'] == second.id

    play(scenario, World(aws))


def test_a_comparison_that_never_succeeds_holds_nothing_up_and_leaves_a_doubt(aws: Aws, monkeypatch):
    async def scenario(world: World) -> None:
        process = world.process()

        async def fails(_: Revision) -> Any:
            raise no_answer()

        monkeypatch.setattr(process.ledger, 'above', fails)
        first = await process.put('web:1')
        assert await process.notifier.announce(first) is True, 'the caller does not wait for the comparison'
        await process.idle()
        assert world.marks() == [False]
        assert process.notifier.doubt(CLUSTER) == 1

    play(scenario, World(aws))


def test_a_mark_that_was_asked_for_earlier_does_not_replace_a_newer_one(aws: Aws):
    async def scenario(world: World) -> None:
        process = world.process()
        first, second = await process.put('web:1'), await process.put('web:2')
        for ledger in (Ledger(process.bucket), Ledger(process.bucket)):
            ledger.mark(first)
            ledger.mark(second)
            ledger.mark(first)
            ledger.mark_walked(first)
            await ledger.close()
            assert world.marks()[0]

    play(scenario, World(aws))


def test_a_mark_that_breaks_off_leaves_nothing_behind(aws: Aws, monkeypatch: pytest.MonkeyPatch):
    async def scenario(world: World) -> None:
        process = world.process()
        ledger = Ledger(process.bucket)
        tag, failures = process.bucket.tag_version, [Outage()]

        async def breaks_once(*args: Any) -> None:
            if failures:
                raise failures.pop()
            await tag(*args)

        monkeypatch.setattr(process.bucket, 'tag_version', breaks_once)
        revision = await process.put('web:1')
        ledger.mark(revision)
        async with asyncio.timeout(30):
            await ledger.close()
        ledger.mark(revision)
        await ledger.close()
        assert world.marks() == [True]

    play(scenario, World(aws))


def test_what_is_owed_above_an_announced_revision_is_announced(aws: Aws):
    """The process that stored it died, and the one that sweeps announced the revision below, whose mark is not set."""

    async def scenario(world: World) -> None:
        swept, dead = world.process(), world.process()
        swept.ledger.mark = lambda revision: None
        first = await swept.put('web:1')
        await swept.idle()
        dead.store.writes.unsubscribe(dead.notifier.stored)
        second = await dead.put('web:2')
        await swept.sweeper.sweep()
        await swept.idle()
        assert world.sent() == [(first.id, None), (second.id, None)]

    play(scenario, World(aws))


def test_a_late_deployment_is_sent_though_a_newer_revision_destroys(aws: Aws, monkeypatch: pytest.MonkeyPatch):
    """The newer one has no message that deploys: nothing else would."""
    monkeypatch.setattr(notifier_module, 'LATE_S', -1.0)

    async def scenario(world: World) -> None:
        late, other = world.process(), world.process()
        above, stored = late.ledger.above, asyncio.Event()

        async def above_once_stored(revision: Revision) -> Any:
            await stored.wait()
            return await above(revision)

        late.ledger.above = above_once_stored
        await late.put('web:1', 'api')
        other.store.writes.unsubscribe(other.notifier.stored)
        newer = await other.put('web:1', announce='destroy', service='api')
        stored.set()
        await late.idle()
        deployed = [message['revision'] for message in world.line if message['event_type'] == 'cluster-deploy']
        assert deployed[-1:] == [newer.id]

    play(scenario, World(aws))


def test_a_sweep_sends_nothing_that_was_overtaken_since_it_looked(aws: Aws):
    """Even where the sweeping process is killed right after its message."""

    async def scenario(world: World) -> None:
        sweeping, dead, other = world.process(), world.process(), world.process()
        dead.store.writes.unsubscribe(dead.notifier.stored)
        await dead.put('web:1')
        read_owed = sweeping.sweeper._read_owed

        async def read_while_another_stores(walk: Any) -> Any:
            found = await read_owed(walk)
            await other.put('web:2')
            await other.idle()
            world.line.clear()
            return found

        sweeping.sweeper._read_owed = read_while_another_stores
        await sweeping.sweeper.sweep()
        await sweeping.idle()
        assert world.sent() == []

    play(scenario, World(aws))
