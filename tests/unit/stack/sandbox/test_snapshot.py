"""The snapshot's file: whole, of this very program, or nothing."""

import json
import os
import pickle
import subprocess
from typing import Any

import pytest

from stack.sandbox.snapshot import UnusableSnapshot, read, restore, write


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


class Reduced:
    """Pickled as a call of a function."""

    def __init__(self, function: Any, *arguments: Any):
        self._reduced = function, arguments

    def __reduce__(self) -> tuple:
        return self._reduced


def named(module: str, name: str) -> bytes:
    """A pickle that names something by any path, and calls it."""
    text = [f'\x8c{chr(len(each))}{each}'.encode('latin-1') for each in (module, name)]
    return b'\x80\x04' + b''.join(text) + b'\x93' + b')R.'


@pytest.mark.parametrize(
    'payload',
    [
        pickle.dumps(Reduced(os.system, 'true')),
        pickle.dumps(Reduced(subprocess.Popen, ['true'])),
        pickle.dumps(Reduced(getattr, 'text', 'upper')),
        pickle.dumps(Reduced(eval, '1')),
        named('moto.core.utils', 're.compile'),
        named('stack.sandbox.persistence', 'fcntl.flock'),
        named('stack.sandbox.snapshot', 'dump'),
        named('stack.sandbox.server', 'Path'),
    ],
)
def test_a_snapshot_calls_nothing_but_what_moto_and_the_sandbox_consist_of(payload: bytes):
    with pytest.raises(UnusableSnapshot, match='may not be in a snapshot'):
        restore('999999999999', payload)
