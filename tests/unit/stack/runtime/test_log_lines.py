"""Log lines of one process, and of one of several."""

import json
import logging

import pytest

from stack.runtime.log_lines import JsonLines, TerminalLines

RECORD = logging.LogRecord('nysa', logging.INFO, 'x.py', 1, 'stopping', (), None)


@pytest.mark.parametrize(('process', 'fields'), [(None, {}), (2, {'process': 2})])
def test_json_has_the_number_of_the_process(process: int | None, fields: dict[str, int]):
    line = json.loads(JsonLines(process).format(RECORD))
    assert {name: value for name, value in line.items() if name == 'process'} == fields
    assert line['message'] == 'stopping'


@pytest.mark.parametrize(('process', 'ending'), [(None, 'stopping'), (2, 'stopping  process=2')])
def test_a_line_on_a_terminal_has_it(process: int | None, ending: str):
    assert TerminalLines(process).format(RECORD).endswith(ending)
