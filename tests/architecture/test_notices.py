"""Third-party notices of the image: every Python package is named, with its licence and the text of it."""

import re
import subprocess
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

from docs.notices import PINNED, notices

ROOT = Path(__file__).parents[2]
LOCK = ROOT / 'requirements.lock'


class Bare(Distribution):
    """A package with metadata and nothing else."""

    def read_text(self, filename: str) -> str | None:
        return 'Metadata-Version: 2.1\nName: bare_package\nVersion: 1.0\n' if filename == 'METADATA' else None

    def locate_file(self, path: object) -> Path:
        raise FileNotFoundError(path)


def test_every_locked_python_package_has_its_licence():
    printed = subprocess.run(
        [sys.executable, 'docs/notices.py', str(LOCK)], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    heads = re.findall(r'^(\S+ \S+) \((?!unknown).*\)$', printed, re.MULTILINE)
    named = {head.replace('_', '-').lower() for head in heads}
    assert {f'{name} {version}' for name, version in PINNED.findall(LOCK.read_text())} <= named
    assert 'no licence text' not in printed
    assert 'Permission is hereby granted' in printed


def test_packages_beside_the_lock_are_not_named():
    assert not any(section.startswith('pytest') for section in notices(LOCK.read_text(), list(distributions())))


def test_a_package_without_a_licence_is_named_all_the_same():
    [section] = notices('bare-package==1.0 \\\n    --hash=sha256:00\n', [Bare()])
    assert section.startswith('bare_package 1.0 (unknown)\n')
    assert 'The package contains no licence text.' in section
