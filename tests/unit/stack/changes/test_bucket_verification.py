"""The verification of a whole bucket: what is counted, and each thing that a restore could have left out."""

import io
import json
from dataclasses import replace

import pytest

from stack.access.access import Role
from stack.access.tokens import Asked, make
from stack.aws.s3 import Bucket
from stack.changes.bucket_verification import KINDS, BucketVerification, report
from stack.changes.guards import Guards
from stack.state.revision_store import RevisionStore
from stack.state.revisions import Change, Origin
from tests.asynchronous import asynchronous
from tests.fake_s3 import FakeS3, World
from tests.unit.stack.changes.test_audit import CHANGE
from tests.unit.stack.changes.test_audit_verification import filled

# Its id is in the names of tests, which must be the same in every process.
TOKEN = replace(make(Asked('bot', Role.VIEWER), None, CHANGE.at)[1], id='0' * 12)


class Versioned(Bucket):
    """The fake S3 of the tests has no call for that."""

    versioned = True

    async def keeps_versions(self) -> bool:
        return self.versioned


async def restored() -> World:
    """A bucket with one managed cluster that was frozen, one removed cluster, a token and the rest."""
    world = await filled()
    store = RevisionStore(Bucket(FakeS3(world), 'bucket'))
    frozen = Change(Origin('jo', 'x'), CHANGE.at, {'verb': 'freeze'})
    await store.write(await store.read('prod'), 'prod', b'{}', [frozen], 'g1')
    world.store('nysa/guards/prod/g1', json.dumps(Guards().to_json() | {'id': 'g1'}).encode())
    first = await store.write(None, 'old', b'{}', [CHANGE])
    await store.list_as_removed('old')
    await store.remove(
        await store.write(first, 'old', b'{}', [Change(frozen.origin, frozen.at, {'verb': 'remove cluster'})])
    )
    world.store(f'nysa/tokens/{TOKEN.id}', json.dumps(TOKEN.record()).encode())
    world.store('nysa/people/x', b'{"name": "jo", "subject": "1"}')
    world.store('elsewhere/x', b'\xff')
    return world


async def verified(world: World, *, versioned: bool = True) -> tuple[int, str]:
    bucket = Versioned(FakeS3(world), 'bucket')
    bucket.versioned = versioned
    out = io.StringIO()
    return report(await BucketVerification(bucket).run(), (), out), out.getvalue()


@asynchronous
async def test_a_whole_bucket():
    status, printed = await verified(await restored())
    assert status == 0, printed
    counts = {name: int(count) for count, _, name in (line.strip().partition(' ') for line in printed.splitlines()[:9])}
    assert counts == {
        'desired states': 1,
        'revisions': 6,
        'entries of audits': 3,
        'tokens': 1,
        'guards': 1,
        'names of people': 1,
        'marks of audits': 1,
        'removed clusters': 1,
        'unknown objects, not checked': 1,
    }
    assert await verified(World()) == (0, await printed_of_nothing())


async def printed_of_nothing() -> str:
    return (await verified(World()))[1]


@pytest.mark.parametrize(
    ('key', 'body', 'named'),
    [
        ('prod', b'[]', 'prod: What is stored for prod is not a JSON object'),
        ('nysa/guards/prod/g1', None, 'its freeze and quarantines (g1) are missing'),
        ('nysa/guards/prod/g1', b'{}', 'nysa/guards/prod/g1: cannot be read'),
        ('nysa/freezes', b'{}', 'nysa/freezes: cannot be read'),
        (f'nysa/tokens/{TOKEN.id}', b'{}', f'nysa/tokens/{TOKEN.id}: cannot be read'),
        ('rollouts/prod', b'{}', 'rollouts/prod: cannot be read'),
        ('proposals/prod/1-a', b'{}', 'proposals/prod/1-a: cannot be read'),
        ('runs/prod/web', b'[', 'runs/prod/web: cannot be read'),
        ('nysa/leases/prod', b'\xff', 'nysa/leases/prod: cannot be read'),
        ('nysa/audit/prod/0999999999999', None, 'number 1 before it is missing'),
    ],
)
@asynchronous
async def test_what_is_missing_or_unreadable_is_named(key: str, body: bytes | None, named: str):
    world = await restored()
    if body is None:
        world.delete(key)
    else:
        world.store(key, body)
    status, printed = await verified(world)
    assert status == 1
    assert named in printed


def test_each_prefix_has_one_kind():
    prefixes = [kind.prefix for kind in KINDS]
    assert sorted(set(prefixes)) == sorted(prefixes)


@asynchronous
async def test_a_removed_cluster_whose_history_has_expired_is_not_proven():
    """A lifecycle rule expires all versions, which are noncurrent, and then the deletion."""
    world = await restored()
    del world.objects['old']
    status, printed = await verified(world)
    assert (status, 'not proven: old: was removed, and its history has expired' in printed) == (3, True)


@asynchronous
async def test_a_cluster_that_another_program_deleted_is_not_proven():
    world = await restored()
    store = RevisionStore(Bucket(FakeS3(world), 'bucket'))
    await store.write(None, 'lost', b'{}', [CHANGE])
    world.delete('lost')
    status, printed = await verified(world)
    assert (status, 'another program deleted the cluster' in printed) == (3, True)


@asynchronous
async def test_a_cluster_that_is_removed_meanwhile_is_no_error():
    class Removing(Versioned):
        async def ever_stored(self, *, delimiter: str) -> set[str]:
            world.delete('prod')
            return await super().ever_stored(delimiter=delimiter)

    world = await restored()
    result = await BucketVerification(Removing(FakeS3(world), 'bucket')).run()
    assert result.counts['desired states'] == 1


@asynchronous
async def test_a_bucket_without_versions_is_not_proven():
    status, printed = await verified(await restored(), versioned=False)
    assert (status, 'keeps no versions' in printed) == (3, True)
