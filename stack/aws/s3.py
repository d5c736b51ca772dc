"""The adapter of an S3 bucket: objects, their versions, and conditional writes.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

import contextlib
from collections import deque
from collections.abc import Mapping
from typing import Any, overload

from stack.aws.client import AwsClient
from stack.aws.conditional import ConditionalWrites
from stack.aws.listing import objects_of
from stack.aws.ports import NOT_MODIFIED, Known, ListedObject, ListedVersion, NotModified, StoredObject, Written
from stack.errors import AwsFailed, NotFound, PreconditionFailed, Unavailable
from stack.state.revisions import UNVERSIONED

# An object with one tag, by which it is found out whether tags can be relied on.
TAGGED = 'nysa/tagged'

# What every answer about an object has.
OBJECT = ('ETag', 'LastModified')

# S3's answers to a version id that cannot be one, and to that of a deletion.
NO_SUCH_CONTENT = ('InvalidArgument', 'MethodNotAllowed')


class Bucket:
    """Reads are strongly consistent: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel"""

    def __init__(self, connection: AwsClient, name: str):
        self.name = name
        self._connection = connection
        self._writes = ConditionalWrites(self)

    async def _call(self, operation: str, *needed: str, **arguments: Any) -> dict[str, Any]:
        """Make one call. An answer without one of the fields that are `needed` raises `Unavailable`."""
        answer: dict[str, Any] = await self._connection.call('s3', operation, Bucket=self.name, **arguments)
        lacking = [field for field in needed if field not in answer]
        if lacking:
            name = f's3:{operation}'
            raise Unavailable(f'AWS answered {name} without {", ".join(lacking)}', name, 'Malformed', True)
        return answer

    @overload
    async def get(self, key: str, *, version: str | None = None) -> StoredObject | None: ...
    @overload
    async def get(self, key: str, *, known: Known | None) -> StoredObject | NotModified | None: ...
    async def get(
        self, key: str, *, version: str | None = None, known: Known | None = None
    ) -> StoredObject | NotModified | None:
        """The object, or None where there is no such key; NOT_MODIFIED where `known` is still the newest version.

        A HEAD decides that, not an `If-None-Match`: equal content stored again is another version with the same ETag.
        """
        if known and await self._is_still(key, known):
            return NOT_MODIFIED
        try:
            answer = await self._call(
                'GetObject', *OBJECT, 'Body', Key=key, **({'VersionId': version} if version else {})
            )
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
            answer = await self._call('HeadObject', *OBJECT, Key=key)
        except AwsFailed as failed:
            # The answer to a HEAD has no body, so it does not state whether key or bucket is missing; the GET's does.
            if failed.aws_code == '404':
                return False
            raise
        return (answer['ETag'], _version(answer)) == (known.etag, known.version)

    async def head(self, key: str, *, version: str | None = None) -> StoredObject | None:
        """The object without its body, or None where there is no such key or version."""
        try:
            answer = await self._call('HeadObject', *OBJECT, Key=key, **({'VersionId': version} if version else {}))
        except AwsFailed as failed:
            # The answer to a HEAD has no body, so the status alone marks a missing key or version, or a deletion.
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

    async def put(self, key: str, body: bytes, *, over: str | None, metadata: dict[str, str] | None = None) -> Written:
        """Store the object if what is there has the ETag `over`, or, where that is None, if there is nothing.

        Raises `PreconditionFailed` where the condition is not met, and `OutcomeUnknown`: see `stack.aws.conditional`.
        """
        return await self._writes.put(key, body, over, metadata or {})

    async def put_once(self, key: str, body: bytes, over: str | None, metadata: dict[str, str]) -> Written:
        """`put` without reading back what an error leaves open."""
        condition = {'IfMatch': over} if over else {'IfNoneMatch': '*'}
        try:
            answer = await self._call(
                'PutObject', 'ETag', Key=key, Body=body, ContentType='application/json', Metadata=metadata, **condition
            )
        except AwsFailed as failed:
            # S3 answers an If-Match on a key that is not there with NoSuchKey.
            if over and failed.aws_code == 'NoSuchKey':
                raise _unmet(failed) from failed
            raise
        return Written(answer['ETag'], _version(answer))

    async def replace(self, key: str, body: bytes) -> Written:
        """Store the object, whatever is there."""
        answer = await self._call('PutObject', 'ETag', Key=key, Body=body, ContentType='application/octet-stream')
        return Written(answer['ETag'], _version(answer))

    async def delete(self, key: str, *, over: str | None = None) -> None:
        """Delete the object, where `over` is given only if it still has that ETag.

        Raises `PreconditionFailed` where it has another, and `OutcomeUnknown`. What is gone already is deleted.
        """
        await self._writes.delete(key, over)

    async def delete_once(self, key: str, over: str | None) -> None:
        """`delete` without reading back what an error leaves open."""
        try:
            await self._call('DeleteObject', Key=key, **({'IfMatch': over} if over else {}))
        except AwsFailed as failed:
            if over and failed.aws_code == 'NoSuchKey':
                raise _unmet(failed) from failed
            raise

    async def objects(
        self, *, prefix: str = '', delimiter: str = '', after: str | None = None, limit: int | None = None
    ) -> list[ListedObject]:
        """All objects whose keys begin with `prefix` and hold no `delimiter` after it, in the order of their keys.

        With `limit` the first ones alone, up to 1,000; with `after` those whose keys come after that.
        """
        if limit is not None:
            begin = {'StartAfter': after} if after else {}
            answer = await self._call('ListObjectsV2', Prefix=prefix, Delimiter=delimiter, MaxKeys=limit, **begin)
            return list(objects_of(answer))
        return await self._connection.pages(
            's3',
            'ListObjectsV2',
            objects_of,
            token=('NextContinuationToken', 'ContinuationToken'),
            Bucket=self.name,
            Prefix=prefix,
            Delimiter=delimiter,
        )

    async def versions(self, key: str, *, limit: int = 1000, after: str | None = None) -> list[ListedVersion]:
        """The history of one object, newest first: up to `limit` versions, those after the version `after`.

        Raises `NotFound` where `after` cannot be a version.
        """
        found: list[ListedVersion] = []
        more = {'KeyMarker': key, 'VersionIdMarker': after} if after else {}
        while len(found) < limit:
            answer = await self._list_versions(key, min(1000, limit - len(found)), more)
            page = await self._in_order(
                [_listed(each, deleted=False) for each in answer.get('Versions', [])],
                [_listed(each, deleted=True) for each in answer.get('DeleteMarkers', [])],
            )
            found += [each for each in page if each.key == key]
            if not answer.get('IsTruncated') or any(each.key != key for each in page):
                break
            more = {'KeyMarker': answer['NextKeyMarker'], 'VersionIdMarker': answer['NextVersionIdMarker']}
        return found

    async def ever_stored(self, *, delimiter: str) -> set[str]:
        """The keys without `delimiter` that have any version or deletion, whether there is an object now or not."""
        found: set[str] = set()
        more: dict[str, str] = {}
        while True:
            answer = await self._call('ListObjectVersions', Delimiter=delimiter, **more)
            found |= {each['Key'] for kind in ('Versions', 'DeleteMarkers') for each in answer.get(kind, ())}
            if not answer.get('IsTruncated'):
                return found
            # A page that ends with keys that have the delimiter has no version to begin after.
            version = answer.get('NextVersionIdMarker')
            more = {'KeyMarker': answer['NextKeyMarker']} | ({'VersionIdMarker': version} if version else {})

    async def _in_order(self, stored: list[ListedVersion], deletions: list[ListedVersion]) -> list[ListedVersion]:
        """Both lists in one, the newest first; each is in order already, and dated in whole seconds.

        Where a deletion and a version are of one second, the listing that begins after the version decides.
        """
        deletions_due = deque(deletions)
        page: list[ListedVersion] = []
        for version in stored:
            below: set[str | None] | None = None
            while deletions_due and not version.is_latest:
                deletion = deletions_due[0]
                if deletion.modified == version.modified and not deletion.is_latest:
                    below = await self._deletions_below(version) if below is None else below
                    is_newer = deletion.version not in below
                else:
                    is_newer = deletion.is_latest or deletion.modified > version.modified
                if not is_newer:
                    break
                page.append(deletions_due.popleft())
            page.append(version)
        return [*page, *deletions_due]

    async def _deletions_below(self, version: ListedVersion) -> set[str | None]:
        # A whole page: any number of versions of that second may come before the deletions.
        after = {'KeyMarker': version.key, 'VersionIdMarker': version.version or UNVERSIONED}
        answer = await self._list_versions(version.key, 1000, after)
        return {each.get('VersionId') for each in answer.get('DeleteMarkers', [])}

    async def _list_versions(self, key: str, limit: int, more: dict[str, str]) -> dict[str, Any]:
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
        answer = await self._call('GetObjectTagging', 'TagSet', Key=key, **which)
        return {each['Key']: each['Value'] for each in answer['TagSet']}

    async def may_tag(self) -> bool:
        """Whether versions may be tagged, and the answers about them count their tags: tried on an object for that."""
        try:
            stored = await self.head(TAGGED)
            if stored is None:
                with contextlib.suppress(PreconditionFailed):
                    await self.put(TAGGED, b'{}', over=None)
                stored = await self.head(TAGGED)
            version = stored.version if stored else None
            await self.tag_version(TAGGED, version, {'nysa': 'tagged'})
            tagged, tags = await self.head(TAGGED, version=version), await self.version_tags(TAGGED, version)
        except AwsFailed as failed:
            if failed.aws_code in ('AccessDenied', 'NotImplemented', 'MethodNotAllowed'):
                return False
            raise
        return bool(tags and tagged and tagged.tags)

    async def keeps_versions(self) -> bool:
        """Whether the bucket is there, may be read, and has versioning on. Raises `AwsFailed` where it may not."""
        return (await self._call('GetBucketVersioning')).get('Status') == 'Enabled'


def _unmet(failed: AwsFailed) -> PreconditionFailed:
    return PreconditionFailed(failed.message, failed.operation, failed.aws_code, failed.retried, failed.pending)


def _version(answer: Mapping[str, Any]) -> str | None:
    version = answer.get('VersionId')
    return None if version == UNVERSIONED else version


def _listed(each: Mapping[str, Any], *, deleted: bool) -> ListedVersion:
    return ListedVersion(
        each['Key'], _version(each), each.get('ETag'), each['LastModified'], each.get('IsLatest', False), deleted
    )
