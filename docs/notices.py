"""Third-party notices of the Python packages in the image: `python -m docs.notices LOCK [SITE_PACKAGES]` prints them.

Name, version, licence and licence texts come from each package's metadata:
https://packaging.python.org/en/latest/specifications/core-metadata/
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

LICENCE_FILE = re.compile(r'\.dist-info/(licenses/.*|(LICEN[CS]E|COPYING|NOTICE|AUTHORS)[^/]*)$', re.IGNORECASE)
PINNED = re.compile(r'^([A-Za-z0-9._-]+)==([^\s;]+)', re.MULTILINE)


def notices(lock: str, installed: list[Distribution]) -> Iterator[str]:
    """One section for each installed package that the lock names, by name."""
    locked = {_normalised(name) for name, _ in PINNED.findall(lock)}
    found = {_normalised(package.name): package for package in installed}
    for name in sorted(locked & found.keys()):
        package = found[name]
        texts = [text.strip() for text in _texts(package)] or ['The package contains no licence text.']
        yield '\n\n'.join([f'{package.name} {package.version} ({_licence(package)})\n{"=" * 72}', *texts, ''])


def _licence(package: Distribution) -> str:
    """Its SPDX expression; older packages have a classifier or a free text instead."""
    metadata = package.metadata
    classifiers = [
        classifier.rpartition(' :: ')[2]
        for classifier in metadata.get_all('Classifier', [])
        if classifier.startswith('License :: ')
    ]
    return metadata['License-Expression'] or ', '.join(classifiers) or metadata['License'] or 'unknown'


def _texts(package: Distribution) -> Iterator[str]:
    for path in sorted(package.files or [], key=str):
        if LICENCE_FILE.search(str(path)):
            yield path.read_text(encoding='utf-8')


def _normalised(name: str) -> str:
    return re.sub(r'[-_.]+', '-', name).lower()


def main() -> None:
    lock, *site_packages = sys.argv[1:]
    installed = list(distributions(path=site_packages) if site_packages else distributions())
    print('Nysa contains these packages. Their licences follow.\n')
    print('\n'.join(notices(Path(lock).read_text(), installed)))


if __name__ == '__main__':
    main()
