import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from stack.aws.connection import Connection
from stack.aws.s3 import Bucket
from stack.errors import Unavailable
from stack.lease import MARGIN_S, PREFIX, RENEW_S, TERM_S, Leases
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
    """A bucket that does what it is told, and whose answer to some writes is lost."""

    def __init__(self, bucket: Bucket):
        self._bucket = bucket
        self.lose = 0
        self.down = False

    async def get(self, key: str):
        return await self._bucket.get(key)

    async def put(self, key: str, body: bytes, *, over: str | None):
        if self.down:
            raise Unavailable('S3 did not answer', 's3:PutObject', 'ConnectTimeout')
        written = await self._bucket.put(key, body, over=over)
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


def test_a_lease_whose_taking_was_never_answered_is_ones_own(world: World):
    async def check() -> None:
        bucket = FlakyBucket(world.bucket)
        leases = world.leases(bucket)
        bucket.lose = 1
        with pytest.raises(Unavailable):
            async with leases.held('staging'):
                pass
        async with leases.held('staging') as held:
            assert held is not None

    asyncio.run(check())


@pytest.mark.parametrize('body', [b'', b'[]', b'{"holder": null}', json.dumps({'number': 'x'}).encode()])
def test_what_somebody_else_wrote_there_is_written_over(world: World, body: bytes):
    async def check() -> None:
        await world.bucket.put(PREFIX + 'staging', body, over=None)
        async with world.leases().held('staging') as held:
            assert held is not None

    asyncio.run(check())
