"""Rules for the contents of files in the repository."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Written in parts, so that this file holds none of them itself.
REGISTRIES = [
    'registry.' + 'npmjs',
    'registry.' + 'yarnpkg',
    'pypi.' + 'org',
    'files.' + 'pythonhosted',
    'deb.' + 'debian',
    'proxy.' + 'golang',
    'index.' + 'docker',
]
MACHINE_PATHS = ['/' + 'root/', '/' + 'work/', '/home' + '/', '/Us' + 'ers/']

EXEMPTION = re.compile(
    r'(?P<mark>#\s*(?:ruff: )?noqa(?:: ?[A-Z]+\d+(?:, ?[A-Z]+\d+)*)?|#\s*type: ignore(?:\[[\w,-]+\])?)(?P<rest>.*)'
)
SKIP = re.compile(r'pytest\.(?:mark\.)?(?:skip|skipif|xfail|importorskip)\b')


def tracked() -> list[Path]:
    listed = subprocess.run(['git', 'ls-files', '-z'], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in listed.split('\0') if name and (ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    found = []
    for path in tracked():
        try:
            found.append((str(path.relative_to(ROOT)), path.read_text()))
        except UnicodeDecodeError:
            continue
    return found


def lines_of_python() -> list[tuple[str, str]]:
    return [
        (f'{name}:{number}', line)
        for name, text in texts()
        if name.endswith('.py')
        for number, line in enumerate(text.splitlines(), 1)
    ]


@pytest.mark.parametrize('word', REGISTRIES)
def test_no_file_names_the_host_of_a_package_registry(word: str):
    assert not [name for name, text in texts() if word in text]


@pytest.mark.parametrize('path', MACHINE_PATHS)
def test_no_file_names_a_path_of_one_machine(path: str):
    start = re.compile(rf'(?<![\w.~*)/}}-]){path}')
    assert not [name for name, text in texts() if start.search(text)]


def test_every_exemption_says_why():
    """Behind `noqa` and `type: ignore`, on the same line."""
    silent = []
    for place, line in lines_of_python():
        found = EXEMPTION.search(line)
        if found and not re.search(r'[a-z]{3}', found['rest']):
            silent.append(place)
    assert not silent


def test_every_skip_says_why():
    silent = [
        place for place, line in lines_of_python() if SKIP.search(line) and 'reason=' not in line and '(' not in line
    ]
    assert not silent


def test_what_set_up_makes_is_not_tracked():
    made = ('.venv/', 'static/node_modules/', 'static/dist/', '.nysa/', '__pycache__/', '.egg-info/')
    assert not [name for name, _ in texts() if any(part in f'{name}/' for part in made)]
