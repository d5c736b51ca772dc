"""The command `import`: files, formats, output and exit status."""

import io
from pathlib import Path

import pytest

from stack.changes.conversion.import_command import import_files
from stack.stackfile.check import check
from stack.stackfile.reading import read

FILES = Path(__file__).parent / 'files'


def run(format: str, *files: str | Path, environment: str | None = None) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = import_files([str(file) for file in files], format, environment, out, err)
    return status, out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ('format', 'file', 'expected'),
    [
        ('compose', 'compose.yml', 0),
        ('copilot', 'copilot.yml', 3),
        ('taskdef', 'taskdef.json', 3),
        ('ecspresso', 'ecspresso.yml', 0),
    ],
)
def test_the_output_is_a_stackfile_below_its_notes(format: str, file: str, expected: int):
    status, printed, errors = run(format, FILES / file)
    assert (status, errors) == (expected, '')
    document = read(printed, 'yaml').data
    assert bool(check(document).mistakes) == ('# COMPLETE:' in printed) == (status == 3)
    assert all(len(line) <= 120 for line in printed.splitlines())


def test_an_environment_of_copilot():
    assert 'LOG_LEVEL: warn' in run('copilot', FILES / 'copilot.yml', environment='prod')[1]


@pytest.mark.parametrize(
    ('format', 'name', 'text', 'message'),
    [
        ('compose', 'gone.yml', None, 'gone.yml cannot be read: No such file or directory.'),
        ('compose', 'broken.yml', 'a: [', 'broken.yml: '),
        ('taskdef', 'list.json', '[]', 'This is not a task definition'),
        ('ecspresso', 'other.yml', 'region: eu-west-1', 'it is no ecspresso.yml'),
        ('ecspresso', 'lib.yml', 'service_definition: s.jsonnet\ntask_definition: t.json', 's.jsonnet is Jsonnet'),
    ],
)
def test_files_that_cannot_be_converted(tmp_path: Path, format: str, name: str, text: str | None, message: str):
    file = tmp_path / name
    if text is not None:
        file.write_text(text)
    status, printed, errors = run(format, file)
    assert (status, printed) == (1, '')
    assert message in errors


def test_compose_files_are_merged_by_compose():
    assert 'docker compose config' in run('compose', FILES / 'compose.yml', FILES / 'compose.yml')[2]


def test_a_comment_cannot_be_left(tmp_path: Path):
    file = tmp_path / 'compose.yml'
    file.write_text('services: {web: {image: "x:1", "a\\nservices: []": 1}}')
    printed = run('compose', file)[1]
    assert [name for item in read(printed, 'yaml').data['services'] for name in item] == ['web']
