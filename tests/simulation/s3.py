"""A bucket with versions, as S3 keeps it: strongly consistent, conditional writes, times in whole seconds.

A listing or a read is never older than what was stored when it took effect; it may be old by the time that its answer
arrives. Long listings come in pages, each of which is a read of its own.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stack.errors import AwsFailed, PreconditionFailed
from tests.simulation.loop import Process

# So few keys come with one page of a listing that every world has listings of several pages.
PAGE = 4


@dataclass
class Version:
    """One version of an object, or with `body` None a deletion. `at` is exact, in simulated seconds."""

    id: str
    at: float
    modified: datetime
    by: str
    body: bytes | None
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body or b"").hexdigest()}"'

    @property
    def deleted(self) -> bool:
        return self.body is None


class S3:
    """`now` gives the simulated seconds, and `day` the time of day; `wrote` is called after each write,
    and `tagged(who, what)` after tags are set.
    """

    def __init__(self, now: Callable[[], float], day: Callable[[], datetime]):
        self.history: dict[str, list[Version]] = {}
        self.wrote: list[Callable[[str, Version], None]] = []
        self.tagged: list[Callable[[str, str], None]] = []
        self._now = now
        self._day = day
        self._number = 0

    async def handle(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        action = getattr(self, f'_{operation}', None)
        if action is None:
            raise AwsFailed(f'S3 has no {operation} here.', f's3:{operation}', 'NotImplemented')
        return action(**{name: value for name, value in arguments.items() if name not in ('Bucket', 'run', 'asked')})

    def current(self, key: str) -> Version | None:
        """The newest version, None where there is none or where it is a deletion."""
        versions = self.history.get(key)
        return versions[-1] if versions and not versions[-1].deleted else None

    def clusters(self) -> list[str]:
        """The clusters that have a desired state, sorted."""
        return sorted(key for key in self.history if '/' not in key and self.current(key))

    def put(self, key: str, body: bytes | None, by: str, metadata: Mapping[str, str] | None = None) -> Version:
        """Store a version, or with `body` None a deletion, at once and whatever is there."""
        self._number += 1
        modified = self._day().replace(microsecond=0)
        version = Version(f'v{self._number}', self._now(), modified, by, body, dict(metadata or {}))
        self.history.setdefault(key, []).append(version)
        for wrote in self.wrote:
            wrote(key, version)
        return version

    def _PutObject(
        self,
        process: Process,
        Key: str,
        Body: bytes,
        Metadata: Mapping[str, str] | None = None,
        IfMatch: str | None = None,
        IfNoneMatch: str | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        self._check(Key, 'PutObject', IfMatch, IfNoneMatch)
        version = self.put(Key, Body, process.name, Metadata)
        return {'ETag': version.etag, 'VersionId': version.id}

    def _DeleteObject(self, process: Process, Key: str, IfMatch: str | None = None) -> dict[str, Any]:
        self._check(Key, 'DeleteObject', IfMatch, None)
        self.put(Key, None, process.name)
        return {}

    def _check(self, key: str, operation: str, over: str | None, nothing: str | None) -> None:
        current = self.current(key)
        if over and current is None:
            raise AwsFailed(f'There is no {key}.', f's3:{operation}', 'NoSuchKey')
        if (nothing and current) or (over and current and current.etag != over):
            raise PreconditionFailed(f'{key} is another one.', f's3:{operation}', 'PreconditionFailed')

    def _find(self, key: str, version: str | None, missing: str) -> Version:
        if version is None:
            found = self.current(key)
        else:
            found = next((each for each in self.history.get(key, ()) if each.id == version), None)
            missing = missing if missing == '404' else 'NoSuchVersion'
        if found is not None and found.deleted:
            missing, found = ('405' if missing == '404' else 'MethodNotAllowed'), None
        if found is None:
            raise AwsFailed(f'There is no {key} ({version}).', 's3', missing)
        return found

    def _GetObject(self, process: Process, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        found = self._find(Key, VersionId, 'NoSuchKey')
        return {**_head(found), 'Body': found.body}

    def _HeadObject(self, process: Process, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        return _head(self._find(Key, VersionId, '404'))

    def _ListObjectsV2(
        self,
        process: Process,
        Prefix: str = '',
        Delimiter: str = '',
        ContinuationToken: str = '',
        StartAfter: str = '',
        MaxKeys: int = PAGE,
        **_: Any,
    ) -> dict[str, Any]:
        after, found = ContinuationToken or StartAfter, []
        for key in sorted(self.history):
            current = self.current(key)
            if (
                current
                and key > after
                and key.startswith(Prefix)
                and not (Delimiter and Delimiter in key[len(Prefix) :])
            ):
                found.append({'Key': key, 'ETag': current.etag, 'LastModified': current.modified})
        page = found[:MaxKeys]
        more = {'NextContinuationToken': page[-1]['Key']} if len(found) > len(page) else {}
        return {'Contents': page, **more}

    def _ListObjectVersions(
        self,
        process: Process,
        Prefix: str,
        MaxKeys: int = 1000,
        KeyMarker: str = '',
        VersionIdMarker: str | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        """Of the keys that begin with the prefix, as S3 gives them: by key, and within one the newest first."""
        rows = []
        for key in sorted(each for each in self.history if each.startswith(Prefix)):
            versions = self.history[key]
            newest_first = list(reversed(versions))
            if VersionIdMarker is not None and key == KeyMarker:
                ids = [each.id for each in newest_first]
                if VersionIdMarker not in ids:
                    raise AwsFailed('Invalid version id', 's3:ListObjectVersions', 'InvalidArgument')
                newest_first = newest_first[ids.index(VersionIdMarker) + 1 :]
            elif VersionIdMarker is not None and key < KeyMarker:
                continue
            rows += [(key, each, each is versions[-1]) for each in newest_first]
        page = [_row(*each) for each in rows[:MaxKeys]]
        answer: dict[str, Any] = {
            'Versions': [each for each in page if 'ETag' in each],
            'DeleteMarkers': [each for each in page if 'ETag' not in each],
        }
        if len(rows) > MaxKeys:
            last = page[-1]
            answer |= {'IsTruncated': True, 'NextKeyMarker': last['Key'], 'NextVersionIdMarker': last['VersionId']}
        return answer

    def _PutObjectTagging(
        self, process: Process, Key: str, Tagging: Mapping[str, Any], VersionId: str | None = None
    ) -> dict[str, Any]:
        found = self._find(Key, VersionId, 'NoSuchKey')
        found.tags = {each['Key']: each['Value'] for each in Tagging['TagSet']}
        for tagged in self.tagged:
            tagged(process.name, f'S3 tags {Key} {found.id} with {found.tags}')
        return {}

    def _GetObjectTagging(self, process: Process, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        tags = self._find(Key, VersionId, 'NoSuchKey').tags
        return {'TagSet': [{'Key': name, 'Value': value} for name, value in tags.items()]}

    def _GetBucketVersioning(self, process: Process) -> dict[str, Any]:
        return {'Status': 'Enabled'}


def _head(found: Version) -> dict[str, Any]:
    return {
        'ETag': found.etag,
        'VersionId': found.id,
        'LastModified': found.modified,
        'Metadata': dict(found.metadata),
        'TagCount': len(found.tags),
    }


def _row(key: str, version: Version, is_latest: bool) -> dict[str, Any]:
    row = {'Key': key, 'VersionId': version.id, 'LastModified': version.modified, 'IsLatest': is_latest}
    return row if version.deleted else row | {'ETag': version.etag}
