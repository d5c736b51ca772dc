import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from stack.aws.connection import Connection
from stack.aws.s3 import Bucket
from stack.errors import Unavailable
from stack.scheduler.lease import MARGIN_S, RENEW_S, TERM_S, Leases
from stack.state.lease_record import PREFIX, Deployed
from tests.aws import Aws
from tests.turned_time import BusyConnection, TurnedTime


@dataclass
class World:
    """A bucket, and the time that all who want a lease live in."""

    bucket: Bucket
    time: TurnedTime

    def leases(self, bucket: object = None) -> Leases:
        return Leases(bucket or self.bucket, clock=self.time.clock, sleep=self.time.sleep)


@pytest.fixture
def world(aws: Aws) -> Iterator[World]:
    with contextlib.closing(Connection()) as connection:
        time = TurnedTime()
        yield World(Bucket(BusyConnection(connection, time), aws.bucket()), time)


class FlakyBucket:
    """A bucket that may be down or unreadable, and whose answers to some writes are lost or held."""

    def __init__(self, bucket: Bucket):
        self._bucket = bucket
        self.lose = 0
        self.down = False
        self.blind = False
        self.held: asyncio.Event | None = None
        self.reached = asyncio.Event()

    async def get(self, key: str):
        if self.blind:
            raise Unavailable('S3 did not answer', 's3:GetObject', 'ConnectTimeout')
        return await self._bucket.get(key)

    async def put(self, key: str, body: bytes, *, over: str | None):
        if self.down:
            raise Unavailable('S3 did not answer', 's3:PutObject', 'ConnectTimeout')
        written = await self._bucket.put(key, body, over=over)
        if self.held is not None:
            held, self.held = self.held, None
            self.reached.set()
            await held.wait()
        if self.lose:
            self.lose -= 1
            raise Unavailable('the answer was lost', 's3:PutObject', 'ReadTimeout')
        return written


def test_one_holds_it_and_others_do_not_until_it_is_given_back(world: World):
    async def check() -> None:
        one, other = world.leases(), world.leases()
        async with one.held('staging') as held:
            assert held is not None
            assert held.holds
            async with other.held('staging') as denied:
                assert denied is None
            async with other.held('production') as another:
                assert another is not None
        async with other.held('staging') as next_one:
            assert next_one is not None
            assert next_one.number == held.number + 1

    asyncio.run(check())


def test_of_many_who_ask_at_once_one_gets_it(world: World):
    holders = []

    async def take() -> None:
        async with world.leases().held('staging') as held:
            if held:
                holders.append(held)
                await world.time.sleep(1)

    async def check() -> None:
        await asyncio.gather(*(take() for _ in range(20)))

    asyncio.run(check())
    assert len(holders) == 1


def test_it_is_renewed_for_as_long_as_it_is_held(world: World):
    async def check() -> None:
        other = world.leases()
        async with world.leases().held('staging') as held:
            for _ in range(10):
                await world.time.sleep(TERM_S / 2)
                async with other.held('staging') as denied:
                    assert denied is None
                assert held.holds

    asyncio.run(check())


async def abandon(leases: Leases, cluster: str) -> None:
    """Takes a lease and is killed: nothing is given back."""
    lease = await leases._take(cluster)
    assert lease is not None


def test_that_of_a_killed_holder_is_free_after_a_term_of_watching(world: World):
    async def check() -> None:
        await abandon(world.leases(), 'staging')
        other = world.leases()
        async with other.held('staging') as early:
            assert early is None
        await world.time.sleep(TERM_S - 1)
        async with other.held('staging') as early:
            assert early is None
        await world.time.sleep(1)
        async with other.held('staging') as late:
            assert late is not None

    asyncio.run(check())


def test_a_holder_that_cannot_renew_stops_before_others_may_begin(world: World):
    async def check() -> None:
        bucket = FlakyBucket(world.bucket)
        other = world.leases()
        async with world.leases(bucket).held('staging') as held:
            bucket.down = True
            async with other.held('staging') as denied:
                assert denied is None
            await world.time.sleep(TERM_S - MARGIN_S)
            assert not held.holds
            await world.time.sleep(MARGIN_S)
            async with other.held('staging') as taken:
                assert taken is not None
                bucket.down = False
                await world.time.sleep(RENEW_S)
                assert not held.holds

    asyncio.run(check())


def test_a_renewal_whose_answer_is_lost_counts(world: World):
    async def check() -> None:
        bucket = FlakyBucket(world.bucket)
        async with world.leases(bucket).held('staging') as held:
            bucket.lose = 1
            await world.time.sleep(3 * RENEW_S + 1)
            assert held.holds
        async with world.leases().held('staging') as free:
            assert free is not None

    asyncio.run(check())


def test_a_taking_whose_answer_is_lost_counts(world: World):
    async def check() -> None:
        bucket = FlakyBucket(world.bucket)
        bucket.lose = 1
        async with world.leases(bucket).held('staging') as held:
            assert held is not None
            assert held.holds

    asyncio.run(check())


def test_a_lease_whose_taking_could_not_be_looked_for_is_its_own_at_the_next_try(world: World):
    async def check() -> None:
        bucket = FlakyBucket(world.bucket)
        leases = world.leases(bucket)
        bucket.lose, bucket.blind = 1, True
        with pytest.raises(Unavailable):
            async with leases.held('staging'):
                pass
        bucket.blind = False
        async with leases.held('staging') as held:
            assert held is not None

    asyncio.run(check())


def test_a_renewal_that_is_found_late_extends_the_lease_from_when_it_was_begun(world: World):
    async def check() -> None:
        bucket = FlakyBucket(world.bucket)
        async with world.leases(bucket).held('staging') as held:
            begun = world.time.now + RENEW_S
            bucket.lose, bucket.blind = 1, True
            await world.time.sleep(RENEW_S + 1)
            bucket.down = True
            bucket.blind = False
            await world.time.sleep(RENEW_S)
            assert held.renewed == begun

    asyncio.run(check())


def test_a_pass_that_ends_during_a_renewal_releases_the_lease(world: World):
    async def check() -> None:
        bucket = FlakyBucket(world.bucket)
        async with world.leases(bucket).held('staging'):
            answer = bucket.held = asyncio.Event()
            await world.time.sleep(RENEW_S)
            await bucket.reached.wait()
        answer.set()
        async with world.leases().held('staging') as free:
            assert free is not None

    asyncio.run(check())


def test_what_is_recorded_is_there_for_the_next_holder_even_if_this_one_dies(world: World):
    async def check() -> None:
        dying = world.leases()
        lease = await dying._take('staging')
        assert lease is not None
        assert await dying.record(lease, Deployed('digest', 'r1'))
        assert (await world.leases().recorded('staging')).deployed == Deployed('digest', 'r1')

    asyncio.run(check())


def test_nothing_is_recorded_under_a_lease_that_another_has(world: World):
    async def check() -> None:
        late = world.leases()
        lease = await late._take('staging')
        assert lease is not None
        other = world.leases()
        async with other.held('staging'):
            pass
        await world.time.sleep(TERM_S)
        async with other.held('staging') as taken:
            assert taken is not None
            assert not await late.record(lease, Deployed('digest', 'old'))
            assert not lease.holds
        assert (await other.recorded('staging')).deployed is None

    asyncio.run(check())


@pytest.mark.parametrize('body', [b'', b'[]', b'{"holder": null}', json.dumps({'number': 'x'}).encode()])
def test_an_object_that_is_no_lease_is_overwritten(world: World, body: bytes):
    async def check() -> None:
        await world.bucket.put(PREFIX + 'staging', body, over=None)
        async with world.leases().held('staging') as held:
            assert held is not None

    asyncio.run(check())
