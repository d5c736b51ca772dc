"""A conditional write is answered by what has become of it, whatever became of its answer."""

import asyncio

import pytest

from stack.aws.s3 import Bucket
from stack.errors import AwsFailed, OutcomeUnknown, PreconditionFailed
from tests.asynchronous import asynchronous
from tests.fake_s3 import FakeS3, World, down, expired, refused, throttled, timed_out

LOST = (down, timed_out, throttled, expired, refused)


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3(World())


@pytest.fixture
def bucket(s3: FakeS3) -> Bucket:
    return Bucket(s3, 'bucket')


def puts(operation: str, key: str) -> bool:
    return operation == 'PutObject'


def deletes(operation: str, key: str) -> bool:
    return operation == 'DeleteObject'


def reads(operation: str, key: str) -> bool:
    return operation in ('HeadObject', 'GetObject')


@pytest.mark.parametrize('error', LOST)
@asynchronous
async def test_a_write_whose_answer_is_lost_is_found(s3: FakeS3, bucket: Bucket, error):
    s3.fail(puts, error, after=True)
    written = await bucket.put('a', b'1', over=None)
    assert (written.version, written.etag, written.is_latest) == ('v1', s3.world.current('a').etag, True)
    s3.fail(puts, error, after=True)
    assert (await bucket.put('a', b'2', over=written.etag)).version == 'v2'
    assert [each.body for each in s3.world.contents('a')] == [b'1', b'2']


@pytest.mark.parametrize('error', LOST)
@pytest.mark.parametrize('over_it', ['stored', 'deleted', 'deleted and stored'])
@asynchronous
async def test_it_is_found_under_what_others_did_since(s3: FakeS3, bucket: Bucket, error, over_it: str):
    base = await bucket.put('a', b'0', over=None)
    s3.fail(puts, error, after=True)
    held = s3.hold('PutObject', 'a', after=True)

    async def others() -> None:
        await held.reached.wait()
        if over_it.startswith('deleted'):
            s3.world.delete('a')
        if over_it.endswith('stored'):
            s3.world.store('a', b'other')
        held.go.set()

    written, _ = await asyncio.gather(bucket.put('a', b'1', over=base.etag), others())
    assert (written.version, written.is_latest) == ('v2', False)
    assert sum(each.body == b'1' for each in s3.world.contents('a')) == 1


@pytest.mark.parametrize('error', [down, throttled, expired])
@asynchronous
async def test_where_nothing_was_stored_the_error_is_raised(s3: FakeS3, bucket: Bucket, error):
    s3.fail(puts, error)
    with pytest.raises(AwsFailed) as caught:
        await bucket.put('a', b'1', over=None)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert caught.value.consequence == 'Nothing was changed.'
    assert 'a' not in s3.world.objects


@pytest.mark.parametrize('error', LOST)
@asynchronous
async def test_a_write_after_which_nothing_can_be_read_is_in_doubt(s3: FakeS3, bucket: Bucket, error):
    for after in (False, True):
        s3.fail(puts, error, after=after)
        s3.fail(reads, times=100)
        with pytest.raises(OutcomeUnknown) as caught:
            await bucket.put(f'{after}', b'1', over=None)
        assert 'It is not known whether' in caught.value.message
        assert caught.value.consequence == ''
        s3.clear()


@asynchronous
async def test_a_write_that_timed_out_is_made_again_as_it_may_still_come(s3: FakeS3, bucket: Bucket):
    s3.fail(puts, timed_out)
    assert (await bucket.put('a', b'1', over=None)).version == 'v1'
    s3.fail(puts, timed_out, times=2)
    with pytest.raises(OutcomeUnknown):
        await bucket.put('b', b'1', over=None)


@asynchronous
async def test_a_refusal_of_the_only_attempt_costs_one_look(s3: FakeS3, bucket: Bucket):
    s3.world.store('a', b'other')
    with pytest.raises(PreconditionFailed):
        await bucket.put('a', b'1', over=None)
    assert [operation for operation, _ in s3.calls] == ['PutObject', 'HeadObject']


@asynchronous
async def test_a_second_attempt_that_is_refused_because_of_others_is_refused(s3: FakeS3, bucket: Bucket):
    base = s3.world.store('a', b'0')
    s3.world.store('a', b'other')
    s3.fail(puts, refused)
    with pytest.raises(PreconditionFailed):
        await bucket.put('a', b'1', over=base.etag)


@asynchronous
async def test_without_versions_what_lies_below_others_is_in_doubt(s3: FakeS3, bucket: Bucket):
    base = s3.world.store('a', b'0')
    s3.world.store('a', b'other')
    for each in s3.world.objects['a']:
        each.id = 'null'
    s3.world.objects['a'] = s3.world.objects['a'][-1:]
    s3.fail(puts, down)
    with pytest.raises(OutcomeUnknown):
        await bucket.put('a', b'1', over=base.etag)


@pytest.mark.parametrize('error', LOST)
@pytest.mark.parametrize('conditional', [True, False])
@asynchronous
async def test_a_deletion_whose_answer_is_lost_is_found(s3: FakeS3, bucket: Bucket, error, conditional: bool):
    stored = s3.world.store('a', b'1')
    s3.fail(deletes, error, after=True)
    await bucket.delete('a', over=stored.etag if conditional else None)
    assert s3.world.current('a') is None


@asynchronous
async def test_a_deletion_is_found_under_what_was_stored_since(s3: FakeS3, bucket: Bucket):
    stored = s3.world.store('a', b'1')
    s3.fail(deletes, refused, after=True)
    held = s3.hold('DeleteObject', 'a', after=True)

    async def others() -> None:
        await held.reached.wait()
        s3.world.store('a', b'other')
        held.go.set()

    await asyncio.gather(bucket.delete('a', over=stored.etag), others())
    assert s3.world.current('a').body == b'other'


@asynchronous
async def test_a_deletion_of_what_others_changed_is_refused(s3: FakeS3, bucket: Bucket):
    stored = s3.world.store('a', b'1')
    s3.world.store('a', b'2')
    with pytest.raises(PreconditionFailed):
        await bucket.delete('a', over=stored.etag)
    s3.fail(deletes, refused)
    with pytest.raises(PreconditionFailed):
        await bucket.delete('a', over=stored.etag)


@asynchronous
async def test_a_deletion_after_which_nothing_can_be_read_is_in_doubt(s3: FakeS3, bucket: Bucket):
    stored = s3.world.store('a', b'1')
    s3.fail(deletes, down)
    s3.fail(reads, times=100)
    with pytest.raises(OutcomeUnknown):
        await bucket.delete('a', over=stored.etag)


@asynchronous
async def test_an_answer_without_what_it_must_have_is_in_doubt(s3: FakeS3, bucket: Bucket, monkeypatch):
    whole = s3._PutObject

    def without_etag(**arguments):
        whole(**arguments)
        return {}

    monkeypatch.setattr(s3, '_PutObject', without_etag)
    assert (await bucket.put('a', b'1', over=None)).version == 'v1'


@asynchronous
async def test_a_deletion_and_a_version_of_one_second_are_in_the_order_in_which_they_came(s3: FakeS3, bucket: Bucket):
    first = s3.world.store('a', b'1')
    removed = s3.world.delete('a')
    again = s3.world.store('a', b'2')
    removed_again = s3.world.delete('a')
    last = s3.world.store('a', b'3')
    newest = s3.world.store('a', b'4')
    listed = await bucket.versions('a')
    assert [each.version for each in listed] == [
        each.id for each in (newest, last, removed_again, again, removed, first)
    ]
    s3.world.delete('a')
    assert [each.deleted for each in await bucket.versions('a')] == [True, False, False, True, False, True, False]
