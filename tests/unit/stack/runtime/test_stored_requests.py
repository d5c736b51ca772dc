"""Requests that are objects in the bucket."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from stack.aws.ports import ListedObject
from stack.errors import AwsFailed, Throttled
from stack.runtime.stored_requests import AT_ONCE, StoredRequests
from tests.places import in_no_account


class Bucket:
    """Lists three requests, or those named; with `failures`, the first listings fail."""

    def __init__(self, failures: int = 0, names: Sequence[str] = 'abc'):
        self.failures = failures
        self.names = names

    async def objects(self, *, prefix: str = '', after: str | None = None, limit: int | None = None):
        if self.failures:
            self.failures -= 1
            raise AwsFailed('s3:ListObjectsV2', 'InternalError', 'no')
        return [ListedObject(f'{prefix}{name}', 'etag', datetime.now(UTC)) for name in self.names]


class Requests(StoredRequests):
    def __init__(self, bucket: Bucket, errors: Sequence[Exception | None] = (None, None, None), rounds: int = 1):
        super().__init__(bucket, 'requests/', in_no_account, self._pause)
        self.errors = iter(errors)
        self.rounds = rounds
        self.tried: list[str] = []

    async def _pause(self, _: float) -> None:
        # Those that have begun come to their end.
        await asyncio.sleep(0)
        self.rounds -= 1
        if not self.rounds:
            raise asyncio.CancelledError

    async def _carry_out(self, stored: ListedObject) -> None:
        self.tried.append(stored.key)
        error = next(self.errors)
        if error is not None:
            raise error


def test_one_that_fails_stops_no_other():
    requests = Requests(
        Bucket(), [Throttled('ecs:RunTask', 'ThrottlingException', 'slow'), ValueError('no JSON'), None]
    )
    asyncio.run(requests.look())
    assert requests.tried == ['requests/a', 'requests/b', 'requests/c']


def test_a_bucket_that_cannot_be_listed_is_listed_again():
    requests = Requests(Bucket(failures=1), rounds=2)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(requests.run())
    assert requests.tried == ['requests/a', 'requests/b', 'requests/c']


def test_one_without_an_answer_holds_up_no_other():
    async def scenario() -> list[str]:
        released = asyncio.Event()

        class Hanging(Requests):
            async def _carry_out(self, stored: ListedObject) -> None:
                if stored.key.endswith('a'):
                    await released.wait()
                await super()._carry_out(stored)

            async def _pause(self, seconds: float) -> None:
                await super()._pause(seconds)
                if self.rounds == 1:
                    assert sorted(self.tried) == ['requests/b', 'requests/b', 'requests/c', 'requests/c']
                    released.set()

        requests = Hanging(Bucket(), [None] * 9, rounds=4)
        with pytest.raises(asyncio.CancelledError):
            await requests.run()
        return requests.tried

    # While it hangs it is not begun again.
    assert asyncio.run(scenario()).count('requests/a') in (1, 2)


def test_an_account_whose_requests_have_no_answer_holds_up_no_other():
    """More requests of one account than are carried out at once in it, listed before that of another."""
    hanging = [f'hanging/{number:03}' for number in range(AT_ONCE + 1)]

    async def scenario() -> list[str]:
        tried: list[str] = []
        other_ended = asyncio.Event()

        class Of(StoredRequests):
            async def _carry_out(self, stored: ListedObject) -> None:
                tried.append(stored.key)
                if 'hanging' in stored.key:
                    await asyncio.Event().wait()
                other_ended.set()

        async def place_of(cluster: str) -> str:
            return cluster

        bucket = Bucket(names=[*hanging, 'well/web'])
        running = asyncio.create_task(Of(bucket, 'requests/', place_of).run())
        async with asyncio.timeout(10):
            await other_ended.wait()
        running.cancel()
        return tried

    tried = asyncio.run(scenario())
    assert 'requests/well/web' in tried
    # Those of one account have a bound.
    assert len(tried) == AT_ONCE + 1
