"""The groups that a provider stated last, among replicas on one bucket."""

from typing import Any

import pytest

from stack.access.memberships import COMPARED_EACH_S, Memberships
from stack.aws.ports import StoredObject, Written
from stack.errors import Unavailable
from tests.asynchronous import asynchronous


class FakeBucket:
    """Objects in memory, and the calls that were made; `fails` once the bucket does not answer."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: list[str] = []
        self.fails = False

    async def get(self, key: str, /) -> Any:
        self._call('get')
        body = self.objects.get(key)
        return None if body is None else StoredObject(body, 'e', None, None)  # type: ignore[arg-type]  no time

    async def replace(self, key: str, body: bytes, /) -> Written:
        self._call('replace')
        self.objects[key] = body
        return Written('e', None)

    def _call(self, what: str) -> None:
        self.calls.append(what)
        if self.fails:
            raise Unavailable('S3 did not answer.', 's3:GetObject', 'Timeout')


@asynchronous
async def test_what_was_stated_last_counts_everywhere():
    bucket = FakeBucket()
    here, there = Memberships(bucket), Memberships(bucket)
    assert await there.of('idp 7') is None
    await here.seen('idp 7', ['web', 'platform'])
    assert await there.of('idp 7') == ('platform', 'web')
    await there.seen('idp 7', [])
    assert await here.of('idp 7') == ()


@asynchronous
async def test_the_same_groups_are_compared_from_time_to_time_alone():
    bucket, time = FakeBucket(), [0.0]
    memberships = Memberships(bucket, lambda: time[0])
    for _ in range(3):
        await memberships.seen('idp 7', ['web'])
    assert bucket.calls == ['get', 'replace']
    await Memberships(bucket).seen('idp 7', [])
    time[0] = COMPARED_EACH_S
    await memberships.seen('idp 7', ['web'])
    assert await memberships.of('idp 7') == ('web',)


@asynchronous
async def test_a_failure_is_tried_again(caplog: pytest.LogCaptureFixture):
    bucket = FakeBucket()
    memberships = Memberships(bucket)
    bucket.fails = True
    await memberships.seen('idp 7', ['web'])
    assert 'not recorded' in caplog.text
    bucket.fails = False
    await memberships.seen('idp 7', ['web'])
    assert await memberships.of('idp 7') == ('web',)


@asynchronous
async def test_what_cannot_be_read_grants_nothing():
    bucket = FakeBucket()
    memberships = Memberships(bucket)
    await memberships.seen('idp 7', ['web'])
    bucket.objects = dict.fromkeys(bucket.objects, b'{broken')
    assert await memberships.of('idp 7') == ()
