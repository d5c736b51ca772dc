"""The command `nysa_server.py check`: validation of stackfiles on disk."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from stack.errors import NysaError
from stack.stackfile.check import check_document
from stack.stackfile.reading import read_faulty

Finding = dict[str, Any]


def check_files(paths: Iterable[str], out: TextIO, as_json: bool = False) -> int:
    """Write each mistake as `file:line:column: message`, warnings with the prefix `warning:`; `-` is standard input.

    A file whose name ends in .json is JSON, any other is YAML. With `as_json` all findings are one JSON list of objects
    with `file`, `severity` (`error` or `warning`), `message`, and `line`, `column` and `path` where they are known.
    Returns the exit status: 1 where there is a mistake or an unreadable file, else 0.
    """
    wrong = False
    found: list[Finding] = []
    for path in paths:
        for finding in _check_file(path):
            wrong = wrong or finding['severity'] == 'error'
            if as_json:
                found.append(finding)
            else:
                print(_line(finding), file=out)
    if as_json:
        print(json.dumps(found), file=out)
    return int(wrong)


def _check_file(path: str) -> Iterator[Finding]:
    name = 'stdin' if path == '-' else path
    try:
        body = sys.stdin.buffer.read() if path == '-' else Path(path).read_bytes()
        document = read_faulty(body, 'json' if path.endswith('.json') else 'yaml')
    except OSError as error:
        yield {'file': name, 'severity': 'error', 'message': f'cannot be read: {error.strerror or error}'}
        return
    except NysaError as error:
        for fault in error.details() or [{'message': error.message}]:
            yield {'file': name, 'severity': 'error', 'line': 1, 'column': 1, **fault}
        return
    report = check_document(document)
    for severity, problems in (('error', report.mistakes), ('warning', report.warnings)):
        yield from ({'file': name, 'severity': severity, **problem.detail()} for problem in problems)


def _line(finding: Finding) -> str:
    place = ''.join(f':{finding[key]}' for key in ('line', 'column') if key in finding)
    mark = 'warning: ' if finding['severity'] == 'warning' else ''
    path = f'{finding["path"]}: ' if finding.get('path') else ''
    return f'{finding["file"]}{place}: {mark}{path}{finding["message"]}'
