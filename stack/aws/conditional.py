"""Conditional writes to S3 that are read back after every error, before they are answered.

An error does not prove that nothing was stored: the answer of an attempt may have been lost, and botocore's next
attempt is then refused by its own condition, throttled, or signed with an expired token. So each object carries the id
of its write in its metadata, and after an error that id is looked for: in the object, then in its history.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn, Protocol, TypeVar

from stack.aws.bulkhead import NOT_SENT
from stack.aws.ports import ListedVersion, StoredObject, Written
from stack.errors import AwsFailed, OutcomeUnknown, PreconditionFailed
from stack.state.revisions import WRITE_KEY

# How many versions others may have written since; beyond them the outcome is unknown.
VERSIONS_SEARCHED = 50


Outcome = TypeVar('Outcome')


class Objects(Protocol):
    """The requests that the writes are made of, one each: see `stack.aws.s3.Bucket`."""

    async def put_once(self, key: str, body: bytes, over: str | None, metadata: dict[str, str]) -> Written: ...
    async def delete_once(self, key: str, over: str | None) -> None: ...
    async def head(self, key: str, *, version: str | None = None) -> StoredObject | None: ...
    async def versions(self, key: str, *, limit: int = 1000, after: str | None = None) -> list[ListedVersion]: ...


class ConditionalWrites:
    """Both raise `PreconditionFailed` where the condition is not met, `OutcomeUnknown` where reading back does not
    decide, and other `AwsFailed` where nothing has taken effect.
    """

    def __init__(self, objects: Objects):
        self._objects = objects

    async def put(self, key: str, body: bytes, over: str | None, metadata: dict[str, str]) -> Written:
        """Store an object over what has the ETag `over`, or over nothing."""
        metadata = {WRITE_KEY: uuid.uuid4().hex, **metadata}

        async def attempt() -> Written:
            return await self._objects.put_once(key, body, over, metadata)

        async def read_back(failed: AwsFailed) -> Written | None:
            return await self._stored(key, over, metadata[WRITE_KEY], failed)

        return await _settled(attempt, read_back, f'{key} is stored')

    async def delete(self, key: str, over: str | None) -> None:
        """Delete an object, where `over` is given only if it has that ETag."""

        async def attempt() -> bool:
            await self._objects.delete_once(key, over)
            return True

        async def read_back(failed: AwsFailed) -> bool | None:
            return await self._deleted(key, over, failed)

        await _settled(attempt, read_back, f'{key} is deleted')

    async def _stored(self, key: str, over: str | None, write_id: str, failed: AwsFailed) -> Written | None:
        """The version that the write with that id made; None where there is none and the condition is still met."""
        current = await self._objects.head(key)
        if current and current.metadata.get(WRITE_KEY) == write_id:
            return Written(current.etag, current.version)
        is_met = (current.etag if current else None) == over
        if _is_refusal(failed):
            return None if is_met else _refuse(key, failed)
        listed = await self._objects.versions(key, limit=VERSIONS_SEARCHED)
        since = _since(listed, over)
        found = await self._find(key, write_id, listed if since is None else since)
        if found or is_met:
            return found
        if since is not None:
            return _refuse(key, failed)
        raise _unknown(f'{key} was stored before others changed it', failed)

    async def _find(self, key: str, write_id: str, listed: Sequence[ListedVersion]) -> Written | None:
        for version in listed:
            if version.version and not version.deleted:
                found = await self._objects.head(key, version=version.version)
                if found and found.metadata.get(WRITE_KEY) == write_id:
                    return Written(found.etag, found.version, is_latest=False)
        return None

    async def _deleted(self, key: str, over: str | None, failed: AwsFailed) -> bool | None:
        """True where the object is deleted; None where it is not and the condition is still met."""
        current = await self._objects.head(key)
        if current is None:
            return True
        if over is None or current.etag == over:
            return None
        since = _since(await self._objects.versions(key, limit=VERSIONS_SEARCHED), over)
        if since is not None and any(version.deleted for version in since):
            return True
        if since is not None or _is_refusal(failed):
            return _refuse(key, failed)
        raise _unknown(f'{key} was deleted before others stored it again', failed)


async def _settled(
    attempt: Callable[[], Awaitable[Outcome]],
    read_back: Callable[[AwsFailed], Awaitable[Outcome | None]],
    what: str,
) -> Outcome:
    """The outcome of a write: of one attempt, or of a second one where the first may still take effect.

    A second attempt under the same condition leaves at most one of the two to succeed. S3 also asks for one where it
    refused a condition that is met, because of another request at the same time.
    """
    try:
        return await attempt()
    except AwsFailed as failed:
        if failed.aws_code in NOT_SENT:
            raise
        outcome = await _read_back(read_back, failed, what)
        if outcome is not None:
            return outcome
        if not failed.pending and not isinstance(failed, PreconditionFailed):
            raise
        first = failed
    try:
        return await attempt()
    except AwsFailed as failed:
        outcome = await _read_back(read_back, failed, what)
        if outcome is not None:
            return outcome
        if first.pending or failed.pending:
            raise _unknown(what, failed) from failed
        raise


async def _read_back(
    read_back: Callable[[AwsFailed], Awaitable[Outcome | None]], failed: AwsFailed, what: str
) -> Outcome | None:
    try:
        return await read_back(failed)
    except (PreconditionFailed, OutcomeUnknown) as decided:
        raise decided from failed
    except AwsFailed as unreadable:
        raise _unknown(what, failed) from unreadable


def _since(listed: Sequence[ListedVersion], over: str | None) -> Sequence[ListedVersion] | None:
    """The versions above the one with the ETag `over`, the newest first; None where that one is not listed.

    Where nothing was there before, all that is listed may have come since, and the list is whole if it is short.
    """
    if over is None:
        is_whole = len(listed) < VERSIONS_SEARCHED and all(version.version for version in listed)
        return listed if is_whole else None
    for number, version in enumerate(listed):
        if version.etag == over and version.version:
            return listed[:number]
    return None


def _is_refusal(failed: AwsFailed) -> bool:
    """Whether S3 refused the only attempt there was."""
    return isinstance(failed, PreconditionFailed) and not failed.retried


def _refuse(key: str, failed: AwsFailed) -> NoReturn:
    raise PreconditionFailed(
        f'{key} changed in the meantime', failed.operation, failed.aws_code, failed.retried, failed.pending
    )


def _unknown(what: str, failed: AwsFailed) -> OutcomeUnknown:
    return OutcomeUnknown(what, 'Look before you try again.', failed)
