"""The relay's state in a file: read, written, and broken."""

import logging
from pathlib import Path

import pytest

from stack.chat.relay_state import RelayState
from stack.errors import Misconfigured


@pytest.mark.parametrize('text', ['', '{', '[]', 'null', '{"known": {}}', '{"known": 1, "posted": {}, "waiting": []}'])
def test_a_broken_file_is_ignored(tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str):
    path = tmp_path / 'state'
    path.write_text(text)
    state = RelayState(path)
    assert (state.known, state.posted, state.waiting) == ({}, {}, [])
    assert 'starts from scratch' in caplog.text


@pytest.mark.parametrize('name', ['.', 'there/is/none'])
def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path, name: str):
    with pytest.raises(Misconfigured) as refused:
        RelayState(tmp_path / name)
    assert refused.value.details()[0]['path'] == 'NYSA_RELAY_STATE'


def test_another_process_continues(tmp_path: Path):
    state = RelayState(tmp_path / 'state')
    state.known['prod'] = 'r1'
    state.posted['prod'] = {'ended': []}
    state.since = '2030-01-01T00:00:00+00:00'
    state.keep(['a line'])
    again = RelayState(tmp_path / 'state')
    assert again.since == state.since
    assert (again.known, again.posted, again.waiting) == ({'prod': 'r1'}, {'prod': {'ended': []}}, ['a line'])
    assert [each.name for each in tmp_path.iterdir()] == ['state']


def test_the_file_of_a_former_version_is_read(tmp_path: Path):
    path = tmp_path / 'state'
    path.write_text('{"known": {"prod": "r1"}, "told": {"prod": {"ended": ["r1 aborted"]}}, "waiting": []}')
    assert RelayState(path).posted == {'prod': {'ended': ['r1 aborted']}}


def test_a_disk_that_fails_later_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    folder = tmp_path / 'folder'
    folder.mkdir()
    state = RelayState(folder / 'state')
    (folder / 'state').unlink()
    folder.rmdir()
    state.keep(['a line'])
    assert state.waiting == ['a line']
    assert [each.levelno for each in caplog.records] == [logging.WARNING]


def test_nothing_is_stored_without_a_path():
    RelayState().keep(['a line'])
