"""Log lines of one process, and of one of several."""

import json
import logging
from datetime import UTC, datetime

import pytest

from stack.runtime.log_lines import JsonLines, TerminalLines

AT = datetime(2031, 2, 3, 4, 5, 6, 7_900, UTC)
RECORD = logging.LogRecord('nysa', logging.INFO, 'x.py', 1, 'stopping', (), None)


@pytest.mark.parametrize(('process', 'fields'), [(None, {}), (2, {'process': 2})])
def test_json_has_the_number_of_the_process(process: int | None, fields: dict[str, int]):
    line = json.loads(JsonLines(process).format(RECORD))
    assert {name: value for name, value in line.items() if name == 'process'} == fields
    assert line['message'] == 'stopping'


@pytest.mark.parametrize(('process', 'ending'), [(None, 'stopping'), (2, 'stopping  process=2')])
def test_a_line_on_a_terminal_has_it(process: int | None, ending: str):
    assert TerminalLines(process).format(RECORD).endswith(ending)


def test_a_line_is_one_json_object():
    record = logging.LogRecord('nysa.access', logging.WARNING, 'x.py', 1, '%s "quoted"\n%s', ('é', 'next'), None)
    record.__dict__.update(created=AT.timestamp(), actor='Zoë "the" \\ admin\n', milliseconds=1.5, request_id='r-1')
    text = JsonLines().format(record)
    assert '\n' not in text
    assert json.loads(text) == {
        'at': '2031-02-03T04:05:06.007+00:00',
        'level': 'warning',
        'logger': 'nysa.access',
        'message': 'é "quoted"\nnext',
        'request_id': 'r-1',
        'actor': 'Zoë "the" \\ admin\n',
        'milliseconds': 1.5,
    }
