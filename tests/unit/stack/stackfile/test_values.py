"""Values with a grammar of their own."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voluptuous import Invalid

from stack.stackfile import values
from stack.stackfile.ports import PORT_MAPPING, PortMapping

PORTS = st.integers(1, 65535)


@given(PORTS, PORTS, st.sampled_from(['tcp', 'udp', None]))
def test_every_port_mapping(host: int, container: int, protocol: str | None):
    text = f'{host}:{container}' + (f'/{protocol}' if protocol else '')
    assert PORT_MAPPING.check(text) == PortMapping(host=host, container=container, protocol=protocol or 'tcp')


@given(st.integers().filter(lambda port: not 1 <= port <= 65535), PORTS)
def test_no_port_mapping(wrong: int, right: int):
    for text in (f'{wrong}:{right}', f'{right}:{wrong}'):
        with pytest.raises(Invalid):
            PORT_MAPPING.check(text)


@pytest.mark.parametrize(
    'command', [[], ['CMD'], ['curl', 'x'], ['CMD', 1], ['NONE', 'x'], '', ' ', '\n', 'a\0b', None, {}, True]
)
def test_no_health_command(command: Any):
    with pytest.raises(Invalid):
        values.HEALTH_COMMAND.check(command)


def test_health_commands():
    assert values.HEALTH_COMMAND.check('exit 0') == ('CMD-SHELL', 'exit 0')
    assert values.HEALTH_COMMAND.check(['CMD', 'true']) == ('CMD', 'true')
