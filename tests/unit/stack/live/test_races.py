"""Interleavings of reads, writes and subscribers: each call of S3 is held, or fails, where it hurts most."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stack.aws.s3 import Bucket
from stack.changes.guards import freeze_of
from stack.errors import AwsFailed, NotFound
from stack.live.client_messages import Subscribe
from stack.live.live import Live
from stack.live.subscriber import Subscriber
from stack.live.summary_store import SummaryStore
from stack.rollouts.observation import Observation
from stack.rollouts.rollout import Verdict, end
from stack.rollouts.rollout_records import PREFIX, Record, RolloutRecords
from stack.state.revision_store import RevisionStore, serialise
from stack.state.revisions import Change, Origin, Revision
from tests.asynchronous import asynchronous
from tests.fake_s3 import FakeS3, World
from tests.rolling import eventually
from tests.unit.stack.rollouts.test_cluster_state import definition, running

RECORD = PREFIX + 'prod'


class Reader:
    """An outlet that accepts everything."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def ready(self) -> bool:
        return True

    def offer(self, frame: bytes) -> bool:
        self.events.append(json.loads(frame))
        return True

    def short(self) -> list[str]:
        """What came, as `type revision`."""
        return [' '.join(filter(None, (each['type'], each.get('revision')))) for each in self.events]

    def of(self, *kinds: str) -> list[str]:
        return [each for each in self.short() if each.split()[0] in kinds]


class Replica:
    def __init__(self, world: World, **options: Any):
        self.world = world
        self.s3 = FakeS3(world)
        bucket = Bucket(self.s3, 'b')
        self.store = RevisionStore(bucket)
        self.clock = 1000.0
        self.records = RolloutRecords(bucket, pause_s=0)
        self.summaries = SummaryStore(bucket, 'test')
        self.live = Live(
            self.store,
            self.records,
            self.summaries,
            clock=lambda: self.clock,
            now=lambda: world.now,
            **options,
        )

    async def put(self, image: str = 'web:1', verb: str = 'replace', announce: str | None = 'deploy') -> Revision:
        try:
            base = await self.store.read('prod')
        except NotFound:
            base = None
        return await self.write(base, image, verb, announce)

    async def write(
        self, base: Revision | None, image: str, verb: str = 'replace', announce: str | None = 'deploy'
    ) -> Revision:
        body = serialise({'services': [{'web': {'image': image, 'desired_count': 2}}]})
        change = Change(Origin('kim', 'test'), self.world.now, {'verb': verb}, announce)
        return await self.store.write(base, 'prod', body, [change])

    async def remove(self) -> None:
        await self.store.remove(await self.store.read('prod'))

    async def subscribe(self, *names: str, known: dict[str, str] | None = None) -> Reader:
        reader = Reader()
        subscriber = Subscriber(reader)
        self.live.hub.subscribe(subscriber, Subscribe(names, known or {}))
        await subscriber.bringing_up
        return reader

    async def poll(self, times: int = 3) -> None:
        for _ in range(times):
            await self.live.feed.poll()
            await turns()

    async def quiet(self) -> None:
        """Wait until every subscriber was sent what it is owed, those that are behind included."""
        await self.live.hub.delivery.drain()
        await eventually(lambda: not self.live.hub.delivery.is_behind)

    async def see(self, seen: Any, minutes: float) -> None:
        found = definition(self.live.states['prod'])
        at = self.world.now + timedelta(minutes=minutes)
        await self.live.see('prod', Observation(at, {'web': seen}, {found.arn: found}))


async def turns(count: int = 300) -> None:
    """Let everything go on that waits for no one but the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


def replicas(**options: Any) -> tuple[Replica, Replica]:
    """One that is looked at, and another one, of the same bucket."""
    world = World()
    return Replica(world, **options), Replica(world)


def later(replica: Replica, seconds: float = 5) -> None:
    replica.world.now += timedelta(seconds=seconds)


@asynchronous
async def test_a_cluster_that_is_listed_while_it_is_loaded():
    here, there = replicas()
    await here.poll(1)
    reader = await here.subscribe('*')
    await there.put()
    held = here.s3.hold('GetObject', RECORD)
    asking = asyncio.create_task(here.live.state('prod'))
    await held.reached.wait()
    await here.live.feed.poll()
    held.go.set()
    await asking
    await here.poll()
    assert reader.short() == ['synced', f'cluster {here.live.loader.revision("prod")}']


@asynchronous
async def test_a_load_that_breaks_off():
    here, there = replicas()
    await here.poll(1)
    reader = await here.subscribe('*')
    await there.put()
    here.s3.fail(lambda _, key: key == RECORD)
    with pytest.raises(AwsFailed):
        await here.live.state('prod')
    await here.poll(1)
    assert reader.short() == ['synced', f'cluster {here.live.loader.revision("prod")}']
    second = await there.put('web:2')
    await here.poll(1)
    assert reader.of('desired') == [f'desired {second.id}']


@pytest.mark.parametrize('operation', ['ListObjectVersions', 'GetObject', 'ListObjectsV2'])
@asynchronous
async def test_a_new_cluster_while_s3_fails_once(operation: str):
    here, there = replicas()
    await here.poll(1)
    reader = await here.subscribe('*')
    await there.put()
    here.s3.fail(lambda called, _: called == operation)
    try:
        await here.live.feed.poll()
    except AwsFailed:
        assert operation == 'ListObjectsV2'
    await here.poll()
    second = await there.put('web:2')
    await here.poll()
    assert len(reader.of('cluster')) == 1
    assert reader.of('desired') == [f'desired {second.id}']


@asynchronous
async def test_a_cluster_that_is_removed_here_and_made_again_there_before_the_next_listing():
    here, there = replicas()
    await there.put()
    later(here, 10)
    await here.poll(1)
    reader = await here.subscribe('*')
    later(here, 1)
    await here.remove()
    await turns()
    later(here, 1)
    second = await there.put('web:2')
    later(here, 1)
    await here.poll()
    third = await there.put('web:3')
    await here.poll()
    assert reader.of('deleted', 'cluster', 'desired')[1:] == [
        f'deleted {reader.events[0]["revision"]}',
        f'cluster {second.id}',
        f'desired {third.id}',
    ]


@asynchronous
async def test_a_client_that_knows_more_than_the_replica_of_a_cluster_that_was_made_again():
    here, there = replicas()
    await there.put()
    await here.live.state('prod')
    later(here)
    await there.remove()
    later(here)
    third = await there.put('web:3')
    reader = await here.subscribe('prod', known={'prod': third.id})
    await here.quiet()
    assert reader.short() == [f'rollout {third.id}', 'synced']


@asynchronous
async def test_a_client_that_knows_less_of_a_cluster_that_was_made_again():
    """It is brought to the newest state, though no way leads there from what it knows."""
    here, there = replicas()
    first = await there.put()
    later(here)
    await there.remove()
    later(here)
    third = await there.put('web:3')
    reader = await here.subscribe('prod', known={'prod': first.id})
    assert (reader.short(), reader.events[0]['covers_since']) == ([f'cluster {third.id}', 'synced'], first.id)


@asynchronous
async def test_a_bring_up_that_is_repeated_sends_nothing_twice():
    here, there = replicas()
    here.live.hub.synchronization.retry_s = 0
    first = await there.put()
    second = await there.put('web:2')
    there.world.store('staging', b'{"services": []}')
    here.s3.fail(lambda _, key: key == f'{PREFIX}staging')
    known = {'prod': first.id, 'staging': there.world.current('staging').id}
    reader = await here.subscribe('*', known=known)
    assert reader.of('desired', 'error') == [f'desired {second.id}', 'error']
    assert reader.short()[-1] == 'synced'


@asynchronous
async def test_a_load_that_is_older_than_the_cluster():
    """It was removed and made again meanwhile: what is loaded is not the state that callers wait on."""
    here, _ = replicas()
    await here.put()
    held = here.s3.hold('GetObject', RECORD)
    loading = asyncio.create_task(here.live.state('prod'))
    await held.reached.wait()
    later(here)
    await here.remove()
    later(here)
    second = await here.put('web:2')
    new = await here.live.at(second)
    waiting = asyncio.create_task(here.live.askers.until('prod', lambda: not new.moving(), 60))
    held.go.set()
    await loading
    await turns()
    assert here.live.states['prod'] is new
    await here.see(running(createdAt=here.world.now), 3)
    assert await waiting
    await here.live.close()


@asynchronous
async def test_what_is_announced_of_a_cluster_that_is_made_again_meanwhile():
    here, _ = replicas()
    first = await here.put(announce=None)
    await here.live.state('prod')
    reader = await here.subscribe('*')
    held = here.s3.hold('GetObject', RECORD)
    announcing = asyncio.create_task(here.live.announced(first, here.world.now))
    await held.reached.wait()
    later(here)
    await here.remove()
    later(here)
    second = await here.put('web:2')
    await turns()
    held.go.set()
    await announcing
    await here.live.close()
    assert reader.of('cluster', 'deleted')[-2:] == [f'deleted {first.id}', f'cluster {second.id}']
    assert reader.short()[-1].split()[1] == second.id
    assert json.loads(here.world.current(RECORD).body)['revision'] == second.id


@asynchronous
async def test_what_another_replica_announced_is_published_though_it_is_learnt_while_recording():
    here, there = replicas()
    first = await there.put()
    reader = None
    for replica in (here, there):
        await replica.live.state('prod')
        reader = reader or await here.subscribe('*')
        await replica.see(running(running=1, createdAt=replica.world.now), 2)
        await replica.see(None, 3)
        await turns()
    assert here.live.states['prod'].rollouts['web'].state == 'failed'
    await there.live.announced(first, here.world.now + timedelta(minutes=4))
    await here.live.hub.delivery.drain()
    reader.events.clear()
    here.records.keep('prod')
    await eventually(lambda: here.live.states['prod'].rollouts['web'].open)
    await here.live.hub.delivery.drain()
    assert [row['state'] for row in reader.events[-1]['services']] == ['queued']


@asynchronous
async def test_a_freeze_while_the_cluster_is_loaded():
    frozen: dict[str, Any] = {}

    async def freeze_at(revision: Revision) -> Any:
        return frozen.get(revision.id)

    here, _ = replicas(frozen=freeze_at)
    first = await here.put()
    held = here.s3.hold('GetObject', RECORD)
    joining = asyncio.create_task(here.subscribe('prod'))
    await held.reached.wait()
    second = await here.write(first, 'web:1', 'freeze', None)
    frozen[second.id] = freeze_of(second.changes[0]).to_json()
    await turns()
    held.go.set()
    reader = await joining
    await here.live.freezes.check()
    await here.quiet()
    snapshots = [bool(each['frozen']) for each in reader.events if each['type'] == 'cluster']
    assert (len(snapshots), snapshots[0] + len(reader.of('frozen'))) == (1, 1)


@asynchronous
async def test_a_cluster_that_is_gone_by_the_time_a_subscriber_has_begun():
    here, there = replicas()
    await there.put()
    later(here, 1)
    await here.live.state('prod')
    await here.poll(1)
    await there.put('web:2')
    later(here, 1)
    await there.remove()
    later(here, 1)
    here.clock += 10
    reader = await here.subscribe('*')
    await here.quiet()
    assert reader.short() == ['synced']


@asynchronous
async def test_a_deployment_that_is_stored_while_its_cluster_is_loaded():
    here, there = replicas()
    await there.put()
    first = await here.store.read('prod')
    held = here.s3.hold('HeadObject', 'prod', after=True)
    loading = asyncio.create_task(here.live.loader.load('prod'))
    await held.reached.wait()
    second = await here.write(first, 'web:2', 'change')
    held.go.set()
    await loading
    await turns()
    state = here.live.states['prod']
    assert (state.revision.id, state.rollouts['web'].goal.revision) == (second.id, second.id)
    assert here.live.of_interest() == ['prod']


@asynchronous
async def test_a_change_of_one_second_with_the_removal_before_it():
    """S3 dates to the second: an old deletion is not published again with the next change."""
    here, there = replicas()
    await there.put()
    later(here, 60)
    await there.remove()
    second = await there.put('web:2')
    later(here, 60)
    await here.poll(1)
    reader = await here.subscribe('*')
    third = await there.put('web:3')
    await here.poll()
    assert reader.of('cluster', 'desired', 'deleted') == [f'cluster {second.id}', f'desired {third.id}']


@asynchronous
async def test_the_end_of_a_former_rollout_that_only_another_replica_saw():
    here, there = replicas()
    first, second = await here.put('web:1'), await here.put('web:2')
    await there.live.state('prod')
    reader = await there.subscribe('prod')
    cluster = there.live.clusters.of('prod')
    going = cluster.state.rollouts['web']
    goal = replace(going.goal, revision=first.id, image='web:1')
    ended = end(replace(going, goal=goal), Verdict('succeeded', 'All tasks run.', here.world.now))
    cluster.recorded(Record(second.id, {}, {first.id: {'web': ended}}))
    await there.quiet()
    [row] = reader.events[-1]['services']
    assert (reader.events[-1]['type'], row['image_before']) == ('rollout', 'web:1')


@asynchronous
async def test_an_own_write_while_the_history_is_read():
    """The read is older than the write, and takes nothing back; the next one brings what others wrote."""
    here, there = replicas()
    first = await there.put()
    await here.live.state('prod')
    reader = await here.subscribe('prod')
    held = here.s3.hold('HeadObject', 'prod', after=True)
    catching_up = asyncio.create_task(here.live.feed.catch_up('prod'))
    await held.reached.wait()
    second = await here.write(first, 'web:2')
    third = await there.put('web:3')
    held.go.set()
    await catching_up
    await here.poll()
    assert reader.of('desired') == [f'desired {second.id}', f'desired {third.id}']


@asynchronous
async def test_two_reads_of_one_history_that_end_in_the_wrong_order():
    here, there = replicas()
    await there.put()
    await here.live.state('prod')
    reader = await here.subscribe('prod')
    ids = [(await there.put('web:2')).id]
    held = here.s3.hold('ListObjectVersions', 'prod', after=True)
    older = asyncio.create_task(here.live.feed.catch_up('prod'))
    await held.reached.wait()
    ids.append((await there.put('web:3')).id)
    await here.live.feed.catch_up('prod')
    held.go.set()
    await older
    await here.poll()
    assert reader.of('desired') == [f'desired {each}' for each in ids]


async def watched(replica: Replica) -> None:
    """Have a replica look at ECS, and load the cluster."""
    replica.live.wishes.subscribe(lambda: None)
    await replica.live.state('prod')


def deployed(replica: Replica, number: int, **changes: Any) -> Any:
    """The service as deployment `number` brings it, which was made after everything that is stored."""
    made = {'id': f'ecs-svc/{number}', 'status': 'PRIMARY', 'taskDefinition': 'arn:td/web:1', 'desiredCount': 2}
    made |= {'runningCount': 2, 'createdAt': replica.world.now, 'rolloutState': 'COMPLETED'} | changes
    return running(running=made['runningCount'], deployments=[made])


@pytest.mark.parametrize('seen_by_both', [True, False])
@asynchronous
async def test_the_end_of_a_rollout_and_the_next_change_at_the_same_time(seen_by_both: bool):
    """One replica sees the end before it hears of the next change, the other one after that."""
    here, there = replicas()
    first = await there.put()
    for replica in (here, there):
        await watched(replica)
        await replica.see(deployed(replica, 1, runningCount=1, rolloutState='IN_PROGRESS'), 2)
    done = deployed(here, 1)
    await there.see(done, 3)
    assert there.live.states['prod'].rollouts['web'].verdict.ending == 'succeeded'
    second = await here.write(await here.store.read('prod'), 'web:2')
    assert here.live.states['prod'].revision.id == second.id
    own = here.live.states['prod'].former[first.id]['web']
    assert own.open, 'another replica may have seen its end'
    if seen_by_both:
        at = here.world.now + timedelta(minutes=4)
        old = replace(definition(here.live.states['prod']), body=first_body(there))
        await here.live.see('prod', Observation(at, {'web': done}, {old.arn: old}))
    else:
        await there.records.keep_now('prod')
        here.records.keep('prod')
    await eventually(lambda: not here.live.states['prod'].former[first.id]['web'].open)
    await there.poll()
    await there.live.freezes.check()
    endings = {replica.live.states['prod'].former[first.id]['web'].verdict.ending for replica in (here, there)}
    assert endings == {'succeeded'}
    for replica in (here, there):
        await replica.live.close()
    kept = json.loads(here.world.current(RECORD).body)['former'][first.id]
    assert [each['verdict']['ending'] for each in kept] == ['succeeded']


def first_body(replica: Replica) -> dict[str, Any]:
    """The task definition of the first revision, which one replica still wants."""
    return dict(definition(replica.live.states['prod']).body)


@asynchronous
async def test_without_looks_the_records_alone_decide_what_was_overtaken():
    here, there = replicas()
    first = await there.put()
    await here.live.state('prod')
    await here.write(await here.store.read('prod'), 'web:2')
    await eventually(lambda: not here.live.states['prod'].former[first.id]['web'].open)
    assert here.live.states['prod'].former[first.id]['web'].verdict.ending == 'superseded'
