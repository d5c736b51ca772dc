"""The build of the control plane, file by file: what the first load costs, and the licences of what is bundled."""

import gzip
import json
import re
from pathlib import Path

import pytest

from handlers.document.control_plane import STATIC, read_build

DIST = STATIC / 'dist'

# What the first load may cost, in bytes after gzip.
SCRIPT_BUDGET = 70_000
STYLE_BUDGET = 12_000


def compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes()))


def first_load(entry: str = 'src/main.tsx') -> set[str]:
    """The entry's script, and every script that it imports before anything is shown."""
    manifest = json.loads((DIST / 'manifest.json').read_text())
    waiting, scripts = [entry], set()
    while waiting:
        chunk = manifest[waiting.pop()]
        if chunk['file'] not in scripts:
            scripts.add(chunk['file'])
            waiting += chunk.get('imports', [])
    return scripts


def test_the_first_load_is_within_its_budget():
    assert sum(compressed(DIST / name) for name in first_load()) <= SCRIPT_BUDGET
    assert sum(compressed(DIST / name) for name in read_build().styles) <= STYLE_BUDGET


def test_the_editor_is_not_in_the_first_load():
    assert not any('code-editor' in name for name in first_load())


@pytest.mark.parametrize('name', json.loads((STATIC / 'package.json').read_text())['dependencies'])
def test_every_bundled_package_has_its_licence(name: str):
    version = json.loads((STATIC / 'package.json').read_text())['dependencies'][name]
    notices = (DIST / 'third-party-notices.md').read_text()
    section = re.search(rf'^## {re.escape(name)} - {re.escape(version)} \(.+\)\n(.*?)(?=^## |\Z)', notices, re.M | re.S)
    assert section
    assert re.search('permission is hereby granted|SIL OPEN FONT LICENSE', section[1], re.IGNORECASE)
