"""S3's objects and their history as plain files, which people and other programs can read.

::

    s3/<bucket>/bucket.json                 region, when it was made, versioning, tags
    s3/<bucket>/<key>/index.jsonl           the key; then one line a version, the oldest first
    s3/<bucket>/<key>/0001-<version>.json   the body of a version, byte for byte

A body is whole before its line is written, so that a process that is killed damages nothing. What cannot be read, or
is not as it was written, is left out with a warning.
"""

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from stack.sandbox.safe_files import append, write_unnamed, write_whole

log = logging.getLogger(__name__)

_INDEX = 'index.jsonl'
_BUCKET = 'bucket.json'
# What a file that is no JSON, or not of our making, may raise.
_UNREADABLE = (ValueError, LookupError, TypeError)


@dataclass(frozen=True)
class Version:
    """One version of a key; a delete marker has no body. `at` is when it was stored, in UTC."""

    id: str
    at: datetime
    body: bytes | None
    etag: str = ''
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    # By the name of its algorithm, as S3 has it: CRC32.
    checksum: Mapping[str, str] = field(default_factory=dict)
    versioned: bool = True


# Identifies a version without its body: id, time, and tags, which may change later.
Mark = tuple[str, datetime, tuple[tuple[str, str], ...]]


def mark(version: Version) -> Mark:
    return version.id, version.at, tuple(sorted(version.tags.items()))


@dataclass(frozen=True)
class Bucket:
    """A bucket; `keys` are the histories that it holds, the oldest version first."""

    name: str
    region: str
    created: datetime
    versioning: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, tuple[Version, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """A history that differs from what is on the disk: its marks, and its versions from the `kept`th on."""

    bucket: str
    key: str
    marks: tuple[Mark, ...]
    kept: int
    versions: tuple[Version, ...]


class PlainFiles:
    """The files under one directory, and what is known of them, so that only what is new is written."""

    def __init__(self, directory: Path):
        self._directory = directory
        self._buckets: dict[str, dict[str, Any]] = {}
        # By bucket and key, what is on the disk.
        self.known: dict[tuple[str, str], tuple[Mark, ...]] = {}

    def read(self) -> list[Bucket]:
        """Every bucket that is on the disk."""
        if not self._directory.is_dir():
            return []
        return [self._read_bucket(path) for path in sorted(self._directory.iterdir()) if path.is_dir()]

    def write(self, buckets: Collection[Bucket], changes: Iterable[Change], keys: Container[tuple[str, str]]) -> None:
        """Brings the files up to date: `buckets`, without their keys, and `keys` are all that there are.

        Raises OSError.
        """
        names = {bucket.name for bucket in buckets}
        for bucket in buckets:
            self._write_bucket(bucket)
        for change in changes:
            self._write_key(change)
        for bucket_name, key in [gone for gone in self.known if gone not in keys]:
            shutil.rmtree(self._directory / bucket_name / directory_name(key), ignore_errors=True)
            del self.known[bucket_name, key]
        for name in [gone for gone in self._buckets if gone not in names]:
            shutil.rmtree(self._directory / name, ignore_errors=True)
            del self._buckets[name]

    def _write_bucket(self, bucket: Bucket) -> None:
        about = {
            'name': bucket.name,
            'region': bucket.region,
            'created': bucket.created.isoformat(),
            'versioning': bucket.versioning,
            'tags': dict(bucket.tags),
        }
        if self._buckets.get(bucket.name) == about:
            return
        (self._directory / bucket.name).mkdir(parents=True, exist_ok=True)
        write_whole(self._directory / bucket.name / _BUCKET, json.dumps(about, indent=2).encode() + b'\n')
        self._buckets[bucket.name] = about

    def _write_key(self, change: Change) -> None:
        directory = self._directory / change.bucket / directory_name(change.key)
        directory.mkdir(parents=True, exist_ok=True)
        lines = _lines(directory, change.versions, change.kept)
        if change.kept:
            append(directory / _INDEX, b''.join(lines))
        else:
            write_whole(directory / _INDEX, json.dumps({'key': change.key}).encode() + b'\n' + b''.join(lines))
            # What could not be read is not known, and stays for a person to look at.
            if (change.bucket, change.key) in self.known:
                _remove_unlisted(directory, lines)
        self.known[change.bucket, change.key] = change.marks

    def _read_bucket(self, directory: Path) -> Bucket:
        about: dict[str, Any] = {}
        try:
            about = json.loads((directory / _BUCKET).read_bytes())
            created = datetime.fromisoformat(about['created'])
            bucket = Bucket(about['name'], about['region'], created, about['versioning'], about['tags'])
        except (OSError, *_UNREADABLE) as wrong:
            log.warning('treated %s as a versioned bucket, since its %s cannot be read: %s', directory, _BUCKET, wrong)
            bucket = Bucket(directory.name, 'us-east-1', datetime.now(UTC), 'Enabled')
        self._buckets[bucket.name] = about
        return replace(bucket, keys=dict(self._read_keys(bucket.name, directory)))

    def _read_keys(self, bucket: str, directory: Path) -> Iterator[tuple[str, tuple[Version, ...]]]:
        for index in sorted(directory.glob(f'*/{_INDEX}')):
            key, versions, whole = _read_index(index)
            if not whole:
                shutil.copy(index, index.with_name('index.damaged'))
            elif key is not None:
                self.known[bucket, key] = tuple(map(mark, versions))
            if key is not None and versions:
                yield key, versions


def directory_name(key: str) -> str:
    """A directory's name for a key: the key itself, escaped as in a URL, where no other name of a disk can clash.

    Letters in upper case, a dot at the front and great length take a hash to stay apart on every disk.
    """
    name = quote(key, safe='')
    if len(name) <= 100 and key == key.lower() and not key.startswith('.') and key != _BUCKET:
        return name
    return f'{name[:100]}~{hashlib.sha256(key.encode()).hexdigest()[:12]}'


def _lines(directory: Path, versions: Iterable[Version], before: int) -> list[bytes]:
    """The index's lines for these versions, whose bodies are written first."""
    lines = []
    for number, version in enumerate(versions, before + 1):
        line: dict[str, Any] = {'version': version.id, 'at': version.at.isoformat()}
        if version.body is None:
            line['deleted'] = True
        else:
            line['file'] = _file_name(number, version)
            line |= {'size': len(version.body), 'etag': version.etag, 'headers': dict(version.headers)}
            line['checksum'] = dict(version.checksum)
            # A body that is listed already is not touched: it would be in pieces for a moment.
            path = directory / line['file']
            if before or not path.exists() or path.read_bytes() != version.body:
                write_unnamed(path, version.body)
        line |= {'tags': dict(version.tags), 'versioned': version.versioned}
        lines.append(json.dumps(line).encode() + b'\n')
    return lines


def _file_name(number: int, version: Version) -> str:
    """The file of one body, never reused: in an unversioned bucket the time takes the place of the version id."""
    name = version.id if version.versioned else f'{version.at:%Y%m%dT%H%M%S.%f}'
    return f'{number:04}-{re.sub("[^A-Za-z0-9_.-]", "_", name)}{_suffix(version.body or b"")}'


def _suffix(body: bytes) -> str:
    try:
        json.loads(body)
    except ValueError:
        return '.bin' if b'\0' in body else '.txt'
    return '.json'


def _remove_unlisted(directory: Path, lines: Iterable[bytes]) -> None:
    listed = {json.loads(line).get('file') for line in lines}
    for path in directory.iterdir():
        if path.name not in listed and re.match(r'\d{4,}-', path.name):
            path.unlink()


def _read_index(index: Path) -> tuple[str | None, tuple[Version, ...], bool]:
    """The key, its versions, and whether all of the index could be read."""
    try:
        head, *lines = index.read_bytes().split(b'\n')
        key = str(json.loads(head)['key'])
    except (OSError, *_UNREADABLE) as wrong:
        log.warning('left out %s, which cannot be read: %s', index.parent, wrong)
        return None, (), False
    versions, whole = [], lines[-1:] == [b'']
    for line in filter(None, lines):
        try:
            versions.append(_read_version(index.parent, json.loads(line)))
        except (OSError, *_UNREADABLE) as wrong:
            log.warning('left out a version of %s, which cannot be read: %s', index.parent, wrong)
            whole = False
    return key, tuple(versions), whole


def _read_version(directory: Path, line: Mapping[str, Any]) -> Version:
    at = datetime.fromisoformat(line['at'])
    if line.get('deleted'):
        return Version(line['version'], at, None)
    body = (directory / line['file']).read_bytes()
    if len(body) != line['size'] or not _fits(body, line['etag']):
        raise ValueError(f'{line["file"]} is not as it was written')
    return Version(
        line['version'],
        at,
        body,
        line['etag'],
        line['headers'],
        line['tags'],
        line['checksum'],
        line['versioned'],
    )


def _fits(body: bytes, etag: str) -> bool:
    """Whether the ETag is that of the body; it is no MD5 where an object was uploaded in parts."""
    return '-' in etag or hashlib.md5(body, usedforsecurity=False).hexdigest() == etag
