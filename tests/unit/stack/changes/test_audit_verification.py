"""The verification of audits: what it reads, prints and ends with, on a bucket with versions."""

import io

import pytest

from stack.aws.s3 import Bucket
from stack.changes.audit_verification import Verification, report
from stack.changes.chained_log import Batch, ChainedLog
from stack.errors import NotFound
from stack.state.proof import Finding, Proof, Severity
from stack.state.revision_store import RevisionStore
from stack.state.revisions import Change, Origin
from tests.asynchronous import asynchronous
from tests.fake_s3 import FakeS3, World
from tests.unit.stack.changes.test_audit import CHANGE

PREFIX = 'nysa/audit/prod/'
ENTRY = {'kind': 'refusal', 'at': '2030-01-01T00:00:00', 'by': 'jo'}


async def filled() -> World:
    world = World()
    bucket = Bucket(FakeS3(world), 'bucket')
    store, log = RevisionStore(bucket), ChainedLog(bucket, PREFIX, 'nysa/audited/prod')
    base = None
    for number in range(3):
        base = await store.write(base, 'prod', b'{"n": %d}' % number, [CHANGE])
        stored = await log.append(Batch([ENTRY]))
        await bucket.replace('nysa/audited/prod', stored.mark.body)
    return world


async def verified(world: World) -> tuple[int, str]:
    out = io.StringIO()
    proofs = await Verification(Bucket(FakeS3(world), 'bucket')).cluster('prod')
    return report(proofs, (), out), out.getvalue()


@asynchronous
async def test_a_whole_audit():
    status, printed = await verified(await filled())
    assert status == 0
    assert 'prod: revisions: 3 checked' in printed
    assert 'prod: audit: 3 checked' in printed
    assert printed.endswith('The chains are whole.\n')


@asynchronous
async def test_what_is_wrong_is_printed_with_its_name():
    world = await filled()
    del world.objects['prod'][1]
    newest = min(key for key in world.objects if key.startswith(PREFIX))
    world.delete(newest)
    status, printed = await verified(world)
    assert status == 1
    assert 'broken: v' in printed
    assert f'broken: {newest}: the newest 1 of 3 objects are missing' in printed


@asynchronous
async def test_entries_without_their_mark_are_not_proven():
    world = await filled()
    world.delete('nysa/audited/prod')
    world.delete(min(key for key in world.objects if key.startswith(PREFIX)))
    status, printed = await verified(world)
    assert (status, 'not proven: nysa/audited/prod: is missing' in printed) == (3, True)


@asynchronous
async def test_a_history_of_an_earlier_release_is_not_proven():
    world = World()
    world.store('prod', b'{}', {'nysa-write': '1' * 32, 'nysa-changes': '[]'})
    status, printed = await verified(world)
    assert (status, 'has no chain' in printed) == (3, True)
    assert printed.endswith('Not everything is proven.\n')


@pytest.mark.parametrize('name', ['missing', '', 'a/b', '/'])
@asynchronous
async def test_what_never_was(name: str):
    with pytest.raises(NotFound):
        await Verification(Bucket(FakeS3(await filled()), 'bucket')).cluster(name)


def test_a_hash_that_was_recorded_elsewhere_must_be_in_a_chain():
    proof = Proof('prod: audit', 1, 'b' * 64, (), frozenset({'a' * 64, 'b' * 64}))
    assert report([proof], ['a' * 64], io.StringIO()) == 0
    out = io.StringIO()
    assert report([proof], ['a' * 64, 'c' * 64], out) == 1
    assert f'broken: {"c" * 64}: is in no chain' in out.getvalue()


def test_a_finding_that_is_not_proven_does_not_hide_a_broken_one():
    findings = (Finding(Severity.UNPROVEN, 'x', 'y'), Finding(Severity.BROKEN, 'x', 'y'))
    assert report([Proof('prod', 1, '', findings)], (), io.StringIO()) == 1


@asynchronous
async def test_a_change_of_another_program_is_stated():
    world = await filled()
    store = RevisionStore(Bucket(FakeS3(world), 'bucket'))
    world.store('prod', b'{"n": 9}')
    await store.write(await store.read('prod'), 'prod', b'{}', [Change(Origin('jo', 'x'), CHANGE.at, {'verb': 'x'})])
    status, printed = await verified(world)
    assert (status, 'another program stored it' in printed) == (3, True)
