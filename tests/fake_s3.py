"""S3 in memory at the level of `stack.aws.connection.Connection`: calls that fail, lose their answers, or are held."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from stack.aws.client import Items
from stack.errors import AwsFailed, PreconditionFailed, Throttled, Unavailable

Answer = dict[str, Any]
Match = Callable[[str, str], bool]


@dataclass
class Version:
    """One version of an object; a deletion has no `etag`."""

    id: str
    body: bytes
    etag: str | None
    modified: datetime
    metadata: dict[str, str]
    tags: dict[str, str] = field(default_factory=dict)


class World:
    """The stored versions by key, oldest first, shared by all connections. Times are whole seconds."""

    def __init__(self) -> None:
        self.objects: dict[str, list[Version]] = {}
        self.now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        self._numbers = 0

    def current(self, key: str) -> Version | None:
        versions = self.objects.get(key)
        return versions[-1] if versions and versions[-1].etag else None

    def contents(self, key: str) -> list[Version]:
        """The versions of an object without deletions."""
        return [each for each in self.objects.get(key, []) if each.etag]

    def store(self, key: str, body: bytes, metadata: dict[str, str] | None = None) -> Version:
        """Store a version as another program would."""
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        return self._append(key, body, etag, metadata or {})

    def delete(self, key: str) -> Version:
        return self._append(key, b'', None, {})

    def _append(self, key: str, body: bytes, etag: str | None, metadata: dict[str, str]) -> Version:
        self._numbers += 1
        version = Version(f'v{self._numbers}', body, etag, self.now, dict(metadata))
        self.objects.setdefault(key, []).append(version)
        return version


@dataclass
class Hold:
    """A call held at a point: `reached` is set when it gets there, and it continues once `go` is set."""

    matches: Match
    after: bool
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Failure:
    """An error of the matching calls, `times` times; with `after`, the call takes effect first."""

    matches: Match
    error: Callable[[str], AwsFailed]
    after: bool
    times: int


def down(operation: str) -> AwsFailed:
    return Unavailable(f'AWS did not answer {operation}', operation, 'ConnectionClosedError', True, False)


def timed_out(operation: str) -> AwsFailed:
    return Unavailable(f'AWS did not answer {operation}', operation, 'ReadTimeoutError', True, True)


def throttled(operation: str) -> AwsFailed:
    return Throttled(f'AWS asks for fewer calls of {operation}', operation, 'SlowDown', True)


def expired(operation: str) -> AwsFailed:
    return AwsFailed(f'AWS refused {operation}: ExpiredToken', operation, 'ExpiredToken', True)


def refused(operation: str) -> AwsFailed:
    """A second attempt whose condition fails because the first one took effect."""
    return PreconditionFailed(f'{operation}: the condition is not met', operation, 'PreconditionFailed', True)


class FakeS3:
    """One process's connection to a `World`."""

    region = 'eu-central-1'

    def __init__(self, world: World):
        self.world = world
        self.calls: list[tuple[str, str]] = []
        self._holds: list[Hold] = []
        self._failures: list[Failure] = []

    def hold(self, operation: str, key: str, *, after: bool = False) -> Hold:
        return self.hold_where(lambda o, k: (o, k) == (operation, key), after=after)

    def hold_where(self, matches: Match, *, after: bool = False) -> Hold:
        held = Hold(matches, after)
        self._holds.append(held)
        return held

    def fail(
        self,
        matches: Match,
        error: Callable[[str], AwsFailed] = down,
        *,
        after: bool = False,
        times: int = 1,
    ) -> None:
        """Make calls fail; `matches` receives an operation, such as `PutObject`, and a key."""
        self._failures.append(Failure(matches, error, after, times))

    def clear(self) -> None:
        self._failures.clear()

    async def call(self, service: str, operation: str, /, *, region: str | None = None, **arguments: Any) -> Answer:
        key = arguments.get('Key', arguments.get('Prefix', ''))
        self.calls.append((operation, key))
        await self._wait(operation, key, after=False)
        await asyncio.sleep(0)
        failure = next((each for each in self._failures if each.times and each.matches(operation, key)), None)
        if failure:
            failure.times -= 1
        if failure and not failure.after:
            raise failure.error(f's3:{operation}')
        answer = getattr(self, f'_{operation}')(**arguments)
        await self._wait(operation, key, after=True)
        if failure:
            raise failure.error(f's3:{operation}')
        return answer

    async def pages(
        self, service: str, operation: str, items: str | Items, /, *, token: tuple[str, str], **arguments: Any
    ) -> list:
        answer = await self.call(service, operation, **arguments)
        return answer.get(items, []) if isinstance(items, str) else list(items(answer))

    async def _wait(self, operation: str, key: str, *, after: bool) -> None:
        for held in self._holds:
            if held.after == after and held.matches(operation, key):
                self._holds.remove(held)
                held.reached.set()
                await held.go.wait()
                return

    def _PutObject(
        self,
        Bucket: str,
        Key: str,
        Body: bytes,
        Metadata: dict[str, str] | None = None,
        **condition: Any,
    ) -> Answer:
        self._check(Key, condition)
        stored = self.world.store(Key, Body, Metadata)
        return {'ETag': stored.etag, 'VersionId': stored.id}

    def _DescribeServices(self, **_: Any) -> Answer:
        """ECS without any service."""
        return {'services': []}

    def _DeleteObject(self, Bucket: str, Key: str, **condition: Any) -> Answer:
        self._check(Key, condition)
        if Key in self.world.objects:
            self.world.delete(Key)
        return {}

    def _check(self, key: str, condition: dict[str, Any]) -> None:
        current = self.world.current(key)
        wanted = condition.get('IfMatch')
        if (condition.get('IfNoneMatch') and current) or (wanted and (current is None or current.etag != wanted)):
            raise PreconditionFailed('the condition is not met', 's3:PutObject', 'PreconditionFailed')

    def _GetObject(self, Bucket: str, Key: str, VersionId: str | None = None) -> Answer:
        version = self._find(Key, VersionId, 'NoSuchKey')
        return {**_about(version), 'Body': version.body}

    def _HeadObject(self, Bucket: str, Key: str, VersionId: str | None = None) -> Answer:
        return _about(self._find(Key, VersionId, '404'))

    def _find(self, key: str, version: str | None, code: str) -> Version:
        found = (
            next((each for each in self.world.contents(key) if each.id == version), None)
            if version
            else self.world.current(key)
        )
        if found is None:
            raise AwsFailed(f'There is no {key}', 's3:GetObject', code)
        return found

    def _ListObjectsV2(self, Bucket: str, Prefix: str = '', Delimiter: str = '', **_: Any) -> Answer:
        found = []
        for key in sorted(self.world.objects):
            current = self.world.current(key)
            rest = key.removeprefix(Prefix)
            if current and key.startswith(Prefix) and not (Delimiter and Delimiter in rest):
                found.append({'Key': key, 'ETag': current.etag, 'LastModified': current.modified})
        return {'Contents': found}

    def _ListObjectVersions(
        self,
        Bucket: str,
        Prefix: str = '',
        MaxKeys: int = 1000,
        VersionIdMarker: str | None = None,
        Delimiter: str = '',
        **_: Any,
    ) -> Answer:
        if Delimiter:
            rows = [{'Key': key} for key, versions in sorted(self.world.objects.items()) if versions]
            return {'Versions': [row for row in rows if Delimiter not in row['Key']], 'IsTruncated': False}
        versions = list(reversed(self.world.objects.get(Prefix, [])))
        latest = versions[0] if versions else None
        if VersionIdMarker:
            ids = [each.id for each in versions]
            versions = versions[ids.index(VersionIdMarker) + 1 :]
        rows: dict[str, list[Answer]] = {'Versions': [], 'DeleteMarkers': []}
        for each in versions[:MaxKeys]:
            row = {'Key': Prefix, 'VersionId': each.id, 'LastModified': each.modified, 'IsLatest': each is latest}
            rows['Versions' if each.etag else 'DeleteMarkers'].append(row | ({'ETag': each.etag} if each.etag else {}))
        return {**rows, 'IsTruncated': False}

    def _PutObjectTagging(
        self,
        Bucket: str,
        Key: str,
        Tagging: Answer,
        VersionId: str | None = None,
    ) -> Answer:
        self._find(Key, VersionId, 'NoSuchKey').tags = {each['Key']: each['Value'] for each in Tagging['TagSet']}
        return {}

    def _GetObjectTagging(self, Bucket: str, Key: str, VersionId: str | None = None) -> Answer:
        tags = self._find(Key, VersionId, 'NoSuchKey').tags
        return {'TagSet': [{'Key': name, 'Value': value} for name, value in tags.items()]}


def _about(version: Version) -> Answer:
    return {
        'ETag': version.etag,
        'VersionId': version.id,
        'LastModified': version.modified,
        'Metadata': version.metadata,
        'TagCount': len(version.tags),
    }
