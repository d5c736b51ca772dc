"""Names of people: each of one account, whichever replica asks first."""

import asyncio

from stack.access.access import Caller, Role
from stack.access.names import Names
from stack.aws.s3 import Bucket
from tests.asynchronous import asynchronous
from tests.fake_s3 import FakeS3, World


def person(name: str, subject: str) -> Caller:
    return Caller(name, Role.VIEWER, subject=subject)


def names(world: World, *tokens: str) -> Names:
    return Names(Bucket(FakeS3(world), 'bucket'), lambda: tokens)


@asynchronous
async def test_the_first_account_keeps_its_name_on_every_replica():
    world = World()
    here, there = names(world), names(world)
    assert (await here.named(person('Maria', 'idp 1'))).name == 'Maria'
    assert (await there.named(person('maria', 'idp 2'))).name.startswith('maria (')
    assert (await there.named(person('Maria', 'idp 1'))).name == 'Maria'
    assert (await there.named(person('ｍａｒｉａ', 'idp 3'))).name.startswith('ｍａｒｉａ (')


@asynchronous
async def test_of_two_accounts_at_once_one_gets_the_name():
    world = World()
    callers = [person('maria', f'idp {number}') for number in range(5)]
    found = await asyncio.gather(*(names(world).named(caller) for caller in callers))
    shown = [caller.name for caller in found]
    assert shown.count('maria') == 1
    assert len(set(shown)) == 5


@asynchronous
async def test_the_name_of_a_token_is_no_persons():
    assert (await names(World(), 'Root').named(person('root', 'idp 1'))).name.startswith('root (')


@asynchronous
async def test_while_nothing_can_be_found_out_no_name_is_given_away():
    world = World()
    s3 = FakeS3(world)
    known = Names(Bucket(s3, 'bucket'), list)
    s3.fail(lambda operation, _: operation == 'GetObject')
    assert (await known.named(person('maria', 'idp 1'))).name.startswith('maria (')
    assert (await known.named(person('maria', 'idp 1'))).name == 'maria'
