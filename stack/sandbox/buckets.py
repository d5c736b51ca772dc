"""Conversion of moto's buckets to plain values and back, exact in ids, times, metadata and tags."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend, s3_backends

from stack.sandbox.plain_files import Bucket, Change, Mark, Version

_PARTITION = 'aws'


def backend(account: str) -> S3Backend:
    """moto's S3 backend of an account; S3 has no region there."""
    return s3_backends[account][_PARTITION]


class Watch:
    """Change detection for the buckets of one account.

    A history grows at its end only, so the comparison starts there instead of reading up to 10,000 versions.
    """

    def __init__(self, account: str):
        self._account = account
        self._seen: dict[tuple[str, str], list[Any]] = {}

    def forget(self) -> None:
        """Forget what was seen: the next comparison reads every version."""
        self._seen.clear()

    def differences(
        self, known: Mapping[tuple[str, str], tuple[Mark, ...]], retagged: bool
    ) -> tuple[list[Bucket], list[Change], set[tuple[str, str]]]:
        """The buckets, the histories that differ from those `known`, and every key; LOCK is held.

        `retagged`: the tags of any version may have changed.
        """
        s3 = backend(self._account)
        if retagged:
            self.forget()
        buckets, changes, keys = [], [], set()
        for bucket in s3.buckets.values():
            tags = s3.tagger.get_tag_dict_for_resource(bucket.arn)
            about = (bucket.name, bucket.region_name, bucket.creation_date, bucket.versioning_status, tags)
            buckets.append(Bucket(*about))
            for key, versions in dict.items(bucket.keys):
                keys.add((bucket.name, key))
                if change := self._change(s3, bucket.name, key, versions, known.get((bucket.name, key), ())):
                    changes.append(change)
        self._seen = {place: versions for place, versions in self._seen.items() if place in keys}
        return buckets, changes, keys

    def _change(
        self, s3: S3Backend, bucket: str, key: str, versions: list[Any], known: tuple[Mark, ...]
    ) -> Change | None:
        seen = self._seen.get((bucket, key), [])
        if versions == seen:
            return None
        self._seen[bucket, key] = list(versions)
        if seen and len(seen) == len(known) and versions[: len(seen)] == seen:
            marks = known + tuple(_mark(s3, version) for version in versions[len(seen) :])
        else:
            marks = tuple(_mark(s3, version) for version in versions)
        if marks == known:
            return None
        kept = len(known) if marks[: len(known)] == known else 0
        return Change(bucket, key, marks, kept, tuple(_plain(s3, version) for version in versions[kept:]))


def restore_buckets(account: str, buckets: Iterable[Bucket]) -> None:
    """Puts buckets and their objects into an account, beside or in place of those of the same name; LOCK is held."""
    s3 = backend(account)
    for bucket in buckets:
        made = s3.buckets.get(bucket.name)
        if made is None:
            # A method of CloudFormation's is abstract there, and moto creates buckets all the same.
            made = FakeBucket(bucket.name, account, bucket.region)  # type: ignore[abstract]  # see above
        made.creation_date = bucket.created
        made.versioning_status = bucket.versioning
        s3.buckets[bucket.name] = made
        s3_backends.bucket_accounts[bucket.name] = (_PARTITION, account)
        _tag(s3, made.arn, bucket.tags)
        for key, versions in bucket.keys.items():
            made.keys.setlist(key, _made(s3, made, key, versions))


def _mark(s3: S3Backend, version: FakeKey | FakeDeleteMarker) -> Mark:
    """As `plain_files.mark`, without making a Version first: a history may have 10,000."""
    tags = _tags(s3, version) if s3.tagger.tags else {}
    return version.version_id, version.last_modified.replace(tzinfo=UTC), tuple(sorted(tags.items()))


def _tags(s3: S3Backend, version: FakeKey | FakeDeleteMarker) -> dict[str, str]:
    return s3.tagger.get_tag_dict_for_resource(version.arn) if isinstance(version, FakeKey) else {}


def _plain(s3: S3Backend, version: FakeKey | FakeDeleteMarker) -> Version:
    at = version.last_modified.replace(tzinfo=UTC)
    if isinstance(version, FakeDeleteMarker):
        return Version(version.version_id, at, None)
    return Version(
        version.version_id,
        at,
        version.value,
        version.etag.strip('"'),
        dict(version.metadata),
        _tags(s3, version),
        _checksum(version),
        version._is_versioned,
    )


def _checksum(version: FakeKey) -> dict[str, str]:
    algorithm, value = version.checksum_algorithm, version.checksum_value
    return {algorithm: value} if algorithm and value else {}


def _made(s3: S3Backend, bucket: FakeBucket, key: str, versions: Iterable[Version]) -> list[Any]:
    made: list[Any] = []
    for version in versions:
        if version.body is None:
            # A marker points at what it hides; moto needs no more of it than its name.
            hidden = made[-1] if made else FakeKey(key, b'', s3.account_id, bucket.region_name)
            made.append(FakeDeleteMarker(hidden))
            made[-1]._version_id = version.id
        else:
            made.append(_object(s3, bucket, key, version))
        made[-1].last_modified = _naive(version.at)
    return made


def _object(s3: S3Backend, bucket: FakeBucket, key: str, version: Version) -> FakeKey:
    made = FakeKey(
        key,
        version.body or b'',
        s3.account_id,
        bucket.region_name,
        etag=version.etag or None,
        is_versioned=version.versioned,
        version_id=version.id,
        bucket_name=bucket.name,
    )
    made._metadata.update(version.headers)
    if version.checksum:
        [(made.checksum_algorithm, made.checksum_value)] = version.checksum.items()
    _tag(s3, made.arn, version.tags)
    return made


def _tag(s3: S3Backend, arn: str, tags: Any) -> None:
    s3.tagger.delete_all_tags_for_resource(arn)
    s3.tagger.tag_resource(arn, [{'Key': key, 'Value': value} for key, value in tags.items()])


def _naive(at: datetime) -> datetime:
    """moto keeps UTC without saying so."""
    return at.astimezone(UTC).replace(tzinfo=None)
