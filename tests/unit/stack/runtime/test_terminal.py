"""The terminal or file that a command writes to."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack.runtime import terminal
from tests.process import ROOT, environment

BAD = 'services:\n' + ''.join(f'  - web-{n}: {{bogus: {n}}}\n' for n in range(3000))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ('variables', 'shows'),
    [({}, True), ({'NO_COLOR': '1'}, False), ({'NO_COLOR': ''}, True), ({'TERM': 'dumb'}, False)],
)
def test_colours_are_for_terminals_that_show_them(monkeypatch: pytest.MonkeyPatch, variables: dict, shows: bool):
    monkeypatch.delenv('NO_COLOR', raising=False)
    monkeypatch.setenv('TERM', 'xterm')
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert terminal.shows_colour(Terminal()) is shows
    assert not terminal.shows_colour(io.StringIO())


@pytest.mark.parametrize(('encoding', 'shown'), [('utf-8', '✓'), ('ascii', 'done:'), ('latin-1', 'done:')])
def test_signs_are_those_that_the_encoding_has(encoding: str, shown: str):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert terminal.sign(out, '✓', 'done:') == shown


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / 'bad.yml'
    path.write_text(BAD)
    return path


def check(path: Path, out: int, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, 'nysa_server.py', 'check', str(path)],
        cwd=ROOT,
        env=environment(**variables),
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_reader_that_has_read_enough_is_no_error(bad: Path):
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        ended = check(bad, write_end)
    finally:
        os.close(write_end)
    assert (ended.returncode, ended.stderr) == (1, '')


def test_a_full_disk_is_reported_in_a_sentence(bad: Path):
    with Path('/dev/full').open('wb') as full:
        ended = check(bad, full.fileno())
    assert (ended.returncode, ended.stderr) == (1, 'The output cannot be written: No space left on device.\n')


def test_what_ascii_lacks_is_escaped(tmp_path: Path):
    path = tmp_path / 'bad.yml'
    path.write_text('services:\n  - web: {"größe": 1}\n')
    with (tmp_path / 'out').open('wb') as out:
        ended = check(path, out.fileno(), PYTHONIOENCODING='ascii', PYTHONUTF8='0')
    assert (ended.returncode, ended.stderr) == (1, '')
    assert 'gr\\xf6\\xdfe' in (tmp_path / 'out').read_text()
