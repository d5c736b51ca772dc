"""What a relay keeps of what it has told."""

import logging
from pathlib import Path

import pytest

from stack.chat.relay_state import RelayState
from stack.errors import Misconfigured


@pytest.mark.parametrize('text', ['', '{', '[]', 'null', '{"known": {}}', '{"known": 1, "told": {}, "waiting": []}'])
def test_what_cannot_be_read_is_left(tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str):
    path = tmp_path / 'state'
    path.write_text(text)
    state = RelayState(path)
    assert (state.known, state.told, state.waiting) == ({}, {}, [])
    assert 'starts anew' in caplog.text


@pytest.mark.parametrize('name', ['.', 'there/is/none'])
def test_a_place_where_nothing_can_be_kept(tmp_path: Path, name: str):
    with pytest.raises(Misconfigured) as refused:
        RelayState(tmp_path / name)
    assert refused.value.details()[0]['path'] == 'NYSA_RELAY_STATE'


def test_another_process_has_what_was_kept(tmp_path: Path):
    state = RelayState(tmp_path / 'state')
    state.known['prod'] = 'r1'
    state.told['prod'] = {'ended': []}
    state.keep(['a line'])
    again = RelayState(tmp_path / 'state')
    assert (again.known, again.told, again.waiting) == ({'prod': 'r1'}, {'prod': {'ended': []}}, ['a line'])
    assert [each.name for each in tmp_path.iterdir()] == ['state']


def test_a_disk_that_fails_later_silences_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    folder = tmp_path / 'folder'
    folder.mkdir()
    state = RelayState(folder / 'state')
    (folder / 'state').unlink()
    folder.rmdir()
    state.keep(['a line'])
    assert state.waiting == ['a line']
    assert [each.levelno for each in caplog.records] == [logging.WARNING]


def test_nothing_is_kept_unless_asked_for():
    RelayState().keep(['a line'])
