"""Stackfiles on disk, validated: what `nysa_server.py check` does."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from stack.errors import NysaError
from stack.stackfile.check import check_document
from stack.stackfile.reading import read_faulty


def check_files(paths: Iterable[str], out: TextIO) -> int:
    """Writes each mistake as `file:line:column: message`, warnings marked as such; `-` is standard input.

    A file whose name ends in .json is JSON, any other is YAML. Gives the exit status: 1 where there was a mistake,
    or a file that could not be read, else 0.
    """
    wrong = False
    for path in paths:
        lines, failed = _check_file(path)
        for line in lines:
            print(line, file=out)
        wrong = wrong or failed
    return int(wrong)


def _check_file(path: str) -> tuple[list[str], bool]:
    """The lines to print for one file, and whether anything is wrong with it."""
    name = 'stdin' if path == '-' else path
    try:
        body = sys.stdin.buffer.read() if path == '-' else Path(path).read_bytes()
        document = read_faulty(body, 'json' if path.endswith('.json') else 'yaml')
    except OSError as e:
        return [f'{name}: cannot be read: {e.strerror or e}'], True
    except NysaError as e:
        faults = e.details() or [{'message': e.message}]
        return [f'{name}:{f.get("line", 1)}:{f.get("column", 1)}: {f["message"]}' for f in faults], True
    report = check_document(document)
    mistakes = [f'{name}:{p.line}:{p.column}: {p}' for p in report.mistakes]
    warnings = [f'{name}:{p.line}:{p.column}: warning: {p}' for p in report.warnings]
    return mistakes + warnings, bool(mistakes)
