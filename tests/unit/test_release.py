"""The release: an archive that two builds make alike, and a provenance that names what is in it."""

import hashlib
import io
import json
import tarfile
from datetime import UTC, datetime

from docs.base_images import BaseImage
from docs.release import Build, archive, main, provenance, sums

IMAGES = [BaseImage('node', '24', 'NODE_DIGEST', f'sha256:{"a" * 64}'), BaseImage('python', '3', 'PYTHON_DIGEST')]
NOW = datetime(2030, 1, 1, 12, 30, 15, 999, tzinfo=UTC)


def a_tar(**files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w') as made:
        for number, (name, content) in enumerate(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(content), number, 0o775
            made.addfile(member, io.BytesIO(content))
    return out.getvalue()


def test_two_builds_of_one_commit_are_alike():
    first = archive(a_tar(a=b'1', b=b'2'), {'static/dist/x.js': b'3'}, 'nysa-1', 1_900_000_000)
    second = archive(a_tar(b=b'2', a=b'1'), {'static/dist/x.js': b'3'}, 'nysa-1', 1_900_000_000)
    assert first == second
    with tarfile.open(fileobj=io.BytesIO(first)) as made:
        members = [(each.name, each.mtime, oct(each.mode), each.uname) for each in made]
        assert made.extractfile('nysa-1/static/dist/x.js').read() == b'3'
    assert members == [
        ('nysa-1/a', 1_900_000_000, '0o755', ''),
        ('nysa-1/b', 1_900_000_000, '0o755', ''),
        ('nysa-1/static/dist/x.js', 1_900_000_000, '0o644', ''),
    ]


def test_the_provenance_names_what_was_built_and_from_what():
    build = Build('c' * 40, 'git+https://example.org/nysa', 'https://ci.example.org', NOW, NOW)
    statement = json.loads(json.dumps(provenance({'nysa.tar.gz': b'x'}, {'requirements.lock': b'y'}, IMAGES, build)))
    assert (statement['_type'], statement['predicateType']) == (
        'https://in-toto.io/Statement/v1',
        'https://slsa.dev/provenance/v1',
    )
    assert statement['subject'] == [{'name': 'nysa.tar.gz', 'digest': {'sha256': hashlib.sha256(b'x').hexdigest()}}]
    definition, run = statement['predicate']['buildDefinition'], statement['predicate']['runDetails']
    assert definition['resolvedDependencies'] == [
        {'uri': 'git+https://example.org/nysa', 'digest': {'gitCommit': 'c' * 40}},
        {'name': 'requirements.lock', 'digest': {'sha256': hashlib.sha256(b'y').hexdigest()}},
        {'name': 'node:24', 'uri': 'pkg:docker/node@24', 'digest': {'sha256': 'a' * 64}},
        {'name': 'python:3', 'uri': 'pkg:docker/python@3'},
    ]
    assert run['builder'] == {'id': 'https://ci.example.org'}
    assert run['metadata'] == {'startedOn': '2030-01-01T12:30:15Z', 'finishedOn': '2030-01-01T12:30:15Z'}


def test_the_digests_are_lines_of_sha256sum():
    assert sums({'b': b'', 'a': b'x'}) == (
        f'{hashlib.sha256(b"x").hexdigest()}  a\n{hashlib.sha256(b"").hexdigest()}  b\n'
    )


def test_a_work_tree_with_changes_is_not_released(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr('docs.release.git', lambda *arguments: b' M nysa_server.py\n')
    assert main([str(tmp_path)]) == 1
    assert 'nysa_server.py' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
