"""S3's objects as files: whatever happens to them, what can be read is read, and nothing else breaks."""

import hashlib
import json
import logging
import os
import stat
from datetime import UTC, datetime, timedelta

import pytest

from stack.sandbox.plain_files import Bucket, Change, PlainFiles, Version, directory_name, mark

CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def version(number: int, body: bytes | None = b'{"services": []}', **more) -> Version:
    headers = {} if body is None else {'content-type': 'application/json', 'x-amz-meta-by': 'ann'}
    at = CREATED + timedelta(days=number, microseconds=number)
    etag = '' if body is None else hashlib.md5(body).hexdigest()
    return Version(f'id-{number}', at, body, etag, headers, **more)


HISTORY = (version(1), version(2, tags={'a': 'b'}), version(3, None), version(4, b'\0\xff'), version(5, b'no json'))


def write(files: PlainFiles, keys: dict[str, tuple[Version, ...]], bucket: str = 'states', **about) -> None:
    """The bucket's whole content, as S3 reports it."""
    changes = []
    for key, versions in keys.items():
        marks, known = tuple(map(mark, versions)), files.known.get((bucket, key), ())
        kept = len(known) if marks[: len(known)] == known else 0
        if marks != known:
            changes.append(Change(bucket, key, marks, kept, versions[kept:]))
    files.write([Bucket(bucket, 'us-east-1', CREATED, **about)], changes, {(bucket, key) for key in keys})


def read(directory) -> dict[str, tuple[Version, ...]]:
    (bucket,) = PlainFiles(directory).read()
    return dict(bucket.keys)


@pytest.fixture
def prod(tmp_path):
    """A directory that holds HISTORY under the key `prod`; the directory of that key comes back."""
    write(PlainFiles(tmp_path), {'prod': HISTORY}, versioning='Enabled', tags={'team': 'x'})
    return tmp_path / 'states' / 'prod'


def test_nothing_is_read_from_nowhere(tmp_path):
    assert PlainFiles(tmp_path / 'none').read() == []


def test_what_was_written_is_read(tmp_path, prod):
    assert PlainFiles(tmp_path).read() == [
        Bucket('states', 'us-east-1', CREATED, 'Enabled', {'team': 'x'}, {'prod': HISTORY})
    ]


def test_a_person_can_read_them(prod):
    names = sorted(path.name for path in prod.iterdir())
    assert names == ['0001-id-1.json', '0002-id-2.json', '0004-id-4.bin', '0005-id-5.txt', 'index.jsonl']
    assert (prod / '0001-id-1.json').read_bytes() == b'{"services": []}'
    head, *lines = map(json.loads, (prod / 'index.jsonl').read_text().splitlines())
    assert head == {'key': 'prod'}
    assert lines[0]['headers']['x-amz-meta-by'] == 'ann'
    assert lines[2] == {
        'version': 'id-3',
        'at': HISTORY[2].at.isoformat(),
        'deleted': True,
        'tags': {},
        'versioned': True,
    }


def test_a_new_version_adds_a_line_and_a_file(tmp_path, prod):
    files = PlainFiles(tmp_path)
    files.read()
    before = (prod / 'index.jsonl').read_bytes()
    times = {path: path.stat().st_mtime_ns for path in prod.glob('0*')}
    write(files, {'prod': (*HISTORY, version(6))})
    assert (prod / 'index.jsonl').read_bytes().startswith(before)
    assert all(path.stat().st_mtime_ns == at for path, at in times.items())
    assert read(tmp_path)['prod'] == (*HISTORY, version(6))


def test_versions_tags_keys_and_buckets_may_go(tmp_path, prod):
    files = PlainFiles(tmp_path)
    files.read()
    rest = (HISTORY[0], version(2, tags={}), HISTORY[4])
    write(files, {'prod': rest, 'other': HISTORY[:1]})
    assert read(tmp_path) == {'prod': rest, 'other': HISTORY[:1]}
    assert len(list(prod.glob('0*'))) == 3
    write(files, {'other': HISTORY[:1]})
    assert not prod.exists()
    files.write([], [], set())
    assert list(tmp_path.iterdir()) == []


def test_a_key_without_versions_is_overwritten_as_safely(tmp_path):
    files = PlainFiles(tmp_path)
    for number in (1, 2):
        at = CREATED + timedelta(seconds=number)
        write(
            files,
            {'k': (Version('null', at, b'%d' % number, hashlib.md5(b'%d' % number).hexdigest(), versioned=False),)},
        )
    assert [v.body for v in read(tmp_path)['k']] == [b'2']
    assert len(list((tmp_path / 'states' / 'k').glob('0*'))) == 1


AWKWARD = [
    'a/b',
    '..',
    '.',
    'index.jsonl',
    'bucket.json',
    'Prod',
    'prod',
    'ü' * 300,
    'x' * 1024,
    'a%2Fb',
    '\n',
    '~',
    '*?:',
]


def test_any_key_has_a_place_of_its_own(tmp_path):
    keys = {key: (version(number),) for number, key in enumerate(AWKWARD)}
    write(PlainFiles(tmp_path), keys)
    assert read(tmp_path) == keys
    assert len({directory_name(key).lower() for key in AWKWARD}) == len(AWKWARD)
    assert max(len(directory_name(key)) for key in AWKWARD) < 128


def test_common_keys_are_their_own_names():
    assert [directory_name(key) for key in ('production', 'team-a_2')] == ['production', 'team-a_2']


def cut_line(prod):
    with (prod / 'index.jsonl').open('rb+') as index:
        index.truncate(index.seek(0, os.SEEK_END) - 20)


def not_json(prod):
    text = (prod / 'index.jsonl').read_text().splitlines(keepends=True)
    (prod / 'index.jsonl').write_text(''.join(text[:-1]) + '[1, 2]\n')


def not_utf8(prod):
    lines = (prod / 'index.jsonl').read_bytes().splitlines(keepends=True)
    (prod / 'index.jsonl').write_bytes(b''.join(lines[:-1]) + b'\xff\xfe\n')


def lost_body(prod):
    (prod / '0005-id-5.txt').unlink()


def short_body(prod):
    (prod / '0005-id-5.txt').write_bytes(b'no')


def other_body(prod):
    (prod / '0005-id-5.txt').write_bytes(b'no jsoN')


@pytest.mark.parametrize(
    'damage', [cut_line, not_json, not_utf8, lost_body, short_body, other_body], ids=lambda d: d.__name__
)
def test_a_damaged_version_is_left_out_and_the_rest_goes_on(tmp_path, prod, damage, caplog):
    damage(prod)
    files = PlainFiles(tmp_path)
    (bucket,) = files.read()
    assert bucket.keys['prod'] == HISTORY[:4]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    caplog.clear()
    write(files, {'prod': (*HISTORY[:4], version(6))})
    assert read(tmp_path)['prod'] == (*HISTORY[:4], version(6))
    assert not caplog.records
    assert (prod / 'index.damaged').exists(), 'what was found stays for a person to look at'


def test_an_index_without_a_head_is_left_out(tmp_path, prod, caplog):
    (prod / 'index.jsonl').write_bytes(b'\0\0\0')
    assert read(tmp_path) == {}
    assert 'prod' in caplog.text
    assert list(prod.glob('0*')), 'the bodies stay'


@pytest.mark.parametrize('content', [b'', b'[]', b'{}', b'\xff', b'{"name": "states", "region": 1, "created": "x"}'])
def test_a_bucket_outlives_its_own_file(tmp_path, prod, content, caplog):
    (prod.parent / 'bucket.json').write_bytes(content)
    (bucket,) = PlainFiles(tmp_path).read()
    assert (bucket.name, bucket.versioning, bucket.keys) == ('states', 'Enabled', {'prod': HISTORY})
    assert 'bucket.json' in caplog.text


def test_a_write_that_fails_is_made_good_by_the_next(tmp_path, prod, monkeypatch):
    files = PlainFiles(tmp_path)
    files.read()
    sync = os.fsync

    def full(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError('the disk is full')
        sync(descriptor)

    with monkeypatch.context() as broken:
        broken.setattr(os, 'fsync', full)
        with pytest.raises(OSError, match='full'):
            write(files, {'prod': (*HISTORY, version(6, None))})
    write(files, {'prod': (*HISTORY, version(6, None))})
    assert read(tmp_path)['prod'] == (*HISTORY, version(6, None))
