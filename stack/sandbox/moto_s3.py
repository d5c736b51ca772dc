"""Corrections of moto's S3: conditions that it ignores, and version lists with quadratic cost."""

from collections.abc import Iterable
from typing import Any

from moto.s3.exceptions import MissingKey, PreconditionFailed, S3ClientError
from moto.s3.models import FakeKey, S3Backend
from moto.s3.responses import S3Response
from moto.s3.utils import _VersionedKeyStore

from stack.sandbox.patching import replace

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html: names and values together
METADATA_LIMIT_BYTES = 2048


class MetadataTooLarge(S3ClientError):
    code = 'MetadataTooLarge'

    def __init__(self) -> None:
        super().__init__('Your metadata headers exceed the maximum allowed metadata size')


def install() -> None:
    replace(_VersionedKeyStore, 'setlist', _setlist)
    replace(S3Backend, 'list_object_versions', _list_only(S3Backend.list_object_versions))
    replace(S3Response, 'put_object', _within_metadata_limit(S3Response.put_object))
    replace(S3Response, 'copy_object', _conditional_copy(S3Response.copy_object))
    replace(S3Response, 'delete_object', _conditional_delete(S3Response.delete_object))
    # Without the warning about a key that was not disposed of, which is meant for moto's own tests.
    replace(FakeKey, '__del__', lambda self: self.dispose())


def _setlist(self: _VersionedKeyStore, key: str, versions: Any) -> None:
    """As moto's, which compares each former version with each one to keep: 626 ms a PUT at 10,000 versions."""
    versions = list(versions) if isinstance(versions, list | tuple) else [versions]
    kept = {id(version) for version in versions}
    for former in self.getlist(key, []):
        if id(former) not in kept and hasattr(former, 'dispose'):
            former.dispose()
    dict.__setitem__(self, key, versions)


class _Shared(list[Any]):
    """Versions that moto may list without copying them first, with their bodies; newest first."""

    def __deepcopy__(self, memo: dict[int, Any]) -> '_Shared':
        return self


def _list_only(list_object_versions: Any) -> Any:
    def listed(
        self: S3Backend,
        bucket_name: str,
        delimiter: str | None = None,
        key_marker: str | None = None,
        max_keys: int | None = 1000,
        prefix: str = '',
        version_id_marker: str | None = None,
    ) -> Any:
        """moto copies and sorts every version of the whole bucket, whatever is asked for."""
        bucket = self.get_bucket(bucket_name)
        found = _starting_with(prefix or '', bucket.keys)
        if max_keys is not None and not delimiter:
            _trim(found, key_marker, version_id_marker, max_keys)
        every, bucket.keys = bucket.keys, found
        try:
            return list_object_versions(
                self, bucket_name, delimiter, key_marker, max_keys, prefix or '', version_id_marker
            )
        finally:
            bucket.keys = every

    return listed


def _starting_with(prefix: str, keys: _VersionedKeyStore) -> _VersionedKeyStore:
    view = _VersionedKeyStore()
    for key, versions in dict.items(keys):
        if key.startswith(prefix):
            # moto's sort is stable: of two versions with one time, the later one has to come first.
            dict.__setitem__(view, key, _Shared(reversed(versions)))
    return view


def _trim(keys: _VersionedKeyStore, key_marker: str | None, version_id_marker: str | None, most: int) -> None:
    """Leaves of each key what one page can hold: from the marker on, and one more that tells that there is more."""
    for key, versions in list(dict.items(keys)):
        first = 0
        if key == key_marker and version_id_marker:
            ids = [str(version.version_id) for version in versions]
            first = ids.index(version_id_marker) if version_id_marker in ids else 0
        dict.__setitem__(keys, key, _Shared(versions[first : first + most + 2]))


def _within_metadata_limit(put_object: Any) -> Any:
    def put(self: S3Response) -> Any:
        """moto takes metadata of any size."""
        if _metadata_bytes(self.headers.items()) > METADATA_LIMIT_BYTES:
            raise MetadataTooLarge
        return put_object(self)

    return put


def _metadata_bytes(headers: Iterable[tuple[str, str]]) -> int:
    prefix = 'x-amz-meta-'
    return sum(len(name) - len(prefix) + len(value) for name, value in headers if name.lower().startswith(prefix))


def _conditional_copy(copy_object: Any) -> Any:
    def copy(self: S3Response) -> Any:
        """moto looks at none of CopyObject's conditions but CopySourceIfNoneMatch."""
        current = self.backend.get_object(self.bucket_name, self.parse_key_name())
        _check(self.headers.get('If-Match'), current, 'If-Match')
        if self.headers.get('If-None-Match') == '*' and current is not None:
            raise PreconditionFailed('If-None-Match')
        if wanted := self.headers.get('x-amz-copy-source-if-match'):
            bucket, key, version = _copy_source(self.headers['x-amz-copy-source'])
            _check(wanted, self.backend.get_object(bucket, key, version_id=version), 'x-amz-copy-source-If-Match')
        return copy_object(self)

    return copy


def _copy_source(header: str) -> tuple[str, str, str | None]:
    from urllib.parse import parse_qs, unquote, urlsplit

    parts = urlsplit(header)
    bucket, _, key = unquote(parts.path).lstrip('/').partition('/')
    return bucket, key, parse_qs(parts.query).get('versionId', [None])[0]


def _conditional_delete(delete_object: Any) -> Any:
    def delete(self: S3Response) -> Any:
        """moto compares an ETag, but does not know `*`, which asks only that there be an object."""
        if self.headers.get('If-Match') != '*':
            return delete_object(self)
        if self.backend.get_object(self.bucket_name, self.parse_key_name()) is None:
            raise MissingKey
        headers = self.headers
        self.headers = {name: value for name, value in headers.items() if name.lower() != 'if-match'}
        try:
            return delete_object(self)
        finally:
            self.headers = headers

    return delete


def _check(wanted: str | None, current: FakeKey | None, condition: str) -> None:
    if not wanted:
        return
    if current is None:
        raise MissingKey
    if wanted not in ('*', current.etag, current.etag.strip('"')):
        raise PreconditionFailed(condition)
