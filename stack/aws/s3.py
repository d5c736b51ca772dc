"""One S3 bucket: objects with their versions, and writes that hold only if nothing else came between.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from stack.aws.connection import Connection
from stack.errors import AwsFailed, NotFound, PreconditionFailed
from stack.revisions import UNVERSIONED

# S3's answers to a version id that cannot be one, and to that of a deletion.
NO_SUCH_CONTENT = ('InvalidArgument', 'MethodNotAllowed')


class Known(Protocol):
    """A version that a caller holds already."""

    @property
    def etag(self) -> str: ...

    @property
    def version(self) -> str | None: ...


@dataclass(frozen=True)
class StoredObject:
    """One version of an object, with the number of its tags. `version` is None where the bucket keeps no versions."""

    body: bytes
    etag: str
    version: str | None
    modified: datetime
    metadata: dict[str, str] = field(default_factory=dict)
    tags: int = 0


@dataclass(frozen=True)
class Written:
    etag: str
    version: str | None


@dataclass(frozen=True)
class ListedObject:
    key: str
    etag: str
    modified: datetime


@dataclass(frozen=True)
class ListedVersion:
    """A line of an object's history. A version without content (`deleted`) marks a deletion."""

    key: str
    version: str | None
    etag: str | None
    modified: datetime
    is_latest: bool
    deleted: bool


class NotModified:
    """What a conditional read gives when the caller has the newest content already."""


NOT_MODIFIED = NotModified()


class Bucket:
    """Reads are strongly consistent: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel"""

    def __init__(self, connection: Connection, name: str):
        self.name = name
        self._connection = connection

    async def _call(self, operation: str, **arguments) -> dict:
        return await self._connection.call('s3', operation, Bucket=self.name, **arguments)

    async def get(
        self, key: str, *, version: str | None = None, known: Known | None = None
    ) -> StoredObject | NotModified | None:
        """The object, or None where there is no such key; NOT_MODIFIED where `known` is still the newest version.

        A HEAD decides that, not an `If-None-Match`: equal content stored again is another version with the same ETag.
        """
        if known and await self._is_still(key, known):
            return NOT_MODIFIED
        try:
            answer = await self._call('GetObject', Key=key, **({'VersionId': version} if version else {}))
        except AwsFailed as failed:
            if failed.aws_code in ('NoSuchKey', 'NoSuchVersion') or (version and failed.aws_code in NO_SUCH_CONTENT):
                return None
            raise
        return StoredObject(
            answer['Body'],
            answer['ETag'],
            _version(answer),
            answer['LastModified'],
            answer.get('Metadata', {}),
            answer.get('TagCount', 0),
        )

    async def _is_still(self, key: str, known: Known) -> bool:
        try:
            answer = await self._call('HeadObject', Key=key)
        except AwsFailed as failed:
            # A HEAD's answer has no body that could say what is missing, the key or the bucket: the GET will tell.
            if failed.aws_code == '404':
                return False
            raise
        return (answer['ETag'], _version(answer)) == (known.etag, known.version)

    async def head(self, key: str, *, version: str | None = None) -> StoredObject | None:
        """The object without its body, or None where there is no such key or version."""
        try:
            answer = await self._call('HeadObject', Key=key, **({'VersionId': version} if version else {}))
        except AwsFailed as failed:
            # A HEAD's answer has no body that could say what is missing, or that the version is a deletion.
            if failed.aws_code in ('404', '405', '400'):
                return None
            raise
        return StoredObject(
            b'',
            answer['ETag'],
            _version(answer),
            answer['LastModified'],
            answer.get('Metadata', {}),
            answer.get('TagCount', 0),
        )

    async def put(
        self, key: str, body: bytes, *, over: str | None, metadata: dict[str, str] | None = None, tagging: str = ''
    ) -> Written:
        """Store the object if what is there has the ETag `over`, or, where that is None, if there is nothing.

        Raises `PreconditionFailed` where it does not hold.
        """
        condition = {'IfMatch': over} if over else {'IfNoneMatch': '*'}
        if tagging:
            condition['Tagging'] = tagging
        try:
            answer = await self._call(
                'PutObject', Key=key, Body=body, ContentType='application/json', Metadata=metadata or {}, **condition
            )
        except AwsFailed as failed:
            # S3 answers an If-Match on a key that is not there with NoSuchKey.
            if over and failed.aws_code == 'NoSuchKey':
                raise PreconditionFailed(failed.message, failed.operation, failed.aws_code) from failed
            raise
        return Written(answer['ETag'], _version(answer))

    async def replace(self, key: str, body: bytes) -> Written:
        """Store the object, whatever is there."""
        answer = await self._call('PutObject', Key=key, Body=body, ContentType='application/octet-stream')
        return Written(answer['ETag'], _version(answer))

    async def delete(self, key: str, *, over: str | None = None) -> None:
        """Delete the object, where `over` is given only if it still has that ETag (else `PreconditionFailed`)."""
        await self._call('DeleteObject', Key=key, **({'IfMatch': over} if over else {}))

    async def objects(
        self, *, prefix: str = '', delimiter: str = '', after: str | None = None, limit: int | None = None
    ) -> list[ListedObject]:
        """All objects whose keys begin with `prefix` and hold no `delimiter` after it, in the order of their keys.

        With `limit` the first ones alone, up to 1,000; with `after` those whose keys come after that.
        """
        if limit is not None:
            begin = {'StartAfter': after} if after else {}
            answer = await self._call('ListObjectsV2', Prefix=prefix, Delimiter=delimiter, MaxKeys=limit, **begin)
            return [
                ListedObject(each['Key'], each['ETag'], each['LastModified']) for each in answer.get('Contents', [])
            ]
        found = await self._connection.pages(
            's3',
            'ListObjectsV2',
            'Contents',
            token=('NextContinuationToken', 'ContinuationToken'),
            Bucket=self.name,
            Prefix=prefix,
            Delimiter=delimiter,
        )
        return [ListedObject(each['Key'], each['ETag'], each['LastModified']) for each in found]

    async def versions(self, key: str, *, limit: int = 1000, after: str | None = None) -> list[ListedVersion]:
        """The history of one object, newest first: up to `limit` versions, those after the version `after`.

        Raises `NotFound` where `after` cannot be a version.
        """
        found: list[ListedVersion] = []
        more = {'KeyMarker': key, 'VersionIdMarker': after} if after else {}
        while len(found) < limit:
            answer = await self._list_versions(key, min(1000, limit - len(found)), more)
            page = [_listed(each, deleted=False) for each in answer.get('Versions', [])]
            page += [_listed(each, deleted=True) for each in answer.get('DeleteMarkers', [])]
            # The two lists are each in order; together they are ordered by time, the newest first. Times are in whole
            # seconds: what was deleted and stored anew in one of them was deleted in between.
            page.sort(key=lambda each: (each.is_latest, each.modified, each.deleted), reverse=True)
            found += [each for each in page if each.key == key]
            if not answer.get('IsTruncated') or any(each.key != key for each in page):
                break
            more = {'KeyMarker': answer['NextKeyMarker'], 'VersionIdMarker': answer['NextVersionIdMarker']}
        return found

    async def _list_versions(self, key: str, limit: int, more: dict[str, str]) -> dict:
        try:
            return await self._call('ListObjectVersions', Prefix=key, MaxKeys=limit, **more)
        except AwsFailed as failed:
            if more and failed.aws_code == 'InvalidArgument':
                raise NotFound(f'{key} has no version {more["VersionIdMarker"]!r}.') from failed
            raise

    async def tag_version(self, key: str, version: str | None, tags: dict[str, str]) -> None:
        which = {'VersionId': version} if version else {}
        pairs = [{'Key': name, 'Value': value} for name, value in tags.items()]
        await self._call('PutObjectTagging', Key=key, Tagging={'TagSet': pairs}, **which)

    async def version_tags(self, key: str, version: str | None) -> dict[str, str]:
        which = {'VersionId': version} if version else {}
        answer = await self._call('GetObjectTagging', Key=key, **which)
        return {each['Key']: each['Value'] for each in answer['TagSet']}

    async def may_tag(self) -> bool:
        """Whether tags may be read and set: it is tried on a key that nobody has, which says so and changes nothing."""
        nobody = 'nysa/nothing', None
        for attempt in (lambda: self.version_tags(*nobody), lambda: self.tag_version(*nobody, {})):
            try:
                await attempt()
            except AwsFailed as failed:
                if failed.aws_code in ('AccessDenied', 'NotImplemented', 'MethodNotAllowed'):
                    return False
                if failed.aws_code != 'NoSuchKey':
                    raise
        return True

    async def keeps_versions(self) -> bool:
        """Whether the bucket is there, may be read, and has versioning on. Raises `AwsFailed` where it may not."""
        return (await self._call('GetBucketVersioning')).get('Status') == 'Enabled'


def _version(answer: dict) -> str | None:
    version = answer.get('VersionId')
    return None if version == UNVERSIONED else version


def _listed(each: dict, *, deleted: bool) -> ListedVersion:
    return ListedVersion(
        each['Key'], _version(each), each.get('ETag'), each['LastModified'], each.get('IsLatest', False), deleted
    )
