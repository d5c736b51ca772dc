"""The token store on a real bucket: what other replicas do, what is broken, what can no longer be read."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stack.access.access import Role
from stack.access.token_lifetime import Rotation, rotated
from stack.access.token_store import BELIEVED_S, REPLACED_KEPT, TOKENS, TokenStore
from stack.access.tokens import Asked, Token, make
from stack.aws.s3 import Bucket
from stack.errors import AwsFailed, Conflict, NotFound, OutcomeUnknown, Unavailable
from stack.sandbox.faults import Fault
from tests.asynchronous import asynchronous
from tests.aws import Aws
from tests.fake_s3 import FakeS3, World, down, refused
from tests.server import connect


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def denied(operation: str) -> AwsFailed:
    return AwsFailed('denied', operation, 'AccessDenied')


async def none() -> tuple[Token, ...]:
    return ()


def a_token() -> Token:
    return make(Asked('hubot', Role.VIEWER), None, datetime.now(UTC))[1]


@pytest.fixture
def bucket(aws: Aws) -> Bucket:
    return Bucket(connect(aws.endpoint, aws.region)[0], aws.bucket())


def test_another_replica_learns_of_a_token_and_of_its_end(bucket: Bucket):
    async def play() -> None:
        here, there = TokenStore(bucket, none), TokenStore(bucket, none)
        token = a_token()
        await here.refresh()
        await here.add(token)
        await here.end_session('s1')
        await there.refresh()
        assert there.find(token.id) == token
        assert there.has_ended('s1')
        assert not there.has_ended('s2')
        await there.revoke(token.id)
        await here.refresh()
        assert here.find(token.id) is None
        with pytest.raises(NotFound):
            await here.revoke(token.id)

    asyncio.run(play())


def test_nothing_is_believed_before_it_was_read_or_long_after(bucket: Bucket, aws: Aws):
    async def play() -> None:
        clock = Clock()
        store = TokenStore(bucket, none, clock)
        with pytest.raises(Unavailable):
            store.find('0' * 12)
        await store.refresh()
        token = a_token()
        await store.add(token)
        aws.faults.add(Fault('deny', service='s3', operation='ListObjectsV2'))
        clock.now = BELIEVED_S
        with pytest.raises(AwsFailed):
            await store.refresh()
        assert store.find(token.id) == token
        clock.now = BELIEVED_S + 0.1
        for ask in (lambda: store.find(token.id), lambda: store.has_ended('s')):
            with pytest.raises(Unavailable):
                ask()

    asyncio.run(play())


@pytest.mark.parametrize('body', [b'', b'{', b'[]', b'\xff', b'{"id": "other"}', b'[' * 100_000])
def test_an_object_that_holds_no_token_is_passed_over(bucket: Bucket, body: bytes, caplog: pytest.LogCaptureFixture):
    async def play() -> None:
        store = TokenStore(bucket, none)
        token = a_token()
        await bucket.put(TOKENS + '0' * 12, body, over=None)
        await bucket.put(TOKENS + token.id, json.dumps(token.record()).encode(), over=None)
        await store.refresh()
        assert store.find('0' * 12) is None
        assert store.find(token.id) == token
        assert len(store) == 1

    asyncio.run(play())
    assert 'holds no token' in caplog.text


def test_a_token_under_another_ones_name_is_none(bucket: Bucket):
    async def play() -> None:
        store = TokenStore(bucket, none)
        await bucket.put(TOKENS + '0' * 12, json.dumps(a_token().record()).encode(), over=None)
        await store.refresh()
        assert store.find('0' * 12) is None

    asyncio.run(play())


def test_a_broken_secret_leaves_the_tokens_before_it(bucket: Bucket, caplog: pytest.LogCaptureFixture):
    token = a_token()
    answers = iter([(token,), ValueError('not a list')])

    async def configured() -> tuple[Token, ...]:
        answer = next(answers)
        if isinstance(answer, ValueError):
            raise answer
        return answer

    async def play() -> None:
        store = TokenStore(bucket, configured)
        await store.refresh()
        await store.refresh()
        assert store.find(token.id) == token
        with pytest.raises(NotFound):
            await store.revoke(token.id)

    asyncio.run(play())
    assert 'not a list' in caplog.text


@asynchronous
async def test_a_token_whose_creation_was_never_answered_is_valid_or_in_doubt():
    s3 = FakeS3(World())
    store, token = TokenStore(Bucket(s3, 'bucket'), none), a_token()
    await store.refresh()
    s3.fail(lambda operation, key: operation == 'PutObject', refused, after=True)
    await store.add(token)
    assert store.find(token.id) == token
    s3.fail(lambda operation, key: operation == 'PutObject', refused, after=True)
    s3.fail(lambda operation, key: operation == 'HeadObject')
    with pytest.raises(OutcomeUnknown) as caught:
        await store.add(a_token())
    assert 'whether the token hubot was created' in caught.value.message


@asynchronous
async def test_a_token_whose_revocation_was_never_answered_is_revoked_or_in_doubt():
    s3 = FakeS3(World())
    store, token, other = TokenStore(Bucket(s3, 'bucket'), none), a_token(), a_token()
    await store.refresh()
    await store.add(token)
    await store.add(other)
    s3.fail(lambda operation, key: operation == 'DeleteObject', down, after=True)
    await store.revoke(token.id)
    assert store.find(token.id) is None
    s3.fail(lambda operation, key: operation == 'DeleteObject', down, after=True)
    s3.fail(lambda operation, key: operation == 'HeadObject')
    with pytest.raises(OutcomeUnknown) as caught:
        await store.revoke(other.id)
    assert f'whether the token {other.id} is revoked' in caught.value.message
    await store.refresh()
    assert store.find(other.id) is None


def rotation(old: Token) -> tuple[Token, Token]:
    """The token that replaces another, and the other with its end."""
    now = datetime.now(UTC)
    _, new, ended = rotated(old, Rotation(timedelta(hours=1), now + timedelta(days=1)), 'maria', now)
    return new, ended


@asynchronous
async def test_a_rotation_is_known_to_other_replicas():
    world = World()
    here, there = (TokenStore(Bucket(FakeS3(world), 'bucket'), none) for _ in range(2))
    token = a_token()
    await here.refresh()
    await here.add(token)
    await there.refresh()
    new, ended = rotation(token)
    await here.rotate(new, ended)
    await there.refresh()
    for store in (here, there):
        assert (store.find(token.id), store.find(new.id)) == (ended, new)


@asynchronous
async def test_of_two_rotations_at_once_one_is_refused_and_leaves_nothing():
    world = World()
    here, there = (TokenStore(Bucket(FakeS3(world), 'bucket'), none) for _ in range(2))
    token = a_token()
    await here.refresh()
    await here.add(token)
    await there.refresh()
    new, ended = rotation(token)
    await here.rotate(new, ended)
    other, other_ended = rotation(token)
    with pytest.raises(Conflict):
        await there.rotate(other, other_ended)
    await there.refresh()
    assert there.find(other.id) is None
    assert there.find(token.id) == ended
    with pytest.raises(Conflict):
        await there.rotate(other, other_ended)
    assert (there.find(other.id), there.find(token.id)) == (None, ended), 'what it knows now was rotated already'


@asynchronous
async def test_a_rotation_that_fails_leaves_the_token_as_it_is():
    s3 = FakeS3(World())
    store, token = TokenStore(Bucket(s3, 'bucket'), none), a_token()
    await store.refresh()
    await store.add(token)
    s3.fail(lambda operation, key: operation == 'PutObject' and key == TOKENS + token.id, denied)
    new, ended = rotation(token)
    with pytest.raises(AwsFailed):
        await store.rotate(new, ended)
    await store.refresh()
    assert (store.find(token.id), store.find(new.id)) == (token, None)


@asynchronous
async def test_a_replaced_token_is_listed_for_a_while_after_its_end_and_then_deleted():
    world = World()
    store = TokenStore(Bucket(FakeS3(world), 'bucket'), none)
    await store.refresh()
    ended = datetime.now(UTC) - REPLACED_KEPT
    recent = replace(a_token(), replaced_by='0' * 12, expires_at=ended + timedelta(hours=1))
    old = replace(a_token(), replaced_by='0' * 12, expires_at=ended - timedelta(hours=1))
    expired = replace(a_token(), expires_at=ended - timedelta(hours=1))
    for token in (recent, old, expired):
        await store.add(token)
    await store.refresh()
    assert {token.id for token, _ in store.listed()} == {recent.id, expired.id}
    assert world.current(TOKENS + old.id) is None


@asynchronous
async def test_a_session_that_another_replica_ended_has_ended():
    world = World()
    here, there = (TokenStore(Bucket(FakeS3(world), 'bucket'), none) for _ in range(2))
    await here.refresh()
    await there.refresh()
    await here.end_session('s1')
    await there.end_session('s1')
    assert there.has_ended('s1')
