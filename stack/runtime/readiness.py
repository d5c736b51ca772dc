"""Checks of what the server needs, at start and for `/readyz`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from stack.errors import AwsFailed
from stack.runtime.shared_reads import SharedReads


class Bucket(Protocol):
    name: str

    async def keeps_versions(self) -> bool: ...


class Queue(Protocol):
    name: str

    async def check(self) -> None: ...


@dataclass(frozen=True)
class Finding:
    """What one check found. `ok` with a message is a warning."""

    what: str
    ok: bool
    message: str = ''

    def to_json(self) -> dict[str, Any]:
        return {'check': self.what, 'ok': self.ok} | ({'message': self.message} if self.message else {})


async def check_bucket(bucket: Bucket) -> Finding:
    """The bucket is there and may be read; without versions there is no history beyond the current revision."""
    what = f'bucket {bucket.name}'
    if await bucket.keeps_versions():
        return Finding(what, True)
    command = f'aws s3api put-bucket-versioning --bucket {bucket.name} --versioning-configuration Status=Enabled'
    return Finding(
        what,
        True,
        f'keeps no versions, so the history is limited to the current revision; switch them on with: {command}',
    )


async def check_queue(queue: Queue) -> Finding:
    await queue.check()
    return Finding(f'queue {queue.name}', True)


async def findings(bucket: Bucket, queue: Queue, warnings: Callable[[], Mapping[str, str]] = dict) -> list[Finding]:
    """Every check, side by side, whichever of them fails; and the warnings, by what they are about."""
    checks: dict[str, Callable[[], Awaitable[Finding]]] = {
        f'bucket {bucket.name}': lambda: check_bucket(bucket),
        f'queue {queue.name}': lambda: check_queue(queue),
    }
    found = await asyncio.gather(*(_found(what, check) for what, check in checks.items()))
    return found + [Finding(call, True, sentence) for call, sentence in warnings().items()]


async def _found(what: str, check: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await check()
    except AwsFailed as failed:
        return Finding(what, False, failed.message)


class Readiness:
    """The checks, shared by all who ask at the same time: probes of many load balancers cost a few calls at a time."""

    def __init__(self, bucket: Bucket, queue: Queue, warnings: Callable[[], Mapping[str, str]] = dict):
        self._shared: SharedReads[str, list[Finding]] = SharedReads(
            lambda _: findings(bucket, queue, warnings), at_once=1
        )

    async def findings(self) -> list[Finding]:
        """Every check, begun after the call."""
        return await self._shared.get('')
