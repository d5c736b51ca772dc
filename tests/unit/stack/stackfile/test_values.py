"""Values with a grammar of their own."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voluptuous import Invalid, MultipleInvalid

from stack.stackfile import values
from stack.stackfile.values import PortMapping

PORTS = st.integers(1, 65535)


@given(PORTS, PORTS, st.sampled_from(['tcp', 'udp', None]))
def test_every_port_mapping(host: int, container: int, protocol: str | None):
    text = f'{host}:{container}' + (f'/{protocol}' if protocol else '')
    assert values.PORT_MAPPING.check(text) == PortMapping(host, container, protocol or 'tcp')


@given(st.integers().filter(lambda port: not 1 <= port <= 65535), PORTS)
def test_no_port_mapping(wrong: int, right: int):
    for text in (f'{wrong}:{right}', f'{right}:{wrong}'):
        with pytest.raises(Invalid):
            values.PORT_MAPPING.check(text)


@pytest.mark.parametrize('command', [[], ['CMD'], ['curl', 'x'], ['CMD', 1], ['NONE', 'x'], '', ' ', None, {}, True])
def test_no_health_command(command: Any):
    with pytest.raises(Invalid):
        values.HEALTH_COMMAND.check(command)


def test_health_commands():
    assert values.HEALTH_COMMAND.check('exit 0') == ('CMD-SHELL', 'exit 0')
    assert values.HEALTH_COMMAND.check(['CMD', 'true']) == ('CMD', 'true')


@pytest.mark.parametrize(
    ('raw', 'paths'),
    [
        ([{'A': 1}, 'B=2', {'A': 3}, 'B=4'], [[2, 'A'], [3]]),
        ([{'1': None}], [[0, '1'], [0, '1']]),
        ([{'A': 1, 'B': None}], [[0], [0, 'B']]),
        ({'1': 'x', 'A': []}, [['1'], ['A']]),
        (['A', 7], [[0], [1]]),
    ],
)
def test_mistakes_in_variables(raw: Any, paths: list):
    with pytest.raises(MultipleInvalid) as refused:
        values.ENVIRONMENT.check(raw)
    assert [error.path for error in refused.value.errors] == paths


@pytest.mark.parametrize('raw', [[{'A': 1}, 'B=x'], {'A': 1, 'B': 'x'}, ['A=1', 'B=x'], [{'B': 'x'}, {'A': 1}]])
def test_every_way_to_write_variables(raw: Any):
    assert values.ENVIRONMENT.check(raw) == {'A': '1', 'B': 'x'}
    assert values.ENVIRONMENT.read(raw) == {'A': '1', 'B': 'x'}


def test_secrets_are_no_text():
    with pytest.raises(MultipleInvalid):
        values.SECRETS.check(['A=arn:aws:ssm:x'])
