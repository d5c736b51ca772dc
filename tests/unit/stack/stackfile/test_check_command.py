"""Stackfiles on disk."""

import io
import json
import sys
from pathlib import Path

import pytest

from stack.stackfile.check_command import check_files
from tests.unit.stack.stackfile.examples import EXAMPLE


def run(*paths: object) -> tuple[int, list[str]]:
    out = io.StringIO()
    status = check_files([str(path) for path in paths], out)
    return status, out.getvalue().splitlines()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / 'good.yml'
    path.write_text(EXAMPLE)
    return path


def test_nothing_to_say(good: Path):
    assert run(good) == (0, [])


@pytest.mark.parametrize(
    ('name', 'body', 'lines'),
    [
        (
            'a.yml',
            b'services:\n  - web:\n      image: a:1\n      memory: much\n      ports: ["80"]\n',
            [
                '4:7: services[0].web.memory: expected a whole number from 4 to 25165824; found "much"',
                '5:15: services[0].web.ports[0]: expected HOST:CONTAINER or HOST:CONTAINER/udp in quotes, '
                'ports from 1 to 65535; found "80"',
            ],
        ),
        ('a.yml', b'services: [\n', ['2:1: while parsing a flow node, did not find expected node content']),
        ('a.json', b'{"services": []\n', ["2:1: not JSON: Expecting ',' delimiter"]),
        (
            'a.yaml',
            b'a: 1\na: 2\nb: .inf\n',
            [
                '1:1: services: is missing: expected a list of services, each a name with its settings below it',
                "2:1: a: the key 'a' is repeated here",
                '2:1: a: unknown key',
                '3:1: b: unknown key',
                '3:4: b: the number .inf cannot be represented: put it in quotes',
            ],
        ),
        ('a.yml', b'\xff', ['1:1: the text is not UTF-8: byte 1 is not part of a character']),
        ('a.yml', b' ' * (1024 * 1024 + 1), ['1:1: the text has 1,048,577 bytes; at most 1,048,576 are accepted']),
        ('a.yml', b'', ['1:1: expected a mapping; found nothing']),
    ],
)
def test_mistakes(tmp_path: Path, name: str, body: bytes, lines: list[str]):
    path = tmp_path / name
    path.write_bytes(body)
    assert run(path) == (1, [f'{path}:{line}' for line in lines])


def test_warnings_are_no_mistakes(tmp_path: Path):
    path = tmp_path / 'a.yml'
    path.write_text('services:\n- web: {image: app}\n')
    assert run(path) == (
        0,
        [f'{path}:2:9: warning: services[0].web.image: has no tag: what runs depends on when it is pulled'],
    )


def test_files_that_cannot_be_read(tmp_path: Path, good: Path):
    missing = tmp_path / 'none.yml'
    assert run(missing, good, tmp_path) == (
        1,
        [f'{missing}: cannot be read: No such file or directory', f'{tmp_path}: cannot be read: Is a directory'],
    )


def test_every_file_is_checked(tmp_path: Path, good: Path):
    for name in ('a.yml', 'b.yml'):
        (tmp_path / name).write_text('services: 1\n')
    status, lines = run(tmp_path / 'a.yml', good, tmp_path / 'b.yml')
    assert status == 1
    assert [Path(line.split(':')[0]).name for line in lines] == ['a.yml', 'b.yml']


def test_standard_input(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, 'stdin', io.TextIOWrapper(io.BytesIO(b'services: 1\n')))
    assert run('-')[1][0].startswith('stdin:1:1: services: expected a list of services')


def test_as_json_each_finding_is_an_object(tmp_path: Path, good: Path):
    bad = tmp_path / 'bad.yml'
    bad.write_text('services:\n  - web: {bogus: 1}\n')
    out = io.StringIO()
    assert check_files([str(bad), str(good), str(tmp_path / 'absent.yml')], out, as_json=True) == 1
    found = json.loads(out.getvalue())
    assert {each['file'] for each in found} == {str(bad), str(tmp_path / 'absent.yml')}
    assert {'severity': 'error', 'line': 2}.items() <= found[0].items()
    assert 'bogus' in found[0]['path']


def test_as_json_nothing_found_is_an_empty_list(good: Path):
    out = io.StringIO()
    assert check_files([str(good)], out, as_json=True) == 0
    assert json.loads(out.getvalue()) == []
