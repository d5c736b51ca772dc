"""The snapshot's file: whole, of this very program, or nothing."""

import json

import pytest

from stack.sandbox.snapshot import UnusableSnapshot, read, write


def test_nothing_is_read_from_nowhere(tmp_path):
    assert read(tmp_path / 'snapshot') is None


def test_what_was_written_is_read(tmp_path):
    for payload in (b'', b'\n\n', b'x' * 100_000):
        write(tmp_path / 'snapshot', payload)
        assert read(tmp_path / 'snapshot') == payload
    assert [path.name for path in tmp_path.iterdir()] == ['snapshot']


@pytest.mark.parametrize('content', [b'', b'\n', b'[]\nx', b'{}\nx', b'\xff\nx', b'no json'])
def test_what_is_no_snapshot_is_refused(tmp_path, content):
    (tmp_path / 'snapshot').write_bytes(content)
    with pytest.raises(UnusableSnapshot, match='damaged'):
        read(tmp_path / 'snapshot')


def test_what_cannot_be_read_is_refused(tmp_path):
    (tmp_path / 'snapshot').mkdir()
    with pytest.raises(UnusableSnapshot, match='cannot be read'):
        read(tmp_path / 'snapshot')


@pytest.mark.parametrize(('name', 'value'), [('moto', '4.0.0'), ('python', '3.9'), ('format', 99)])
def test_another_program_s_is_refused(tmp_path, name, value):
    write(tmp_path / 'snapshot', b'payload')
    head, _, payload = (tmp_path / 'snapshot').read_bytes().partition(b'\n')
    (tmp_path / 'snapshot').write_bytes(json.dumps(json.loads(head) | {name: value}).encode() + b'\n' + payload)
    with pytest.raises(UnusableSnapshot, match=name):
        read(tmp_path / 'snapshot')
