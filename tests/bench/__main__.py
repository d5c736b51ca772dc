"""Runs the benchmarks: `python -m tests.bench [NAME …]`, all but the long ones unless some are named.

Each is a module beside this one with a `main()` that prints a table, and runs in a process of its own. A figure that is
worse than it should be is printed, and fails nothing; only a benchmark that breaks does.
"""

import argparse
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

# Run only where they are named: they take a quarter of an hour and more.
LONG = ('looks', 'soak')


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules([str(HERE)]) if not module.name.startswith('_'))


def usual() -> list[str]:
    return [name for name in names() if name not in LONG]


def title(name: str) -> str:
    doc = importlib.import_module(f'tests.bench.{name}').__doc__ or ''
    return doc.partition('\n')[0]


def run(name: str) -> bool:
    print(f'\n{name}: {title(name)}\n', flush=True)
    command = f'from tests.bench import {name}; {name}.main()'
    return subprocess.run([sys.executable, '-c', command], cwd=HERE.parents[1], check=False).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m tests.bench', description=__doc__.partition('\n')[0])
    parser.add_argument('names', nargs='*', metavar='NAME', choices=[[], *names()], help=', '.join(names()))
    parser.add_argument('--list', action='store_true', help='name them, and run none')
    options = parser.parse_args()
    if options.list:
        print(*(f'{name:20} {title(name)}' for name in names()), sep='\n')
        return 0
    broken = [name for name in options.names or usual() if not run(name)]
    if broken:
        print(f'\nbroken: {", ".join(broken)}')
    return 1 if broken else 0


if __name__ == '__main__':
    sys.exit(main())
