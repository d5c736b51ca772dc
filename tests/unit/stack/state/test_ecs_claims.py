"""Claims to ECS clusters, by several replicas on one bucket."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.aws.s3 import Bucket
from stack.changes.change_request import ChangeRequest
from stack.configuration.accounts import Account, AccountTable
from stack.errors import AwsFailed, Unprocessable
from stack.state.ecs_claims import BEING_STORED, PREFIX, EcsClaims
from stack.state.revision_store import RevisionStore
from stack.state.revisions import Origin
from tests.asynchronous import asynchronous
from tests.fake_s3 import FakeS3, World, down
from tests.replicas import Replica

DEFAULT = {'ecs_cluster': 'default', 'services': []}
OWN = {'services': []}
HOME = f'{PREFIX}home/eu-central-1/'


async def create(replica: Replica, name: str, document: dict[str, Any] = DEFAULT, **more: Any) -> Any:
    return await replica.states.create(name, document, ChangeRequest(Origin('kim', 'test', ''), **more))


async def remove(replica: Replica, name: str) -> None:
    await replica.states.remove(name, ChangeRequest(Origin('kim', 'test', '')))


def stored(world: World) -> set[str]:
    return {key for key in world.objects if world.current(key) and '/' not in key}


def claims(world: World, table: AccountTable | None = None, **options: Any) -> EcsClaims:
    bucket = Bucket(FakeS3(world), 'bucket')
    return EcsClaims(bucket, table or AccountTable((), 'eu-central-1'), RevisionStore(bucket), **options)


@asynchronous
async def test_an_ecs_cluster_is_that_of_one_cluster():
    world = World()
    here, there = Replica(world), Replica(world)
    await create(here, 'one')
    for more in ({}, {'dry_run': True}):
        with pytest.raises(Unprocessable, match=r'^The ECS cluster default in the home account.* is managed as one'):
            await create(there, 'two', **more)
        with pytest.raises(Unprocessable, match='is managed as one'):
            await create(there, 'default', OWN, **more)
    await create(there, 'two', {'ecs_cluster': 'other', 'services': []})
    assert stored(world) == {'one', 'two'}


@asynchronous
async def test_a_cluster_that_has_no_claim_has_the_ecs_cluster_of_its_name():
    world = World()
    replica = Replica(world)
    await create(replica, 'default', OWN)
    # As an older version has stored it.
    world.delete(f'{HOME}default')
    with pytest.raises(Unprocessable, match='is managed as default'):
        await create(replica, 'one')
    assert world.current(f'{HOME}default') is None
    assert stored(world) == {'default'}


@pytest.mark.parametrize('second', [('two', DEFAULT), ('default', OWN)])
@pytest.mark.parametrize('operation', ['PutObject', 'HeadObject', 'GetObject'])
@asynchronous
async def test_of_two_creations_at_once_one_is_stored(second: tuple[str, dict[str, Any]], operation: str):
    world = World()
    here, there = Replica(world), Replica(world)
    held = here.aws.hold_where(lambda called, key: called == operation and key.startswith(HOME))
    first = asyncio.create_task(create(here, 'one'))
    waiting = asyncio.create_task(held.reached.wait())
    await asyncio.wait({first, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    outcomes = await asyncio.gather(create(there, *second), return_exceptions=True)
    held.go.set()
    outcomes += await asyncio.gather(first, return_exceptions=True)
    assert sorted(isinstance(each, Unprocessable) for each in outcomes) == [False, True], outcomes
    assert len(stored(world)) == 1


@pytest.mark.parametrize('second', [('two', DEFAULT), ('default', OWN)])
@asynchronous
async def test_a_claim_counts_while_its_cluster_is_being_stored(second: tuple[str, dict[str, Any]]):
    world = World()
    here, there = Replica(world), Replica(world)
    world.now = datetime.now(UTC) - BEING_STORED + timedelta(minutes=1)
    held = here.aws.hold('PutObject', 'one')
    first = asyncio.create_task(create(here, 'one'))
    await held.reached.wait()
    with pytest.raises(Unprocessable, match='is being taken under management as one'):
        await create(there, *second)
    held.go.set()
    await first
    with pytest.raises(Unprocessable, match='is managed as one'):
        await create(there, *second)
    assert stored(world) == {'one'}


@asynchronous
async def test_a_claim_is_released_with_its_cluster():
    world = World()
    replica = Replica(world)
    await create(replica, 'one')
    await remove(replica, 'one')
    assert world.current(f'{HOME}default') is None
    await create(replica, 'two')
    with pytest.raises(Unprocessable, match='is managed as two'):
        await replica.states.restore('one', ChangeRequest(Origin('kim', 'test', '')))
    with pytest.raises(Unprocessable, match='is managed as two'):
        await replica.states.restore('one', ChangeRequest(Origin('kim', 'test', ''), dry_run=True))
    assert stored(world) == {'two'}


@asynchronous
async def test_a_cluster_that_could_not_be_stored_has_no_claim():
    world = World()
    replica = Replica(world)
    replica.aws.fail(lambda operation, key: (operation, key) == ('PutObject', 'one'), down, times=20)
    with pytest.raises(AwsFailed):
        await create(replica, 'one')
    assert world.current(f'{HOME}default') is None
    await create(replica, 'two')


@asynchronous
async def test_a_claim_that_was_not_released_does_not_count():
    world = World()
    replica = Replica(world)
    await create(replica, 'one')
    replica.aws.fail(lambda operation, key: operation == 'DeleteObject' and key.startswith(HOME), down, times=20)
    await remove(replica, 'one')
    assert world.current(f'{HOME}default') is not None
    await create(replica, 'two')
    await claims(world).hold('two', DEFAULT)
    with pytest.raises(Unprocessable, match='is managed as two'):
        await claims(world).hold('one', DEFAULT)


@asynchronous
async def test_a_removal_releases_no_claim_that_was_renewed_meanwhile():
    world = World()
    here, there = Replica(world), Replica(world)
    await create(here, 'one')
    held = here.aws.hold_where(lambda operation, key: operation == 'DeleteObject' and key.startswith(HOME))
    removing = asyncio.create_task(remove(here, 'one'))
    await held.reached.wait()
    await create(there, 'one')
    held.go.set()
    await removing
    assert world.current(f'{HOME}default') is not None


@asynchronous
async def test_the_first_of_two_clusters_keeps_the_ecs_cluster_that_both_have_come_to():
    """The setting of accounts has changed: no claim was made for the account where both are now."""
    world = World()
    replica = Replica(world)
    await create(replica, 'one')
    await claims(world).claim('two', {**DEFAULT, 'region': 'eu-west-1'})
    for name, document in (('two', DEFAULT), ('default', OWN)):
        world.store(name, b'{"services": []}' if document is OWN else b'{"services": [], "ecs_cluster": "default"}')
        with pytest.raises(Unprocessable, match='is managed as one'):
            await claims(world).hold(name, document)
    await claims(world).hold('one', DEFAULT)
    # Without a claim, the cluster of that name is the first.
    world.delete(f'{HOME}default')
    with pytest.raises(Unprocessable, match='is managed as default'):
        await claims(world).hold('one', DEFAULT)
    await claims(world).hold('default', OWN)


@asynchronous
async def test_two_roles_in_one_account_have_one_ecs_cluster():
    world = World()
    role = 'arn:aws:iam::111111111111:role/{}'
    table = AccountTable((Account('a', role.format('a'), ('a-*',)), Account('b', role.format('b'), ('b-*',))), 'r')
    await claims(world, table).claim('a-default', DEFAULT)
    world.store('a-default', b'{"services": [], "ecs_cluster": "default"}')
    with pytest.raises(Unprocessable, match='is managed as a-default'):
        await claims(world, table).claim('b-default', DEFAULT)
    await claims(world, table).claim('default', OWN)


@asynchronous
async def test_what_is_no_claim_counts_for_no_cluster_and_what_cannot_be_read_for_its_own():
    world = World()
    world.store(f'{HOME}default', b'torn')
    await claims(world).claim('one', DEFAULT)
    world.store('one', b'torn')
    with pytest.raises(Unprocessable, match='is managed as one'):
        await claims(world).claim('two', DEFAULT)
