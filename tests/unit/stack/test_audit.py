"""The audit, where the bucket is slow."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from stack.audit import Audit
from stack.errors import Frozen, NotFound
from stack.revisions import Change, Origin


@dataclass
class Stored:
    key: str
    body: bytes


class SlowBucket:
    """Takes an object only when told to."""

    def __init__(self) -> None:
        self.asked, self.may_go = asyncio.Event(), asyncio.Event()
        self.stored: list[Stored] = []

    async def put(self, key: str, body: bytes, *, over: str | None) -> None:
        self.asked.set()
        await self.may_go.wait()
        self.stored.append(Stored(key, body))

    async def get(self, key: str) -> Stored | None:
        return next((each for each in self.stored if each.key == key), None)

    async def objects(self, *, prefix: str, after: str | None, limit: int | None) -> list[Stored]:
        return list(self.stored)


class NoHistory:
    async def page(self, cluster: str, limit: int, after: str | None) -> None:
        raise NotFound('none')


def test_who_reads_while_a_refusal_is_on_its_way_to_the_bucket_waits_for_it():
    async def read() -> list:
        bucket = SlowBucket()
        audit = Audit(bucket, NoHistory())
        change = Change(Origin('jo', 'here'), datetime(2030, 1, 1, tzinfo=UTC), {'verb': 'change'})
        audit.refused('staging', change, Frozen('frozen', {}))
        first = asyncio.create_task(audit.page('staging', 10))
        await bucket.asked.wait()
        second = asyncio.create_task(audit.page('staging', 10))
        await asyncio.wait([second], timeout=0.01)
        bucket.may_go.set()
        pages = await asyncio.gather(first, second)
        await audit.close()
        return [[entry['by'] for entry in entries] for entries, _ in pages]

    assert asyncio.run(read()) == [['jo'], ['jo']]
